"""Which of Pu'er's counties and townships a text speaks of, decided by what stands around each name.

Names that hardly ever mean anything else count by themselves. A township whose name other counties of China have as
well (永平镇, 和平镇, 龙潭乡) counts where the nearest region named is its own county: first what stands before it in
the sentence, as addresses are written from the large to the small, then what stands behind, then the rest of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from language.places.gazetteer import GAZETTEER, Name, Place, Trust

_PATTERNS: Final = tuple(GAZETTEER.names)
_NAMES: Final = tuple(GAZETTEER.names.values())
_AUTOMATON: Final = AhoCorasick(_PATTERNS, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
_OURS: Final = frozenset(
    {Trust.SURE, Trust.SHARED_COUNTY, Trust.SHARED_TOWNSHIP, Trust.BARE, Trust.CITY, Trust.CITY_SHORT}
)
#: Characters beyond which a region is no longer in the name's sentence.
_REACH: Final = 300
_SENTENCE_END: Final = re.compile(r"[。！？!?\n；;]")
#: A region's people, goods and streets are not the region.
_NOT_THE_REGION: Final = re.compile(r"籍|人(?!民|大)|客商|商人|老板|游客|路|街|大道|时间|菜|话|味")
#: Endings of regions that we have no name of: 某某县和平镇 is that county's.
_FOREIGN_PARENT: Final = frozenset("省县市区州盟旗")
#: Signs that make another name of what follows: 小龙潭乡.
_LONGER: Final = frozenset("小大新老东西南北上中下前后")
_STREET: Final = re.compile(r"路(?!段|口|上)|大道|街(?!道|上)")
_LIST: Final = frozenset({"", "、", "和", "及", "与", "，", "以及"})
#: A bare name that goes on is another word: 景谷永平县, 墨江通关费.
_GOES_ON: Final = re.compile(r"[县区市州路街人费期山江河块道]|事会|许(?!多)|哈哈")
_TEA: Final = re.compile(r"[茶喝泡饮饼壶杯砖沱]|生普|熟普|口感|回甘")
_TEA_BEFORE: Final = re.compile(r"[喝泡饮生熟老饼壶杯存买卖品藏]$|陈年$|古树$|云南$")
_TEA_BEHIND: Final = re.compile(r"[茶熟生饼砖沱]")
_VIEW: Final = frozenset("风美夜胜盛全场光前背")


@dataclass(frozen=True, slots=True)
class Mention:
    """A county, the township where one is named, and the words that name it: characters `start` to `end`."""

    county: str
    township: str | None
    start: int
    end: int
    surface: str


@dataclass(frozen=True, slots=True)
class Places:
    """What a text says of places: the evidence, the counties in order of first mention, and whether it names Pu'er."""

    mentions: tuple[Mention, ...] = ()
    counties: tuple[str, ...] = ()
    city: bool = False

    @property
    def townships(self) -> tuple[Place, ...]:
        """Return the townships named, each with its county, in order of first mention."""
        return tuple(dict.fromkeys((m.county, m.township) for m in self.mentions if m.township))


@dataclass(frozen=True, slots=True)
class _Hit:
    name: Name
    surface: str
    start: int
    end: int


_NOWHERE: Final = Places()


def find(text: str) -> Places:
    """Find the counties and townships that `text` speaks of (offsets are those of `text` as given)."""
    found = _AUTOMATON.find_matches_as_indexes(text)
    if not found or not any(_NAMES[index].trust in _OURS for index, _, _ in found):
        return _NOWHERE
    return _Reading(text, [_Hit(_NAMES[index], text[start:end], start, end) for index, start, end in found]).places()


