"""One topic held against one post: whether it belongs, which characters speak for that, and if not, why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from contracts.words import Channel
from language import places
from language.places import CITY, Places
from services.analysis.enrich.folding import fold_with_offsets
from services.analysis.enrich.query import And, Near, Node, Not, Or, Place, Reading, Term, Title, holds
from services.analysis.enrich.query.evaluation import Span, near_spans, occurrences
from services.analysis.enrich.query.gazetteer import CITY_NAME, mentioned, spoken_of
from services.analysis.enrich.query.reasons import Reason, reasons
from services.analysis.enrich.topics import TopicRule, check, exclusions, placed

FieldName = Literal["title", "text"]
#: A word of the query, one of two that are near each other, a place, or a word that keeps the post out.
Kind = Literal["term", "near", "place", "excluded"]

#: Where kinds overlap, the first named here is shown.
_PRIORITY: Final[dict[Kind, int]] = {"excluded": 0, "near": 1, "term": 2, "place": 3}
#: 普洱, but not the tea
_CITY: Final = re.compile(f"{CITY}市?(?![茶生熟])")


@dataclass(frozen=True, slots=True)
class Highlight:
    """What stands in the title or text: characters `start` to `end`, as written there."""

    field: FieldName
    start: int
    end: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome for one post. `reasons` is empty where it belongs to the topic."""

    matches: bool
    highlights: tuple[Highlight, ...]
    places: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    name: FieldName
    written: str
    folded: str
    origins: list[int]

    def highlight(self, span: Span, kind: Kind) -> Highlight:
        start, end = self.origins[span[0]], self.origins[span[1] - 1] + 1
        return Highlight(self.name, start, end, self.written[start:end], kind)


class TopicTrial:
    """A topic to be held against posts; raises :class:`QueryError` where its query cannot be read."""

    def __init__(self, rule: TopicRule) -> None:
        self._query = check(rule.query)
        self._places = placed(rule)
        self._excluded = exclusions(rule)

    def hold(self, title: str, text: str, channel: Channel | None = None) -> Trial:
        """Return the outcome for one post; title and text as published."""
        found = places.find(f"{title}\n{text}" if title else text)
        fields = (_field("title", title), _field("text", text))
        reading = Reading(fields[0].folded, fields[1].folded, channel, spoken_of(found))
        against = tuple(dict.fromkeys(self._against(reading)))
        return Trial(
            matches=not against,
            highlights=tuple(_apart([*self._words(fields, reading), *self._named(title, text, found)])),
            places=found.counties,
            reasons=against,
        )

    def _against(self, reading: Reading) -> Iterator[Reason]:
        yield from reasons(self._query, reading)
        if self._places is not None:
            for reason in reasons(self._places, reading):
                yield Reason(f"专题限定了地点：{reason.zh}", f"the topic is bound to places: {reason.en}")
        if self._excluded is not None:
            yield from reasons(Not(self._excluded), reading)

    def _words(self, fields: tuple[_Field, _Field], reading: Reading) -> Iterator[Highlight]:
        yield from _evidence(self._query, fields, reading, wanted=True)
        if self._places is not None:
            yield from _evidence(self._places, fields, reading, wanted=True)
        if self._excluded is not None:
            yield from _evidence(self._excluded, fields, reading, wanted=False)

    def _named(self, title: str, text: str, found: Places) -> Iterator[Highlight]:
        """Yield where the places are named that the topic asks for; any place of the city speaks for the city."""
        asked = set(_asked(self._query)) | (set(_asked(self._places)) if self._places is not None else set())
        if not asked:
            return
        begins = len(title) + 1 if title else 0
        spans = [(m.start, m.end) for m in found.mentions if asked & {CITY_NAME, m.county, mentioned(m)}]
        if found.city and CITY_NAME in asked:
            spans += [match.span() for match in _CITY.finditer(f"{title}\n{text}" if title else text)]
        for start, end in sorted(set(spans)):
            if start < begins:
                yield Highlight("title", start, end, title[start:end], "place")
            else:
                yield Highlight("text", start - begins, end - begins, text[start - begins : end - begins], "place")


def _field(name: FieldName, written: str) -> _Field:
    return _Field(name, written, *fold_with_offsets(written))


def _evidence(node: Node, fields: Iterable[_Field], reading: Reading, *, wanted: bool) -> Iterator[Highlight]:
    """Yield where the words of a query stand; those under a NOT only where they keep the post out."""
    match node:
        case Term(text):
            for field in fields:
                for span in occurrences(text, field.folded):
                    yield field.highlight(span, "term" if wanted else "excluded")
        case Near(left, right):
            close = [(field, span) for field in fields for span in near_spans(node, field.folded)]
            for field, span in close:
                yield field.highlight(span, "near" if wanted else "excluded")
            if wanted and not close:
                for word in (left, right):
                    yield from _evidence(word, fields, reading, wanted=True)
        case And(parts) | Or(parts):
            for part in parts:
                # what is ruled out together is in the way only where all of it is there
                if wanted or isinstance(node, Or) or holds(node, reading):
                    yield from _evidence(part, fields, reading, wanted=wanted)
        case Title(part):
            titles = [field for field in fields if field.name == "title"]
            yield from _evidence(part, titles, replace(reading, text=""), wanted=wanted)
        case Not(part):
            yield from _evidence(part, fields, reading, wanted=not wanted)
        case _:
            return


def _asked(node: Node) -> Iterator[str]:
    match node:
        case Place(name):
            yield name
        case And(parts) | Or(parts):
            for part in parts:
                yield from _asked(part)
        case _:
            return


def _apart(found: Iterable[Highlight]) -> Iterator[Highlight]:
    """Yield highlights in order, title first, of overlapping ones the weightiest kind, then the longest."""
    chosen: list[Highlight] = []
    taken: dict[FieldName, set[int]] = {"title": set(), "text": set()}
    for highlight in sorted(set(found), key=lambda h: (_PRIORITY[h.kind], h.start - h.end, h.start)):
        characters = range(highlight.start, highlight.end)
        if taken[highlight.field].isdisjoint(characters):
            taken[highlight.field].update(characters)
            chosen.append(highlight)
    return iter(sorted(chosen, key=lambda h: (h.field == "text", h.start)))
