"""Which topics a text belongs to: the terms of all topics are found in one pass, then each query is evaluated."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ahocorasick_rs import AhoCorasick

from services.analysis.enrich import query
from services.analysis.enrich.folding import fold, fold_with_offsets
from services.analysis.enrich.places import CITY, Places, county_of

_CITY_NAMES: Final = frozenset({CITY, f"{CITY}市"})


@dataclass(frozen=True, slots=True)
class TopicRule:
    """A topic as it is configured.

    A text belongs to it when the query holds, when it names one of `places` (where there are any) and when it holds
    none of the words `exclude`.
    """

    key: str
    query: str
    places: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Highlight:
    """Where a term of the query stands in the text: characters `start` to `end`, as written there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Compiled:
    key: str
    node: query.Node
    exclude: frozenset[str]
    counties: frozenset[str]
    whole_city: bool
    place_words: frozenset[str]
    placed: bool = field(default=False)


class TopicMatcher:
    """All topics, ready to be matched. Topics whose query cannot be read are left out and named in `problems`."""

    def __init__(self, rules: Iterable[TopicRule]) -> None:
        self.problems: dict[str, query.QueryError] = {}
        self._topics: list[_Compiled] = []
        for rule in rules:
            try:
                self._topics.append(_compile(rule))
            except query.QueryError as error:
                self.problems[rule.key] = error
        found = {term for topic in self._topics for term in _all_terms(topic)}
        self._terms = sorted(found)
        self._automaton = AhoCorasick(self._terms) if self._terms else None

    def match(self, folded: str, places: Places) -> list[str]:
        """Return the keys of the topics that a folded text belongs to, in the order the topics were given."""
        present = {self._terms[index] for index, _, _ in self._occurrences(folded)}
        return [topic.key for topic in self._topics if _belongs(topic, present, places)]

    def highlights(self, text: str) -> list[Highlight]:
        """Return where the wanted terms of all topics stand in `text`, in order, overlapping ones left out."""
        folded, origins = fold_with_offsets(text)
        wanted = {term for topic in self._topics for term in query.terms(topic.node, wanted_only=True)}
        spans = sorted(
            ((start, end) for index, start, end in self._occurrences(folded) if self._terms[index] in wanted),
            key=lambda span: (span[0], -span[1]),
        )
        found: list[Highlight] = []
        covered = -1
        for start, end in spans:
            if start < covered:
                continue
            covered = end
            first, last = origins[start], origins[end - 1] + 1
            found.append(Highlight(first, last, text[first:last]))
        return found

    def _occurrences(self, folded: str) -> Iterator[tuple[int, int, int]]:
        if self._automaton is None:
            return
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if _whole_word(folded, start, end):
                yield index, start, end


def check(text: str) -> query.Node:
    """Return a topic's query, read; raises :class:`QueryError` also where it would select every text."""
    node = query.parse(text)
    if query.selects_everything(node):
        raise query.QueryError("查询会选中一切文本", "the query would select every text", 0)
    return node


def _compile(rule: TopicRule) -> _Compiled:
    counties = frozenset(county for name in rule.places if (county := county_of(name)) is not None)
    words = frozenset(fold(name) for name in rule.places if county_of(name) is None and name not in _CITY_NAMES)
    return _Compiled(
        key=rule.key,
        node=check(rule.query),
        exclude=frozenset(filter(None, map(fold, rule.exclude))),
        counties=counties,
        whole_city=bool(_CITY_NAMES & set(rule.places)),
        place_words=words - {""},
        placed=bool(rule.places),
    )


def _all_terms(topic: _Compiled) -> Iterator[str]:
    yield from query.terms(topic.node)
    yield from topic.exclude
    yield from topic.place_words


def _belongs(topic: _Compiled, present: Collection[str], places: Places) -> bool:
    terms = present if isinstance(present, set) else set(present)
    if topic.exclude & terms or not query.holds(topic.node, terms):
        return False
    if not topic.placed:
        return True
    anywhere = topic.whole_city and (places.city or places.counties)
    return bool(anywhere or topic.counties.intersection(places.counties) or topic.place_words & terms)


def _whole_word(folded: str, start: int, end: int) -> bool:
    """Tell whether a Latin word or number is not the inside of a longer one; Chinese knows no such bounds."""
    return not (_latin(folded[start]) and start > 0 and _latin(folded[start - 1])) and not (
        _latin(folded[end - 1]) and end < len(folded) and _latin(folded[end])
    )


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
