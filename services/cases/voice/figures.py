"""The figures that a text claims, each with its subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contracts.findings import Fact, FactKind, FactRole
from language.facts import standing
from language.facts.numerals import NUMBER, read
from services.cases.voice.claims import Claim, ClaimKind, Nature, letters
from services.cases.voice.measures import Measure, measures
from services.cases.voice.texts import Source
from services.cases.voice.traits import pairs_of, traits

ROLE_NAMES: Final[dict[str, str]] = {
    FactRole.DEATHS: "死亡人数",
    FactRole.INJURED: "受伤人数",
    FactRole.SEVERELY_INJURED: "重伤人数",
    FactRole.SLIGHTLY_INJURED: "轻伤人数",
    FactRole.CASUALTIES: "伤亡人数",
    FactRole.MISSING: "失联人数",
    FactRole.DEAD_OR_MISSING: "死亡失联人数",
    FactRole.TRAPPED: "被困人数",
    FactRole.RESCUED: "获救人数",
    FactRole.ILL: "发病人数",
    FactRole.HOSPITALIZED: "在院治疗人数",
    FactRole.DISCHARGED: "出院人数",
    FactRole.EVACUATED: "转移人数",
    FactRole.AFFECTED: "受影响数",
    FactRole.RESETTLED: "搬迁安置数",
    FactRole.RESPONDERS: "救援力量",
    FactRole.GATHERED: "聚集人数",
    FactRole.DETAINED: "被控制人数",
    FactRole.ACCOUNTABLE: "被问责人数",
    FactRole.COLLAPSED: "倒塌房屋",
    FactRole.DAMAGED: "受损房屋",
    FactRole.REQUISITIONED: "征收面积",
    FactRole.BUILT: "建设面积",
    FactRole.COMPENSATION: "补偿金额",
    FactRole.LOSS: "损失金额",
    FactRole.INVESTMENT: "投资金额",
    FactRole.SUBSIDY: "补助金额",
    FactRole.RELIEF: "救灾拨付金额",
    FactRole.DONATION: "捐赠金额",
    FactRole.FINE: "罚款金额",
    FactRole.ARREARS: "拖欠金额",
    FactRole.INCOME: "收入",
    FactRole.EARTHQUAKE: "震级",
    FactRole.AFTERSHOCK: "余震震级",
    FactRole.PAID: "兑付比例",
    FactRole.COMPLETED: "完成比例",
    FactRole.SATISFIED: "满意率",
}
#: What only grows as a response goes on.
_GROWING: Final = frozenset(
    {
        FactRole.DEATHS,
        FactRole.RESCUED,
        FactRole.DISCHARGED,
        FactRole.EVACUATED,
        FactRole.RESETTLED,
        FactRole.COLLAPSED,
        FactRole.DETAINED,
        FactRole.ACCOUNTABLE,
        FactRole.COMPENSATION,
        FactRole.RELIEF,
        FactRole.DONATION,
        FactRole.PAID,
        FactRole.COMPLETED,
    }
)
#: What a project or a quake has once and for all.
_FIXED: Final = frozenset(
    {FactRole.INVESTMENT, FactRole.BUILT, FactRole.REQUISITIONED, FactRole.EARTHQUAKE, FactRole.INCOME}
)
_STANDING: Final = re.compile(r"标准|规划|设计|总面积|建筑面积|涉及移民|共涉及")
#: What is added up as it is done.
_ADDED_UP: Final = re.compile(r"累计|已经?(?:[发送拨签]|兑|搬|完成)")
#: Readings of an instrument, which belong to their own time.
_LEVELS: Final = re.compile(r"水位|库容|雨量|降雨|流量|浊度|气温|余氯|流速")
#: 由3人升至5人: the first is the old figure.
_OLD: Final = re.compile(
    r"(?:由|从)(?:此前|之前|昨日|最初|原)?(?:通报|公布|发布)?的?$|(?:此前|先前|原)(?:通报|公布|发布|所称)的?[^，。,;；]{0,8}$"
)
_CHAIN: Final = re.compile(r"[\u4e00-\u9fff]{0,3}、?")
_SCALED: Final = re.compile(rf"(?P<number>{NUMBER})\s?(?P<scale>[万亿])?")
_CLAUSE: Final = re.compile(r"[。!?\n;，、()“”「」]|(?<!\d),|,(?!\d{3}(?!\d))")


def figures(source: Source) -> Iterator[Claim]:
    """Find the figures of a text: those of `language.facts`, and measures."""
    facts = [fact for fact in source.facts if fact.kind is not FactKind.TIME]
    taken = [(fact.start, fact.end) for fact in source.facts]
    extra = [
        one
        for one in measures(source.plain)
        if not any(one.start < end and start < one.end for start, end in taken)
        and not standing.supposed(source.plain, source.bounds, one.start, one.end)
    ]
    found: list[Fact | Measure] = sorted([*facts, *extra], key=lambda one: (one.start, one.end))
    last: Claim | None = None
    for index, one in enumerate(found):
        before = found[index - 1].end if index and found[index - 1].end <= one.start else 0
        behind = next((other.start for other in found[index + 1 :] if other.start >= one.end), len(source.plain))
        claim = _claim(source, one, before, behind)
        if last is not None and last.end == before and _CHAIN.fullmatch(source.plain, before, one.start):
            # 3个乡镇1250户4860人: what is said of the first is said of all
            shared = last.traits if not claim.traits else claim.traits
            claim = replace(claim, words=claim.words | last.words, traits=shared)
        last = claim
        if not _OLD.search(source.plain, max(0, one.start - 16), one.start):
            yield claim


def _claim(source: Source, one: Fact | Measure, before: int, behind: int) -> Claim:
    plain = source.plain
    left = _left(plain, one.start, before)
    right = _right(plain, one.end, behind)
    context = left + " " + right
    sentence, _ = source.sentence(one.start, one.end)
    wide = letters(plain, max(sentence, before, one.start - 30), one.start) + " " + right
    role = (one.role or "") if isinstance(one, Fact) else ""
    unit = one.unit or ""
    marks = traits(context if role else wide)
    denied = one.denied if isinstance(one, Fact) else standing.denied(plain, source.bounds, one.start, one.end)
    nature = _nature(role, unit, context, marks)
    as_of = source.as_of(one.start, one.end)
    if not role and _LEVELS.search(wide):
        nature, as_of = Nature.MOVING, as_of or source.time_before(one.start)
    scope, scoped = source.scope(one.start)
    words = pairs_of(context)
    return Claim(
        kind=ClaimKind.FIGURE,
        start=one.start,
        end=one.end,
        quote=source.text[one.start : one.end],
        subject=ROLE_NAMES.get(role) or _subject(left, right),
        key=role,
        unit=unit,
        low=one.low,
        high=one.high,
        step=step_of(plain[one.start : one.end], one),
        nature=nature,
        words=words,
        traits=marks,
        scope=scope,
        scoped=scoped,
        as_of=as_of,
        denied=denied,
        part=(isinstance(one, Fact) and one.part)
        or standing.part_of(plain, source.bounds, one.start, one.end) is not None,
        explained=source.explained(one.start, one.end),
    )


def _left(plain: str, start: int, before: int) -> str:
    window = letters(plain, max(before, start - 18), start)
    ends = list(_CLAUSE.finditer(window))
    near = window[ends[-1].end() :] if ends else window
    if len(near) < 2 and ends:
        cut = ends[-2].end() if len(ends) > 1 else 0
        near = window[cut : ends[-1].start()] + near
    return near


def _right(plain: str, end: int, behind: int) -> str:
    window = letters(plain, end, min(behind, end + 12))
    stop = _CLAUSE.search(window)
    return window[: stop.start()] if stop else window


def _subject(left: str, right: str) -> str:
    said = re.sub(r"[\d\s:：，。,]+", "", left)[-8:]
    return said or re.sub(r"[\d\s]+", "", right)[:8] or "数字"


def _nature(role: str, unit: str, context: str, marks: frozenset[str]) -> Nature:
    if "/" in unit or role in _FIXED or _STANDING.search(context):
        return Nature.FIXED
    if not role and _ADDED_UP.search(context):
        return Nature.GROWING
    money_or_moved = role in (FactRole.COMPENSATION, FactRole.RESETTLED)
    if money_or_moved and "status:done" not in marks:
        return Nature.FIXED
    return Nature.GROWING if role in _GROWING else Nature.MOVING


def step_of(quote: str, one: Fact | Measure) -> float:
    """Return what one step of the last written place of a figure is worth in its base unit; 0 where it has no rounding.

    A count is rounded where it is written with 万 or a decimal point, a measured amount always.
    """
    match = _SCALED.search(quote)
    number = read(match["number"]) if match else None
    if match is None or number is None or not number.low or one.low is None or one.low != one.high:
        return 0.0
    rounded = "." in match["number"] or "点" in match["number"] or match["scale"] or match["number"][-1] in "万亿"
    whole = isinstance(one, Fact) and one.kind is FactKind.COUNT
    if whole and not rounded:
        return 0.0
    written = match["number"].replace(",", "").rstrip("万亿")
    if not re.fullmatch(r"[\d.]+", written):
        return one.low / float(number.low) * (10.0**4 if match["number"][-1] in "万亿" else 1.0)
    decimals = len(written.partition(".")[2])
    return one.low / float(written) * 10.0**-decimals
