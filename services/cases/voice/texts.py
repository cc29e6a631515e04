"""A legible text with what every reader of claims asks of it: sentences, places, times as of which it speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contracts.findings import Fact, FactKind, FactRole
from language import places
from language.facts import find
from language.facts.legible import Bounds, legible
from services.cases.voice.claims import Span, instant, span_of

_NOW: Final = re.compile(
    r"目前|现已|现有|截至发稿|截至目前|最新|[上攀]?升至|上升[到为至]|增[至加]|[降减]至|仍有|尚有|累计已|已累计"
)
#: The sentence owns up to a change: what was said before is named as such.
_OWNED: Final = re.compile(
    r"更正|此前(?:通报|发布|公布|所[述称])|先前(?:通报|发布|公布)|原(?:通报|公布|发布|定)|(?:由|从)[^。；;]{0,24}?(?:[升增降减核调更改][^。；;，,]{0,3}[至为到])"
    r"|核减|核增|(?:调整|推迟|延期|提前|顺延|延后)(?:至|到|为)|重新(?:统计|核定)|有误"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A text as it is read: `plain` has each character of `text` at its old place, figures easy to read."""

    text: str
    plain: str
    at: datetime
    bounds: Bounds
    facts: tuple[Fact, ...]
    times: tuple[Fact, ...]
    mentions: tuple[places.Mention, ...]
    #: the places named, without counties of which a township is named
    finest: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, text: str, at: datetime) -> Source:
        """Read a text that was, or is to be, published at `at`."""
        plain = legible(text)
        facts = tuple(find(text, reference=at))
        times = tuple(fact for fact in facts if fact.kind is FactKind.TIME)
        mentions = places.find(plain).mentions
        named = {(one.county, one.township or "") for one in mentions}
        finest = {one for one in named if one[1] or not any(other[0] == one[0] and other[1] for other in named)}
        return cls(text, plain, at, Bounds(plain), facts, times, mentions, frozenset(finest))

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the sentence around characters `start` to `end`."""
        return self.bounds.sentence(start, end)

    def as_of(self, start: int, end: int) -> Span | None:
        """Return the time that the text gives for what stands at `start`: 截至… before it, else 目前 and the like."""
        named = [fact for fact in self.times if fact.role == FactRole.AS_OF and fact.start < start]
        if named and named[-1].at and (span := span_of(named[-1].at)):
            return span
        first, last = self.sentence(start, end)
        return instant(self.at) if _NOW.search(self.plain, first, last) else None

    def time_before(self, start: int) -> Span | None:
        """Return the last time named before `start` in its sentence."""
        first, _ = self.sentence(start, start + 1)
        named = [fact for fact in self.times if first <= fact.start < start and fact.at]
        return span_of(named[-1].at or "") if named else None

    def explained(self, start: int, end: int) -> bool:
        """Tell whether the sentence owns up to a change of what was said before."""
        first, last = self.sentence(start, end)
        return _OWNED.search(self.plain, first, last) is not None

    def scope(self, start: int) -> tuple[frozenset[tuple[str, str]], bool]:
        """Return the places that a figure at `start` is of, and whether the text tells several places apart.

        In a text of one place every figure is of it; in a text of several, the ones named last before the figure in
        its sentence.
        """
        if len(self.finest) < 2:
            return self.finest, False
        first, _ = self.sentence(start, start + 1)
        before = [one for one in self.mentions if first <= one.start < start]
        if not before:
            return frozenset(), False
        last = before[-1].end
        chosen = {(one.county, one.township or "") for one in before if one.end == last}
        return frozenset(chosen), True
