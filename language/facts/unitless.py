"""Figures that stand without a unit: 死亡人数升至12, 5死2伤, 7.6地震, 补偿了20万."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from contracts.findings import FactKind
from language.facts.numerals import NUMBER, read
from language.facts.quantities import Precision, Quantity

_HARM: Final = r"(?:死|亡|伤|重伤|轻伤|失踪|失联)"
_SIMPLE: Final = r"(?:\d{1,4}|[一二两三四五六七八九十]{1,3})"
_TOTAL: Final = re.compile(
    r"(?:死亡|遇难|罹难|受伤|重伤|轻伤|失踪|失联|被困|伤亡|中毒|确诊|转移|疏散|受灾)(?:总?人数|人口|者人数|者总数)"
    rf"(?:目前|现|已经?|约|至少)*(?:为|是|达到?|[上攀]?升至|上升到|增[加至到]+|更新为|:)+\s?(?P<number>{NUMBER})(?!\s?[\d余多名人口例万亿./]|个?百分|%)"
)
_TOLL: Final = re.compile(
    rf"(?:(?P<least>至少|超过|逾|超)|(?P<about>约|近|大约))?(?<![\d.第十百千万])(?P<first>{_SIMPLE})(?P<more>多|余)?(?={_HARM}(?![者员亡])\s?、?(?P<second>{_SIMPLE})?(?P<then>{_HARM})?)"
)
_TOLL_AFTER: Final = re.compile(r"(?<=[死伤亡])(?P<number>\d{1,4})(?=[死伤亡，、,。;!\s)]|$)")
_TREMOR: Final = re.compile(
    r"(?<![\d.])(?P<number>\d(?:\.\d)?)(?=地震|强震|余震)|震级(?:为|约为?|:|达到?)?(?P<after>\d\.\d)(?![\d级])"
)
_SUM: Final = re.compile(
    r"(?:补偿款?|赔偿款?|赔付|赔|投资|损失|罚款?|捐款?|补助款?|拖欠|欠款?|补)(?:了|我们?|他们?|你们?|家|每户|给|只|才|金|达|约|近|到|有|\s)*"
    r"(?P<number>\d+(?:\.\d+)?[万亿]|[一二两三四五六七八九十百]+[万亿])(?P<more>多|余)?(?:块|左右)?(?=[，。,;!?\s的都还没未啊吧呢、)]|$)"
)
#: 九死一生, 一死百了 and the like are no tolls.
_SAYING: Final = re.compile(r"九死一|一死百|一死了|十死无|万死")


def unitless(text: str) -> Iterator[Quantity]:
    """Find the figures of a legible text whose unit goes without saying."""
    for match in _TOTAL.finditer(text):
        yield from _exact(match.start("number"), match.end("number"), match["number"], FactKind.COUNT, "person")
    if "死" in text or "伤" in text or "亡" in text:
        for match in _TOLL.finditer(text):
            paired = match["second"] and match["then"]
            before = text[match.start() - 1 : match.start()]
            # 两死两伤; but 死一死
            behind_pair = before in ("死", "亡", "伤", "、") and not text.startswith(before, match.end())
            if (match["first"].isdigit() or paired or behind_pair) and not _SAYING.match(text, match.start()):
                yield from _toll(match)
        for match in _TOLL_AFTER.finditer(text):
            yield from _exact(match.start(), match.end(), match["number"], FactKind.COUNT, "person")
    if "震" in text:
        for match in _TREMOR.finditer(text):
            group = "number" if match["number"] else "after"
            yield from _exact(match.start(group), match.end(group), match[group], FactKind.MAGNITUDE, "richter")
    for match in _SUM.finditer(text):
        number = read(match["number"])
        if number is not None:
            high = number.low + number.step if match["more"] else number.high
            yield Quantity(
                match.start("number"),
                match.end("more") if match["more"] else match.end("number"),
                match.start("number"),
                FactKind.MONEY,
                "yuan",
                float(number.low),
                float(high),
                "at_least" if match["more"] else "exact",
            )


def _toll(match: re.Match[str]) -> Iterator[Quantity]:
    for plain in _exact(match.start(), match.end(), match["first"], FactKind.COUNT, "person"):
        number = read(match["first"])
        if match["more"] and number is not None:
            yield replace(plain, high=float(number.low + number.step - 1), precision="at_least")
        elif match["least"]:
            yield replace(plain, high=None, precision="at_least")
        elif match["about"]:
            low, high = float(plain.low or 0) * 0.9, float(plain.high or 0) * 1.1
            yield replace(plain, low=round(low, 6), high=round(high, 6), precision="about")
        else:
            yield plain


def _exact(start: int, end: int, written: str, kind: FactKind, unit: str) -> Iterator[Quantity]:
    number = read(written)
    if number is not None:
        precision: Precision = "exact" if number.low == number.high else "about"
        yield Quantity(start, end, start, kind, unit, float(number.low), float(number.high), precision)
