"""Which role a figure has: by the words before and behind it, inside its clause and between its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from contracts.findings import FactKind, FactRole
from language.facts.legible import Bounds
from language.facts.quantities import PERSONS, Quantity
from language.facts.role_words import ACTIONS, HARM_TO_HOUSES, OF_COUNTS, OF_KIND, OUTCOMES

#: How far a word may stand before and behind a figure, in characters.
_BEFORE, _BEHIND = 24, 26
#: What may stand between a role's word and the figure behind it.
_JOIN: Final = re.compile(
    rf"(?:{PERSONS}|人数|人员|人口|民众|职工|农户|户数|户|家庭|总数|总人口|者|的|了|为|达到?|共计?|总?计|累计|已经?|升至|增至|上升至|上升到|上升为|"
    r"增加[到至为]|更新为|变为|降至|降为|目前|分别|合计|数|有|出|着|到|至|:|\s|是|另外?|农村|住?房屋?|民房|农房|规模|病例|疑似|患者|被|其他|约|"
    r"疫情|各类|各族|沿线|库区|各级|水库|电站|本地|当地|外来|受伤|"
    # 影响永平镇300余户: the place of those counted
    r"[\u4e00-\u9fff]{2,3}(?:县|镇|乡|村|街道|社区)|等地)*"
)
#: What parts a figure from a role's word behind it: somebody does something about somebody else.
_PARTS: Final = re.compile(
    r"采访|看望|慰问|报道|调查|探望|寻找|负责|协助|陪同|反映|称|说|表示|[把将对向给让令我]|了(?=[一二两三几\d]|解|.{1,4}[家人员者民众])|承担|家属|亲属|记者"
)
_DYING: Final = re.compile(r"\s?(?:当场|不幸|先后|均|全部|抢救无效)?(?P<word>死|亡|伤)(?![亡者员害心感势情口])")
_ONE_WORD_BEFORE: Final = re.compile(r"(?<![受重轻烧烫砸摔撞咬刺打擦灼炸划坠扭])(?P<word>死|亡|伤)(?:了|者|约|有)?$")
_ONE_WORD: Final = {"死": FactRole.DEATHS, "亡": FactRole.DEATHS, "伤": FactRole.INJURED}
#: 50人尚未痊愈 are not the ones who are well again
_NOT_YET: Final = re.compile("未(?!成年)|没有|无法|难以")
_FIGURE: Final = re.compile(r"[\d一二两三四五六七八九十百千万数几约近超至]")
_HOUSES: Final = frozenset({"room", "building"})
#: 由3人升至12人: the first is the old figure.
_RISES: Final = re.compile(r"\s?(?:上升|增加|更新|增|升|攀升|变|扩大|降|减)[至到为]\s?")
_OLD: Final = re.compile(r"(?:由|从)(?:此前|之前|昨日|最初)?的?$")
#: 356户1424人, 356户、1424人, 844户（2731间）
_CHAIN: Final = re.compile(r"[\s、，,(]?(?:共计?|合计|约|计|涉及|总计|农户|人口)?[\s、(]?")
_BODIES: Final = re.compile("遗体|尸体|人命|生命|性命")


@dataclass(frozen=True, slots=True)
class _Word:
    role: FactRole
    start: int
    end: int
    who: bool


def attribute(text: str, bounds: Bounds, found: list[Quantity]) -> list[FactRole | None]:
    """Return the role of each of a text's figures, None where the text does not say."""
    roles: list[FactRole | None] = []
    used = 0
    for index, quantity in enumerate(found):
        start, end = bounds.clause(quantity.start, quantity.end)
        if index:
            start = max(start, found[index - 1].end)
        if index + 1 < len(found):
            end = min(end, found[index + 1].start)
        role: FactRole | None = None
        if quantity.kind is FactKind.MAGNITUDE:
            role = _tremor(text, quantity)
        elif quantity.kind is FactKind.COUNT:
            role, used = _of_count(text, quantity, max(start, used), end, used)
        elif quantity.kind in OF_KIND:
            role = _of_kind(text, quantity, start, end)
        roles.append(role)
    return _passed_on(text, found, roles)


def _of_count(text: str, quantity: Quantity, start: int, end: int, used: int) -> tuple[FactRole | None, int]:
    before = _word_before(text, max(start, quantity.start - _BEFORE), quantity.start, quantity.unit)
    behind = _word_behind(text, quantity.end, min(end, quantity.end + _BEHIND), quantity.unit)
    if before and _OLD.search(text[before.end : quantity.start]):
        return None, used
    if _BODIES.search(text, quantity.number, quantity.end):
        return FactRole.DEATHS, used
    touching = behind is not None and _FIGURE.match(text, behind.end)
    if before and behind and before.role is FactRole.ILL and behind.role is FactRole.DEATHS and not touching:
        # 食物中毒6人死亡: the first is what they died of
        before = None
    if before and not (behind and (before.who or "的" in text[before.end : quantity.start])):
        # 救出28名被困人员: what is behind belongs to this figure too
        return before.role, (behind.end if behind and before.role in ACTIONS else used)
    if behind:
        return behind.role, behind.end
    return None, used


