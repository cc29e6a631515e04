"""Who is on duty: exactly one answer at every instant, from a roster's layers and what was changed by hand.

What is read here must not depend on a clock or a database: the same roster gives the same answers for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from services.notify.rosters.rotation import Idle, Rotation, Turn


class GapReason(StrEnum):
    """Why nobody is on duty."""

    #: the roster has no rotation
    NO_ROTATION = "no_rotation"
    #: no rotation has begun yet
    NOT_BEGUN = "not_begun"
    #: every rotation is over
    ENDED = "ended"
    #: rotations run, but none of them on this day or at this time of day
    OFF = "off"
    #: whoever's turn it is has been disabled or removed
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Override:
    """`contact_id` in the place of `replaces`, or (None) besides everyone, from `start` up to but without `end`.

    Somebody added is on duty where nobody else is, else the last deputy. `order` sorts changes by when they were made.
    """

    id: str
    order: tuple[datetime, str]
    start: datetime
    end: datetime
    contact_id: str
    replaces: str | None = None

    def stand_in(self, contact_id: str, instant: datetime) -> str:
        """Return who has the duty of `contact_id` after this change."""
        return self.contact_id if contact_id == self.replaces and self.start <= instant < self.end else contact_id


class SwapState(StrEnum):
    """What has become of the offer to swap shifts; only an accepted one is in force."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Swap:
    """Two people's duties exchanged: in `first` the one has the other's, in `second` the other way about."""

    id: str
    order: tuple[datetime, str]
    one: str
    other: str
    first: tuple[datetime, datetime]
    second: tuple[datetime, datetime]

    def stand_in(self, contact_id: str, instant: datetime) -> str:
        """Return who has the duty of `contact_id` after this change."""
        if contact_id == self.one and self.first[0] <= instant < self.first[1]:
            return self.other
        if contact_id == self.other and self.second[0] <= instant < self.second[1]:
            return self.one
        return contact_id


@dataclass(frozen=True)
class Surge:
    """The whole roster replaced from `start` up to but without `end`, round the clock (24 小时值班).

    In each of the `lines` people take turns of `hours` hours that pass; the first line is on duty, the others deputise.
    """

    id: str
    order: tuple[datetime, str]
    start: datetime
    end: datetime
    hours: int
    lines: tuple[tuple[str, ...], ...]

    def turns(self, instant: datetime) -> Iterator[Turn]:
        """Give whose turn it is in each line."""
        number = (instant - self.start) // timedelta(hours=self.hours)
        for index, people in enumerate(self.lines):
            yield Turn(f"{self.id}/{index}", number, people[number % len(people)])


@dataclass(frozen=True)
class Answer:
    """Who is on duty at an instant.

    `on_duty` is None where nobody is; then `gap` says why. `deputies` are the people of lower layers in their order.
    `turn` names the shift. `unavailable` are people whose turn it is and who are disabled or removed. `presumed` tells
    that it rests on a year whose holidays are not known, in which Saturdays and Sundays alone count as days of rest.
    """

    on_duty: str | None
    deputies: tuple[str, ...] = ()
    turn: tuple[str, int] | None = None
    gap: GapReason | None = None
    unavailable: tuple[str, ...] = ()
    presumed: bool = False


@dataclass(frozen=True)
class Shift:
    """One answer that holds from `start` up to but without `end`."""

    start: datetime
    end: datetime
    answer: Answer


@dataclass(frozen=True)
class Roster:
    """A roster as the rules see it. The order of `layers` decides who is on duty and who deputises; that of the other
    collections means nothing.

    `absent` are contacts that are disabled or removed. Instants before 1990 and after 2099 are out of reach.
    """

    id: str
    zone: str
    layers: tuple[Rotation, ...]
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    surges: tuple[Surge, ...] = ()
    absent: frozenset[str] = frozenset()

    @cached_property
    def changes(self) -> tuple[Override | Swap, ...]:
        """What people changed, in the order in which they did: each applies to what those before left."""
        return tuple(sorted((*self.overrides, *self.swaps), key=lambda change: change.order))

    def surge_at(self, instant: datetime) -> Surge | None:
        """Return the surge in force, the last one entered where there are several."""
        running = [surge for surge in self.surges if surge.start <= instant < surge.end]
        return max(running, key=lambda surge: surge.order, default=None)