class _Reading:
    """One text, its names, and the regions among them that decide the others."""

    def __init__(self, text: str, hits: list[_Hit]) -> None:
        self._text = text
        self._hits = _apart(text, hits)
        self._sure = any(hit.name.trust in (Trust.CITY, Trust.SURE) for hit in self._hits)
        self._tea = _TEA.search(text) is not None
        self._city = any(self._names_city(hit) for hit in self._hits)
        self._about = self._city or any(
            hit.name.trust is Trust.SURE or hit.surface in GAZETTEER.signs for hit in self._hits
        )
        #: regions in the order of the text, each with its counties, none where it is not ours
        self._regions: list[tuple[_Hit, frozenset[str]]] = []
        self._starts: list[int] = []
        self._named: frozenset[str] = frozenset()

    def places(self) -> Places:
        """Decide each name in turn; counties first, since they decide the townships."""
        accepted: dict[int, tuple[Place, ...]] = {}
        for index, hit in enumerate(self._hits):
            trust = hit.name.trust
            if trust is Trust.ELSEWHERE and not _NOT_THE_REGION.match(self._text, hit.end):
                self._regions.append((hit, frozenset()))
            elif trust in (Trust.CITY, Trust.CITY_SHORT) and self._names_city(hit):
                self._regions.append((hit, frozenset({GAZETTEER.city})))
            elif (trust is Trust.SURE and self._stands(hit)) or (trust is Trust.SHARED_COUNTY and self._county(index)):
                accepted[index] = self._narrowed(index, accepted)
                self._regions.append((hit, frozenset(county for county, _ in accepted[index])))
        self._starts = [region.start for region, _ in self._regions]
        self._named = frozenset(county for _, counties in self._regions for county in counties) - {GAZETTEER.city}
        for index, hit in enumerate(self._hits):
            if hit.name.trust is Trust.SHARED_TOWNSHIP:
                accepted[index] = self._township(hit)
            elif hit.name.trust is Trust.BARE:
                accepted[index] = self._bare(index, accepted)
        mentions = tuple(
            Mention(county, township, hit.start, hit.end, hit.surface)
            for index, hit in enumerate(self._hits)
            for county, township in accepted.get(index, ())
        )
        counties = tuple(dict.fromkeys(mention.county for mention in mentions))
        return Places(mentions, counties, self._city)

    def _names_city(self, hit: _Hit) -> bool:
        """Tell whether a name means the city and not its tea."""
        if hit.name.trust is not Trust.CITY_SHORT:
            return hit.name.trust is Trust.CITY
        before, behind = self._text[max(0, hit.start - 2) : hit.start], self._text[hit.end : hit.end + 1]
        if (self._tea and _TEA_BEFORE.search(before)) or _TEA_BEHIND.match(behind):
            return False
        return self._sure or not self._tea

    def _stands(self, hit: _Hit) -> bool:
        """Tell whether a trusted name is not the inside of another word (风景谷底, 某市墨江路)."""
        if hit.surface == "景谷" and hit.start and self._text[hit.start - 1] in _VIEW:
            return False
        return len(hit.surface) > 2 or not _STREET.match(self._text, hit.end)

    def _county(self, index: int) -> bool:
        """Tell whether a county's short name may be taken for it in this text."""
        hit = self._hits[index]
        if _STREET.match(self._text, hit.end):
            return False
        behind = self._hits[index + 1] if index + 1 < len(self._hits) else None
        if behind is not None and behind.start == hit.end and hit.name.places[0][0] in dict(behind.name.places):
            return True
        if not self._about or hit.surface != "江城":
            return self._about
        rivals = [_gap(hit, other) for other in self._hits if other.surface in GAZETTEER.other_jiangcheng]
        ours = [
            _gap(hit, other)
            for other in self._hits
            if other.name.trust in (Trust.SURE, Trust.CITY, Trust.CITY_SHORT) or other.surface in GAZETTEER.signs
        ]
        return not rivals or min(ours) < min(rivals)

    def _narrowed(self, index: int, accepted: dict[int, tuple[Place, ...]]) -> tuple[Place, ...]:
        """Keep the one county of a name on a border that stands right before it (澜沧县糯扎渡)."""
        hit = self._hits[index]
        if len(hit.name.places) > 1 and index and self._hits[index - 1].end == hit.start:
            before = {county for county, _ in accepted.get(index - 1, ())}
            return tuple(place for place in hit.name.places if place[0] in before) or hit.name.places
        return hit.name.places

    def _township(self, hit: _Hit) -> tuple[Place, ...]:
        """Return the places that a shared township's name stands for here: one or none."""
        counties = self._deciding(hit)
        fitting = [place for place in hit.name.places if place[0] in counties]
        if not fitting and counties:
            # the nearest is the city, or another of its counties: the township's own must be named, or be the only one
            fitting = [place for place in hit.name.places if place[0] in self._named]
            if not fitting and GAZETTEER.city in counties:
                fitting = list(hit.name.places)
        return tuple(fitting) if len(fitting) == 1 else ()

    def _deciding(self, hit: _Hit) -> frozenset[str]:
        """Return the counties of the region that decides about a name, none where that is not ours."""
        after = bisect_left(self._starts, hit.start)
        before = self._regions[after - 1] if after else None
        behind = self._regions[after] if after < len(self._regions) else None
        if before is not None and before[0].end == hit.start:
            return before[1]
        if hit.start and self._text[hit.start - 1] in _FOREIGN_PARENT | _LONGER:
            return frozenset()
        if before is not None and (behind is None or self._one_sentence(before[0].end, hit.start)):
            return before[1]
        if behind is not None and (before is None or self._one_sentence(hit.end, behind[0].start)):
            return behind[1]
        return before[1] if before is not None else frozenset()

    def _one_sentence(self, start: int, end: int) -> bool:
        return end - start <= _REACH and _SENTENCE_END.search(self._text, start, end) is None

    def _bare(self, index: int, accepted: dict[int, tuple[Place, ...]]) -> tuple[Place, ...]:
        """Return the township that a name without 镇 or 乡 stands for right behind its county, or in a list there."""
        hit = self._hits[index]
        if not index or _GOES_ON.match(self._text, hit.end):
            return ()
        before = self._hits[index - 1]
        between = self._text[before.end : hit.start].removeprefix("的")
        listed = between in _LIST and any(township for _, township in accepted.get(index - 1, ()))
        if between and not listed:
            return ()
        counties = {county for county, _ in accepted.get(index - 1, ())}
        fitting = [place for place in hit.name.places if place[0] in counties]
        return tuple(fitting) if len(fitting) == 1 else ()


def _apart(text: str, hits: list[_Hit]) -> list[_Hit]:
    """Part 景谷镇|沅 where the longest name has taken the first character of 镇沅."""
    parted: list[_Hit] = []
    for hit in hits:
        stem = GAZETTEER.names.get(hit.surface[:-1])
        if hit.surface[-1] == "镇" and text.startswith("沅", hit.end) and stem is not None:
            parted.append(_Hit(stem, hit.surface[:-1], hit.start, hit.end - 1))
            parted.append(_Hit(GAZETTEER.names["镇沅"], "镇沅", hit.end - 1, hit.end + 1))
        else:
            parted.append(hit)
    return parted


def _gap(one: _Hit, other: _Hit) -> int:
    return max(one.start - other.end, other.start - one.end)
