"""Figures of units that posts are not read for and statements have: plant, sites, tonnes, metres, hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from language.facts.numerals import NUMBER, read
from language.facts.quantities import BEFORE

#: Written unit -> base unit and factor. Units that count things stand for themselves.
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "公里": ("m", 1000),
    "千米": ("m", 1000),
    "米": ("m", 1),
    "厘米": ("m", 0.01),
    "毫米": ("mm", 1),
    "吨": ("kg", 1000),
    "公斤": ("kg", 1),
    "千克": ("kg", 1),
    "立方米": ("m3", 1),
    "方": ("m3", 1),
    "小时": ("hour", 1),
    "天": ("day", 1),
    "摄氏度": ("celsius", 1),
    **{unit: (unit, 1) for unit in "个座处所辆台条份批支艘架顶箱件套眼口棵株头只"},
}
_WRITTEN: Final = "|".join(sorted(_UNITS, key=len, reverse=True))
_PATTERN: Final = re.compile(
    rf"(?:(?:{BEFORE})\s?)?(?<![\d.A-Za-z〔第数])(?P<number>{NUMBER})(?P<more>余|多)?(?P<scale>[万亿])?"
    rf"\s?(?P<unit>{_WRITTEN})(?P<round>左右|以上|以内)?"
)
#: What makes another word of a unit: 处理, 条件, 方案, 批评, 天气.
_OTHERWISE: Final = {
    "个": "别中性月案",
    "条": "件例款约",
    "座": "谈",
    "处": "理置罚于长级",
    "台": "风账",
    "份": "量额",
    "批": "评准次复发示",
    "支": "持部付出援",
    "套": "路",
    "头": "条版",
    "只": "有是要能",
    "方": "面案式便法向位",
    "天": "气然津",
    "件": "事",
    "米": "饭粉",
}
#: 一个, 两个 introduce as often as they count; 3天前 is a time; 24小时 a way of watching.
_NO_MEASURE: Final = re.compile(r"\s?(?:前|后|内|值守|值班|热线|不间断|轮班|监测)")


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its unit, at characters `start` to `end`."""

    start: int
    end: int
    unit: str
    low: float | None
    high: float | None


def measures(text: str) -> Iterator[Measure]:
    """Find the measures of a legible text, in order."""
    for match in _PATTERN.finditer(text):
        number = read(match["number"])
        if number is None or match["number"] == "一" or _NO_MEASURE.match(text, match.end()):
            continue
        behind = text[match.end("unit") : match.end("unit") + 1]
        if behind and behind in _OTHERWISE.get(match["unit"], ""):
            continue
        scale = {None: 1, "万": 10**4, "亿": 10**8}[match["scale"]]
        unit, factor = _UNITS[match["unit"]]
        low, high = float(number.low) * scale * factor, float(number.high) * scale * factor
        step = float(number.step) * scale * factor
        bounds: tuple[float | None, float | None] = (low, high)
        if match["more"]:
            bounds = (low, low + step)
        if match["about"] or match["round"] == "左右":
            bounds = (low * 0.9, high * 1.1)
        elif match["near"]:
            bounds = (low * 0.9, high)
        elif match["least"] or match["round"] == "以上":
            bounds = (low, None)
        elif match["most"] or match["round"] == "以内":
            bounds = (None, high)
        yield Measure(match.start(), match.end(), unit, *bounds)
