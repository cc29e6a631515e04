"""Figures with a unit: what stands before, in and behind them, and the bounds that follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from contracts.findings import FactKind
from language.facts.numerals import NUMBER, Number, read

Precision = Literal["exact", "about", "at_least", "at_most"]

#: Who may be counted with 个 and 位, which count anything.
PERSONS: Final = (
    "村民|群众|居民|移民|孩子|儿童|小孩|小学生|中学生|大学生|学生|老人|工人|民工|农民工|矿工|农民|乘客|游客|司机|员工|职工|职员|患者|病人|伤员|"
    "伤者|死者|遇难者|男子|女子|男孩|女孩|男人|女人|人|干部|民警|消防员|战士|驾驶员|业主|村干部|师生|教师|老师|旅客|船员|市民|"
    "代表|嫌疑人|家属|同学|大人|婴儿|妇女|青年|少年|老乡|乡亲|留守"
)

#: 亩, and what farmers' and builders' measures are in square metres (1 亩 = 10000/15 m²).
_MU: Final = Decimal(10000) / Decimal(15)

#: Written unit -> kind, base unit, factor. The first that fits is taken.
_UNITS: Final[tuple[tuple[str, FactKind, str, Decimal], ...]] = (
    (
        r"(?:条人命|条生命(?!线)|条性命|具遗体|具尸体|口人|个人(?!体|别|信|隐|物|账|所)|口(?=人?(?:遇|死|之家|被|全|都|受|住))|口之家)",
        FactKind.COUNT,
        "person",
        Decimal(1),
    ),
    (
        rf"[个位](?=(?:受伤|被困|失踪|遇难|失联|受灾|外地|年轻|未成年|无辜|五保|贫困)?的?(?:{PERSONS}))",
        FactKind.COUNT,
        "person",
        Decimal(1),
    ),
    (r"(?:户人家|户家庭|个家庭|户(?![口外型籍均主]))", FactKind.COUNT, "household", Decimal(1)),
    (r"名(?![额单次义字称录牌额])", FactKind.COUNT, "person", Decimal(1)),
    (r"人(?![民次均工物类间格力才气防社]|大代表|行道|造|生(?!还)|员编)", FactKind.COUNT, "person", Decimal(1)),
    (r"例(?![如子行会外])", FactKind.COUNT, "case", Decimal(1)),
    (r"间(?![隔断接])", FactKind.COUNT, "room", Decimal(1)),
    (r"[栋幢](?=.?)", FactKind.COUNT, "building", Decimal(1)),
    (r"(?:元|块钱?)?(?:人民币)?(?:美元|美金)", FactKind.MONEY, "usd", Decimal(1)),
    (r"(?:港元|港币|欧元|日元|英镑|韩元|卢布|泰铢|老挝币)", FactKind.MONEY, "", Decimal(1)),
    (r"(?:元人民币|元(?![旦月素宵老件首谋朝])|块钱)", FactKind.MONEY, "yuan", Decimal(1)),
    (r"(?:平方公里|平方千米|km²|km2)", FactKind.AREA, "m2", Decimal(10**6)),
    (r"(?:平方米|平米|㎡|m²|m2|个平方(?!公|千))", FactKind.AREA, "m2", Decimal(1)),
    (r"公顷", FactKind.AREA, "m2", Decimal(10**4)),
    (r"亩(?!产)", FactKind.AREA, "m2", _MU),
    (
        r"级(?=以上|左右|的?(?:强烈?|浅源|余|破坏性)?地?震|[，、。,;)\s和及]|$)",
        FactKind.MAGNITUDE,
        "richter",
        Decimal(1),
    ),
    (r"%(?!\w)|%", FactKind.SHARE, "1", Decimal("0.01")),
    (r"成(?![不员立功为长就本果因都群绩熟套品年人])", FactKind.SHARE, "1", Decimal("0.1")),
)

#: Words in front of a number that bound it.
BEFORE: Final = (
    r"(?P<least>至少|不得?少于|不得?低于|不能少于|不止|不下|超过了?|超出|突破|多达|逾|(?<![高不])超(?!市)|(?<![以加马])上(?=[百千万亿])|成(?=[百千万]))"
    r"|(?P<most>最多|至多|不得?超过?|不多于|不得高于|不足|不到|少于|低于)"
    r"|(?P<near>将近|接近|(?<![最附就靠临远])近)"
    r"|(?P<about>大约|大概|约莫|约|估计)"
)
_BEHIND: Final = (
    r"(?P<over>以上|有余|之多|多(?![次年月天日家种项])|余(?![次年月天日家种项震]))"
    r"|(?P<under>以下|以内)|(?P<round>左右|上下)"
)
_LINK: Final = r"\s?(?:至|到|-{1,2}|~)\s?"
_UNIT: Final = "|".join(f"(?P<u{index}>{unit[0]})" for index, unit in enumerate(_UNITS))
_PATTERN: Final = re.compile(
    # one look at the character spares most places of a text the alternatives
    r"(?=[\d零〇一二两三四五六七八九十百千万亿数几好至不超突多逾上成最少低将接近大约估])"
    rf"(?:(?:{BEFORE})(?:有|造成|导致|是)?\s?)?"
    rf"(?<![\d.A-Za-z〔第数])(?P<number>{NUMBER})(?P<more>余|多|几|来)?(?P<scale>[万亿])?"
    rf"(?:(?P<first_unit>人|户|名|万?元|亿元|亩|%)?{_LINK}(?P<to>{NUMBER})(?P<to_scale>[万亿])?)?"
    rf"\s?余?(?:{_UNIT})(?:{_BEHIND})?"
)
_HUNDREDTHS: Final = re.compile(
    rf"(?:(?:{BEFORE})\s?)?(?<!第)(?P<whole>百|千|万|{NUMBER})分之(?P<number>{NUMBER})(?:{_BEHIND})?"
)
#: A digit somewhere, else there is no figure.
_HAS_FIGURE: Final = re.compile(r"[\d一二两三四五六七八九十百千万]")
#: Names that begin as a figure does.
_NAMES: Final = re.compile(
    "三元[催酸锂电材里桥区正]|[二两]人(?:组|转|世界|三足)|一人一[票事策户]|一户一[策宅表档]|千人计划|万人坑"
)
#: 无一例确诊, 没有一人受伤
_NOT_ONE: Final = re.compile("[无没有]$|没有$|任何$")
#: 升一级, 省市两级 are no magnitudes.
_TREMOR: Final = re.compile("震|里氏")
#: Numbers without a digit in them need a qualifier: 百余人, 近千户, 上万元; 万元户 and 百人 alone are no figures.
_BARE: Final = re.compile(r"[百千万亿]+")
#: What stands before a number that is no amount: 第3名, 前10名, 每3户, 12-3.
_ORDINAL: Final = re.compile(r"(?:第|前|编号|排名|No\.?|[A-Za-z]-?|〔)\s?$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure with its unit, at characters `start` to `end`; `number` is where its digits begin."""

    start: int
    end: int
    number: int
    kind: FactKind
    unit: str
    low: float | None
    high: float | None
    precision: Precision


