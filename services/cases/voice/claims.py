"""What a text claims: figures, times, places and names, each with what it is said of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from language.calendar import SHANGHAI

#: A county, the township where it is one, and the village or site where one is named; empty where it is not said.
Spot = tuple[str, str, str]


class ClaimKind(StrEnum):
    """What is claimed: how many, when, where, who."""

    FIGURE = "figure"
    DATE = "date"
    PLACE = "place"
    NAME = "name"


class Nature(StrEnum):
    """How a figure may move as time goes by."""

    #: only grows: the dead, those moved to safety, money paid out
    GROWING = "growing"
    #: rises and falls: the missing, those in hospital, a water level
    MOVING = "moving"
    #: stays as it is: a rate, a magnitude, what a project covers
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another, the second excluded."""

    low: datetime
    high: datetime

    def meets(self, other: Span) -> bool:
        """Tell whether the two share an instant."""
        return self.low < other.high and other.low < self.high

    def after(self, other: Span) -> bool:
        """Tell whether this one begins no earlier than the other ends."""
        return self.low >= other.high


def instant(at: datetime) -> Span:
    """Return the minute at `at`."""
    return Span(at, at + timedelta(minutes=1))


def span_of(at: str) -> Span | None:
    """Return the time that an ISO 8601 form of :class:`contracts.findings.Fact` stands for; None for a bare clock."""
    if at.startswith("T"):
        return None
    if "T" in at:
        low = datetime.fromisoformat(at)
        return Span(low, low + (timedelta(hours=1) if low.minute == 0 else timedelta(minutes=1)))
    parts = [int(part) for part in at.split("-")]
    year, month, day = (*parts, 1, 1)[:3]
    low = datetime(year, month, day, tzinfo=SHANGHAI)
    if len(parts) == 3:
        return Span(low, low + timedelta(days=1))
    if len(parts) == 2:
        return Span(low, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=SHANGHAI))
    return Span(low, datetime(year + 1, 1, 1, tzinfo=SHANGHAI)) if year < 9999 else None


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a text states, at characters `start` to `end` of it.

    A figure has `low`, `high` (base unit, None where open) and `step`, the value of one step of its last written place;
    a date has `time`; a place `spot`; a name `name`. `traits` are what keeps it apart from others of its kind (a batch,
    a group of people, due or paid), `words` the pairs of characters around it.
    """

    kind: ClaimKind
    start: int
    end: int
    quote: str
    #: what is counted, dated or named, as an officer would say it
    subject: str
    #: role, predicate or title; claims of different keys are not held against each other
    key: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float = 0.0
    time: Span | None = None
    spot: Spot = ("", "", "")
    name: str = ""
    nature: Nature = Nature.FIXED
    words: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    #: the places that the claim is of, where the text speaks of several
    scope: frozenset[tuple[str, str]] = frozenset()
    scoped: bool = False
    #: what the text says the claim holds for; None where it does not say
    as_of: Span | None = None
    denied: bool = False
    part: bool = False
    #: expected, planned or promised
    ahead: bool = False
    #: the sentence itself says that what was said before has changed
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a text claims, and when it was said."""

    at: datetime
    claims: tuple[Claim, ...] = field(default_factory=tuple)


def letters(text: str, start: int, end: int) -> str:
    """Return characters `start` to `end` of `text`, as far as it has them."""
    return text[max(0, start) : max(0, end)]