def _words(text: str, unit: str) -> list[_Word]:
    words = []
    for match in OF_COUNTS.finditer(text):
        name = match.lastgroup or ""
        if name == "otherwise":
            continue
        word = _Word(FactRole(name.removeprefix("w_")), match.start(), match.end(), name.startswith("w_"))
        if (word.role in HARM_TO_HOUSES) if unit in _HOUSES else (unit != "person" or word.role not in HARM_TO_HOUSES):
            words.append(word)
    return words


def _word_before(text: str, start: int, end: int, unit: str) -> _Word | None:
    window = text[start:end]
    if not window:
        return None
    if one := _ONE_WORD_BEFORE.search(window):
        return _Word(_ONE_WORD[one["word"]], start + one.start(), start + one.end(), False)
    words = _words(window, unit)
    if not words or not _joined(window[words[-1].end :]):
        return None
    best = words[-1]
    if window[: best.start].endswith(("未", "没有", "没", "无法")):
        return None
    for earlier, later in list(pairwise(words))[::-1]:
        between = window[earlier.end : later.start]
        if len(between) > 6 or "的" in between or not _joined(between):
            break
        if earlier.role in ACTIONS or (best.who and not earlier.who and earlier.role is not FactRole.AFFECTED):
            best = earlier
    return _Word(best.role, start + best.start, start + best.end, best.who)


def _joined(between: str) -> bool:
    return _JOIN.fullmatch(_OLD.sub("", between)) is not None


def _word_behind(text: str, start: int, end: int, unit: str) -> _Word | None:
    window = text[start:end]
    if not window:
        return None
    if one := _DYING.match(window):
        return _Word(_ONE_WORD[one["word"]], start + one.start(), start + one.end(), False)
    words = _words(window, unit)
    parted = _PARTS.search(window)
    reach = parted.start() if parted else len(window)
    words = [word for word in words if word.start <= reach and (not word.who or word.start <= 4)]
    happened = [word for word in words if not word.who]
    if len(happened) > 1 and happened[-1].end == len(window) and _FIGURE.match(text, end):
        # it touches the next figure and is likely that one's: 34名伤者中有重伤8人
        happened.pop()
    if happened and _NOT_YET.search(window, 0, happened[0].start):
        return None
    if not happened:
        return _Word(words[0].role, start + words[0].start, start + words[0].end, True) if words else None
    first = happened[0]
    wounded = text[start + first.start : start + first.end] in ("伤员", "伤者")
    for later in happened[1:]:
        if wounded and later.role in (FactRole.HOSPITALIZED, FactRole.DISCHARGED):
            first = later
        if later.role in OUTCOMES.get(first.role, ()):
            first = later
    return _Word(first.role, start + first.start, start + first.end, False)


def _of_kind(text: str, quantity: Quantity, start: int, end: int) -> FactRole | None:
    pattern = OF_KIND[quantity.kind]
    before = list(pattern.finditer(text, max(start, quantity.start - _BEFORE), quantity.start))
    if before:
        named = [FactRole(match.lastgroup or "") for match in before]
        # 拖欠补偿款 is what is owed, whatever it is owed for
        return FactRole.ARREARS if FactRole.ARREARS in named else named[-1]
    behind = pattern.search(text, quantity.end, min(end, quantity.end + 12))
    if behind is None or _FIGURE.match(text, behind.end()):
        # 虚增利润2亿元被罚款60万元: the word belongs to the next sum
        return None
    return FactRole(behind.lastgroup or "")


def _tremor(text: str, quantity: Quantity) -> FactRole | None:
    return FactRole.AFTERSHOCK if "余震" in text[quantity.end - 1 : quantity.end + 5] else FactRole.EARTHQUAKE


def _passed_on(text: str, found: list[Quantity], roles: list[FactRole | None]) -> list[FactRole | None]:
    """Give neighbours in one chain one role (涉及移民356户1424人), and a risen figure the role of the old one."""
    passed = list(roles)
    for index in range(1, len(found)):
        before, here = found[index - 1], found[index]
        between = text[before.end : here.start]
        if before.kind is not FactKind.COUNT or here.kind is not FactKind.COUNT:
            continue
        if _RISES.fullmatch(between) and before.unit == here.unit:
            start = max(0, before.start - _BEFORE)
            word = _word_before(text, start, before.start, before.unit)
            passed[index] = word.role if word else (passed[index] or passed[index - 1])
            passed[index - 1] = None
        elif before.unit != here.unit and _CHAIN.fullmatch(between):
            passed[index] = passed[index] or passed[index - 1]
            passed[index - 1] = passed[index - 1] or passed[index]
    return passed