def quantities(text: str) -> Iterator[Quantity]:
    """Find the figures of a legible text, in order."""
    if not _HAS_FIGURE.search(text):
        return
    found = [quantity for match in _PATTERN.finditer(text) if (quantity := _quantity(text, match))]
    if "分之" in text:
        found.extend(quantity for match in _HUNDREDTHS.finditer(text) if (quantity := _fraction(match)))
        found.sort(key=lambda quantity: quantity.start)
    yield from found


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    written = match["number"]
    number = read(written)
    index = next((i for i in range(len(_UNITS)) if match[f"u{i}"] is not None), None)
    if number is None or index is None or _ORDINAL.search(text[max(0, match.start() - 4) : match.start("number")]):
        return None
    _, kind, unit, factor = _UNITS[index]
    if not unit:
        return None
    if kind is FactKind.MAGNITUDE and not _TREMOR.search(text, max(0, match.start() - 16), match.end() + 6):
        return None
    qualified = bool(match["more"] or match["least"] or match["near"] or match["about"] or match["most"])
    if _NAMES.match(text, match.start("number")):
        return None
    if written == "一" and _NOT_ONE.search(text[max(0, match.start() - 2) : match.start()]):
        return None
    if _BARE.fullmatch(written) and not qualified and not match["over"]:
        return None
    scale = _scale(match["scale"])
    if match["to"] is not None:
        upper = read(match["to"])
        if upper is None:
            return None
        number, scale = _range(number, upper, scale, match), Decimal(1)
        if number is None or number.high < number.low:
            return None
    low, high, precision = _bounds(match, number, scale, whole=kind is FactKind.COUNT)
    if kind is FactKind.SHARE and high is not None and number.high * factor <= 1:
        high = min(high, 1 / factor)
    return Quantity(
        match.start(),
        match.end(),
        match.start("number"),
        kind,
        unit,
        _times(low, factor),
        _times(high, factor),
        precision,
    )


