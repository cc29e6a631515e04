"""Where a text says that something happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from language.facts import standing
from services.cases.voice.claims import Claim, ClaimKind, Spot
from services.cases.voice.dates import HAZARD, HAZARDS
from services.cases.voice.texts import Source

#: 在某镇发生, 某村滑坡: what is said to have happened, and the words before it that hold the place
_HAPPENED: Final = re.compile(rf"发生|突发|爆发|出现|遭遇|{HAZARDS}")
_BETWEEN: Final = re.compile(r"(?:境内|辖区|附近|一带|路段|山体|局部|部分|大面积|突然)+$")
_STOPS: Final = re.compile(r"[，。,;；:!?\n\s()“”]")
_REACH: Final = 28
#: 滑坡发生在某镇某村, 事发地点为某村
_BEHIND: Final = re.compile(
    r"(?:(?:发生|位于|位置|地点|现场)(?:在|于|为|是|:)|事发(?:地|地点)(?:为|是|在|位于|:))(?P<spot>[^，。,;；!?\n\s()“”]{2,28})"
)
#: A county that the gazetteer does not know, at the beginning of the words that hold the place.
_COUNTY: Final = re.compile(r"(?![我全该本各邻外])[\u4e00-\u9fff]{2,8}?县(?![长委城里级])")
_TOWN: Final = re.compile(r"[\u4e00-\u9fff]{2,4}?(?:镇|乡|街道)(?![镇长])")
_VILLAGE: Final = re.compile(r"[\u4e00-\u9fff\d]{1,5}?(?:村(?!民|委|干)|社区|安置点|安置小区|小区|水库|电站|村民小组)")
_HELP: Final = re.compile(r"支援|赶赴|前往|奔赴|派出|调集|没有|未")
_LEAD: Final = re.compile(r"^(?:.*(?:[在于自]|我县|我市|日|时|许|分|午|晚|晨))(?=.)")


def scenes(source: Source) -> Iterator[Claim]:
    """Find the places at which a text says that something happened."""
    plain = source.plain
    taken = 0
    for start, end in sorted([*_behind(plain), *_before(plain)]):
        if start < taken or _HELP.search(plain, start, end):
            continue
        found = _spot(source, start, end)
        if found is None:
            continue
        spot, first, last = found
        sentence = source.sentence(start, end)
        taken = end
        yield Claim(
            kind=ClaimKind.PLACE,
            start=first,
            end=last,
            quote=source.text[first:last],
            subject="事发地点",
            key="scene",
            spot=spot,
            traits=frozenset(f"hazard:{one}" for one in HAZARD.findall(plain[sentence[0] : sentence[1]])),
            denied=standing.denied(plain, source.bounds, first, last),
            explained=source.explained(first, last),
        )


def _behind(plain: str) -> Iterator[tuple[int, int]]:
    for match in _BEHIND.finditer(plain):
        yield match.span("spot")


def _before(plain: str) -> Iterator[tuple[int, int]]:
    last = 0
    for match in _HAPPENED.finditer(plain):
        edge = max(last, match.start() - _REACH)
        stops = [stop.end() for stop in _STOPS.finditer(plain, edge, match.start())]
        start = stops[-1] if stops else edge
        window = plain[start : match.start()]
        end = start + len(_BETWEEN.sub("", window))
        if end - start >= 2:
            yield start, end
        last = match.end()


def _spot(source: Source, start: int, end: int) -> tuple[Spot, int, int] | None:
    """Return county, township and village named in characters `start` to `end`, and where they stand.

    By the gazetteer, else by their form (…县, …镇, …村, …水库), so that places of another city are told apart too.
    """
    county = town = village = ""
    edges: list[int] = []
    rest = start
    for mention in source.mentions:
        if start <= mention.start and mention.end <= end:
            county, town = mention.county, mention.township or town
            edges += [mention.start, mention.end]
            rest = mention.end
    window = source.plain[rest:end]
    if not edges and (lead := _LEAD.match(window)):
        rest, window = rest + lead.end(), window[lead.end() :]
    if not edges and (match := _COUNTY.match(window)):
        county = match[0]
        edges += [rest, rest + match.end()]
        rest, window = rest + match.end(), window[match.end() :]
    if not town and (match := _TOWN.search(window)):
        town = match[0]
        edges += [rest + match.start(), rest + match.end()]
        rest, window = rest + match.end(), window[match.end() :]
    if match := _VILLAGE.search(window):
        village = match[0]
        edges += [rest + match.start(), rest + match.end()]
    return ((county, town, village), min(edges), max(edges)) if edges else None