def on_duty(roster: Roster, at: datetime) -> Answer:
    """Return who is on duty at the instant `at`."""
    surge = roster.surge_at(at)
    found: list[Turn | Idle] = (
        list(surge.turns(at)) if surge else [layer.at(at, roster.zone) for layer in roster.layers]
    )
    turns = [turn for turn in found if isinstance(turn, Turn)]
    people = [(_stand_in(roster, turn.contact_id, at), (turn.of, turn.number)) for turn in turns]
    people += [
        (change.contact_id, (change.id, 0))
        for change in roster.changes
        if isinstance(change, Override) and change.replaces is None and change.start <= at < change.end
    ]
    named: dict[str, tuple[str, int]] = {}
    for contact_id, turn in people:
        named.setdefault(contact_id, turn)
    there = [contact_id for contact_id in named if contact_id not in roster.absent]
    away = tuple(contact_id for contact_id in named if contact_id in roster.absent)
    presumed = surge is None and any(layer.presumes(at, roster.zone) for layer in roster.layers)
    if not there:
        return Answer(None, gap=_gap(found, away), unavailable=away, presumed=presumed)
    return Answer(there[0], tuple(there[1:]), named[there[0]], unavailable=away, presumed=presumed)


def shifts(roster: Roster, start: datetime, end: datetime) -> list[Shift]:
    """Return the answers from `start` up to but without `end`: without holes, in order, neighbours different."""
    edges = sorted({start, *(edge for edge in _edges(roster, start, end) if start < edge < end)}) if start < end else []
    found: list[Shift] = []
    for edge, following in zip(edges, [*edges[1:], end], strict=True):
        found.append(Shift(edge, following, on_duty(roster, edge)))
    return _joined(found)


#: No turn is longer than this, so that whoever looks so far finds the whole of a shift.
LONGEST_TURN: Final = timedelta(days=32)


def duties(found: Iterable[Shift]) -> list[Shift]:
    """Return the shifts of those who are on duty, without gaps: joined where only deputies change."""
    bare = [
        Shift(one.start, one.end, Answer(one.answer.on_duty, turn=one.answer.turn))
        for one in found
        if one.answer.on_duty is not None
    ]
    return _joined(bare)


def duty_at(roster: Roster, at: datetime) -> Shift | None:
    """Return the whole shift of whoever is on duty at the instant `at`; None where nobody is."""
    around = duties(shifts(roster, at - LONGEST_TURN, at + LONGEST_TURN))
    return next((shift for shift in around if shift.start <= at < shift.end), None)


def _stand_in(roster: Roster, contact_id: str, at: datetime) -> str:
    for change in roster.changes:
        contact_id = change.stand_in(contact_id, at)
    return contact_id


def _gap(found: Sequence[Turn | Idle], away: Sequence[str]) -> GapReason:
    if away:
        return GapReason.UNAVAILABLE
    for idle in (Idle.OFF, Idle.NOT_BEGUN, Idle.ENDED):
        if idle in found:
            return GapReason(idle.value)
    return GapReason.NO_ROTATION


def _edges(roster: Roster, start: datetime, end: datetime) -> Iterator[datetime]:
    for layer in roster.layers:
        yield from layer.edges(start, end, roster.zone)
    for override in roster.overrides:
        yield from (override.start, override.end)
    for swap in roster.swaps:
        yield from (*swap.first, *swap.second)
    for surge in roster.surges:
        length = timedelta(hours=surge.hours)
        edge = surge.start
        while edge < min(surge.end, end):
            yield edge
            edge += length
        yield surge.end


def _joined(found: Sequence[Shift]) -> list[Shift]:
    """Return `found` with neighbours that touch and have the same answer made one."""
    joined: list[Shift] = []
    for shift in found:
        last = joined[-1] if joined else None
        if last is not None and last.end == shift.start and last.answer == shift.answer:
            joined[-1] = Shift(last.start, shift.end, shift.answer)
        else:
            joined.append(shift)
    return joined