def _range(first: Number, second: Number, scale: Decimal, match: re.Match[str]) -> Number | None:
    """Return the number from `first` to `second`; 5至8万 is 50,000 to 80,000, 5000至1万 is 5,000 to 10,000."""
    behind = _scale(match["to_scale"])
    high = second.high * behind
    low = first.low * scale
    shared = match["to"][-1] if match["to"][-1] in "万亿" else ""
    if match["first_unit"] in ("万元", "亿元"):
        low *= _scale(match["first_unit"][0])
    elif shared and match["number"][-1] not in "万亿" and first.low < second.high / _scale(shared):
        low *= _scale(shared)
    return Number(low, high, second.step * behind)


def _fraction(match: re.Match[str]) -> Quantity | None:
    whole, part = read(match["whole"]), read(match["number"])
    if whole is None or part is None or not whole.low or part.high > whole.low:
        return None
    low, high, precision = _bounds(match, part, Decimal(1), whole=False)
    factor = 1 / whole.low
    return Quantity(
        match.start(),
        match.end(),
        match.start("whole"),
        FactKind.SHARE,
        "1",
        _times(low, factor),
        _times(high, factor),
        precision,
    )


def _bounds(
    match: re.Match[str], number: Number, scale: Decimal, *, whole: bool
) -> tuple[Decimal | None, Decimal | None, Precision]:
    """Return the bounds that the words around a number give it."""
    groups = match.groupdict()
    low, high, step = number.low * scale, number.high * scale, number.step * scale
    precision: Precision = "exact" if low == high else "about"
    vague = number.low != number.high
    if not vague and (groups["over"] in ("多", "余", "有余") or groups.get("more") in ("余", "多", "几")):
        high = low + step - (1 if whole and step > 1 else 0)
        precision = "at_least"
    elif groups["over"]:
        return low, (None if groups["over"] == "以上" else low), "at_least"
    elif groups.get("more") == "来" or groups["round"] or groups["about"]:
        return low * Decimal("0.9"), high * Decimal("1.1"), "about"
    if groups["under"] or groups["most"]:
        return None, high, "at_most"
    if groups["near"]:
        return low * Decimal("0.9"), high, "at_most"
    if groups["least"]:
        return low, (high if groups["least"] == "多达" else None), "at_least"
    return low, high, precision


def _scale(place: str | None) -> Decimal:
    return {None: Decimal(1), "": Decimal(1), "万": Decimal(10**4), "亿": Decimal(10**8)}[place]


def _times(value: Decimal | None, factor: Decimal) -> float | None:
    return None if value is None else float(round(value * factor, 6))
