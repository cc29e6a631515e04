"""The times that a text claims, each with what happened then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from contracts.findings import Fact, FactRole
from language.facts import standing
from services.cases.voice.claims import Claim, ClaimKind, Span, letters, span_of
from services.cases.voice.texts import Source
from services.cases.voice.traits import pairs_of

#: Natural and other happenings that a case may be about.
HAZARDS: Final = (
    "滑坡|泥石流|山洪|洪水|洪涝|内涝|塌方|坍塌|垮塌|崩塌|火灾|山火|起火|爆炸|地震|车祸|交通事故|溺水|中毒|腹泻|污染|"
    "漫堤|漫溢|决口|溃坝|停水|断水|停电|断电|停气|爆管|开裂|沉降|泄漏|冲突|聚集|上访|堵路|疫情|事故"
)
HAZARD: Final = re.compile(HAZARDS)
#: What happened at a time, the first that fits: key, what officers call it, words.
_EVENTS: Final = (
    ("restored", "恢复时间", re.compile(r"恢复(?:供水|供电|供气|通水|通电|通车|通行|正常)?|通水|通电|通车")),
    ("paid", "发放时间", re.compile(r"发放|兑付|兑现|到账|拨付|支付|足额")),
    ("reported", "接报时间", re.compile(r"接到[^，。；]{0,10}(?:报告|报警|反映|举报|来电|信息)|接报|接警")),
    ("arrived", "到场时间", re.compile(r"抵达|赶到|到达|到场")),
    ("begun", "开始时间", re.compile(r"开工|动工|启动|奠基|开建")),
    ("ended", "完成时间", re.compile(r"竣工|完工|完成|结束|解除|扑灭|办结")),
    ("moved", "搬迁时间", re.compile(r"搬迁|入住|搬入|转移|撤离")),
    ("held", "召开时间", re.compile(r"召开|举行|举办")),
    ("sampled", "检测时间", re.compile(r"取样|采样|抽检|送检|检测")),
    ("occurred", "事发时间", re.compile(rf"发生|突发|爆发|出现|遭遇|事发|{HAZARDS}")),
)
_NAMES: Final = {key: name for key, name, _ in _EVENTS}
_AHEAD: Final = re.compile(r"预计|计划|拟|将(?!军)|力争|有望|争取|确保|定于|暂定")
_AGAIN: Final = re.compile(r"再次|二次|第二次|再度|又(?:有|发生|出现)")
_LINK: Final = re.compile(r"(?:[于在自从]|时间(?:为|是|:)|定于|(?:将|预计|计划)[于在]?)\s?$")
_CLAUSE: Final = re.compile(r"[。!?\n;]")
#: Parts of a month: the days from and to (0: the last).
_EDGES: Final = (
    ("上旬", (1, 10)),
    ("中旬", (11, 20)),
    ("下旬", (21, 0)),
    ("初", (1, 7)),
    ("底", (25, 0)),
    ("末", (25, 0)),
)
#: Parts of a day: the hours from and to.
_PARTS: Final = (
    (re.compile("凌晨"), (0, 6)),
    (re.compile("清晨|早晨|早上|早间|[今昨明]早|[今昨明]?晨"), (5, 9)),
    (re.compile("上午"), (6, 12)),
    (re.compile("中午|正午"), (11, 14)),
    (re.compile("下午|午后"), (12, 19)),
    (re.compile("傍晚"), (17, 20)),
    (re.compile("晚|夜"), (18, 24)),
)


def dates(source: Source) -> Iterator[Claim]:
    """Find the times at which a text says that something happened, or is to happen."""
    times = source.times
    for index, fact in enumerate(times):
        if fact.role == FactRole.AS_OF or fact.at is None or (time := _time(fact)) is None:
            continue
        before = times[index - 1].end if index else 0
        behind = times[index + 1].start if index + 1 < len(times) else len(source.plain)
        if standing.supposed(source.plain, source.bounds, fact.start, fact.end):
            continue
        if (claim := _claim(source, fact, time, before, behind)) is not None:
            yield claim


def _claim(source: Source, fact: Fact, time: Span, before: int, behind: int) -> Claim | None:
    plain = source.plain
    first, last = source.sentence(fact.start, fact.end)
    left = letters(plain, max(first, before, fact.start - 24), fact.start)
    right = letters(plain, fact.end, min(last, behind, fact.end + 40))
    if stop := _CLAUSE.search(right):
        right = right[: stop.start()]
    linked = _LINK.search(left) is not None
    said = f"{left} {right}" if linked or not right.strip("，,前之以 ") else right
    found = _event(said, first=not linked)
    if found is None:
        return None
    key, at = found
    ahead = fact.role == FactRole.DEADLINE or _AHEAD.search(left[-6:] + " " + right[:8]) is not None
    hazards = frozenset(f"hazard:{one}" for one in HAZARD.findall(left + right)) if key == "occurred" else frozenset()
    # 2024年6月开工: of what, the sentence says elsewhere
    own = re.split(r"[，,、]", left)[-1] + re.split(r"[，,、]", right)[0]
    bare = frozenset({"bare"}) if key == "begun" and len(own.strip()) <= 4 else frozenset()
    again = frozenset({"again"}) if _AGAIN.search(left[-8:] + right[:24]) else frozenset()
    return Claim(
        kind=ClaimKind.DATE,
        start=fact.start,
        end=fact.end,
        quote=fact.quote,
        subject=_NAMES[key],
        key=key,
        time=time,
        words=pairs_of(left + " " + said[: at + 8]),
        traits=hazards | again | bare,
        scope=source.scope(fact.end + 8)[0] if source.scope(fact.end)[1] else frozenset(),
        denied=standing.denied(plain, source.bounds, fact.start, fact.end),
        ahead=ahead,
        explained=source.explained(fact.start, fact.end),
    )


def _event(said: str, *, first: bool) -> tuple[str, int] | None:
    """Return the event named first behind a time, or last before it, and where its words end."""
    best: tuple[int, int, str, int] | None = None
    for rank, (key, _, words) in enumerate(_EVENTS):
        found = list(words.finditer(said))
        if not found:
            continue
        match = found[0] if first else found[-1]
        here = (match.start() if first else -match.end(), rank, key, match.end())
        if best is None or here < best:
            best = here
    return None if best is None else (best[2], best[3])


def _time(fact: Fact) -> Span | None:
    """Return the time that a fact stands for, narrowed to the part of the day and widened where it is about."""
    span = span_of(fact.at or "")
    if span is None:
        return None
    if "T" in (fact.at or ""):
        if fact.precision == "about":
            return Span(span.low - timedelta(minutes=30), span.high + timedelta(minutes=30))
        return span
    if timedelta(days=27) < span.high - span.low < timedelta(days=32):
        for edge, (first, last) in _EDGES:
            if fact.quote.endswith(edge):
                high = span.low + timedelta(days=last) if last else span.high
                return Span(span.low + timedelta(days=first - 1), high)
    if span.high - span.low == timedelta(days=1):
        for words, (begin, end) in _PARTS:
            if words.search(fact.quote):
                return Span(span.low + timedelta(hours=begin), span.low + timedelta(hours=end))
    return span
