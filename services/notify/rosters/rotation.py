"""One layer of a roster: people who take turns.

A day on duty begins at the (first) hand-over, or where `between` begins, and is the date's on which it does: the night
that begins on Friday at 20:00 is Friday's to its end, whatever Saturday is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from services.notify.rosters.local_time import day_begun, local_day, moment
from services.notify.rosters.workdays import Days, count, is_known, matches

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Daily:
    """Turns change at each of the local times `handovers` (ascending), and only every `every` hand-overs.

    Days that are not among the rotation's `days` are not counted: whoever comes next has the next day that is.
    """

    handovers: tuple[time, ...]
    every: int = 1


@dataclass(frozen=True)
class Weekly:
    """Turns change once a week, on the ISO `weekday` (1 is Monday) at the local time `at`."""

    weekday: int
    at: time


@dataclass(frozen=True)
class Hourly:
    """Turns change every `hours` hours that pass, from `at` on the first day on; whatever clocks do."""

    hours: int
    at: time


Turns = Daily | Weekly | Hourly


class Idle(StrEnum):
    """Why a rotation has nobody on duty."""

    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    OFF = "off"


@dataclass(frozen=True)
class Turn:
    """Whose turn it is: the `number`-th turn of a rotation (or of a surge's line), counted from 0."""

    of: str
    number: int
    contact_id: str


@dataclass(frozen=True)
class Rotation:
    """People who take turns in the order of `participants`, from the first hand-over on or after `starts_on`.

    `valid_until` is the instant from which on the rotation is over. `between` limits it to a part of each day (start,
    end; an end not after the start is the next day's).
    """

    id: str
    participants: tuple[str, ...]
    turns: Turns
    starts_on: date
    days: Days = Days.ALL
    between: tuple[time, time] | None = None
    valid_until: datetime | None = None

    def at(self, instant: datetime, zone: str) -> Turn | Idle:
        """Return whose turn it is at `instant`, or why nobody's."""
        if self.valid_until is not None and instant >= self.valid_until:
            return Idle.ENDED
        number = self._number(instant, zone)
        if number < 0:
            return Idle.NOT_BEGUN
        if not self._on_duty(instant, zone):
            return Idle.OFF
        return Turn(self.id, number, self.participants[number % len(self.participants)])

    def edges(self, start: datetime, end: datetime, zone: str) -> Iterator[datetime]:
        """Give every instant at which the answer of :meth:`at` may change between `start` and `end`, and some more."""
        if self.valid_until is not None:
            yield self.valid_until
        times = {self._handover, *(self.between or ())}
        if isinstance(self.turns, Daily):
            times.update(self.turns.handovers)
        elif isinstance(self.turns, Hourly):
            length = timedelta(hours=self.turns.hours)
            first = moment(self.starts_on, self.turns.at, zone)
            edge = first + max(0, (start - first) // length) * length
            while edge < end:
                yield edge
                edge += length
        day, last = local_day(start, zone) - _DAY, local_day(end, zone) + _DAY
        while day <= last:
            yield from (moment(day, at, zone) for at in times)
            day += _DAY

    def presumes(self, instant: datetime, zone: str) -> bool:
        """Tell whether the answer at `instant` rests on a year whose holidays are not known."""
        if self.days is Days.ALL:
            return False
        return any(not is_known(day_begun(instant, at, zone).year) for at in {self._handover, self._day_start})

    @property
    def _handover(self) -> time:
        return self.turns.handovers[0] if isinstance(self.turns, Daily) else self.turns.at

    @property
    def _day_start(self) -> time:
        """The local time at which the days begin of which `days` is asked."""
        return self.between[0] if self.between is not None else self._handover

    def _on_duty(self, instant: datetime, zone: str) -> bool:
        day = day_begun(instant, self._day_start, zone)
        if self.between is not None:
            start, end = self.between
            if instant >= moment(day if end > start else day + _DAY, end, zone):
                return False
        return matches(day, self.days)

    def _number(self, instant: datetime, zone: str) -> int:
        """Return the number of the turn at `instant`; below 0 before the first."""
        match self.turns:
            case Daily(handovers, every):
                day = day_begun(instant, handovers[0], zone)
                if day < self.starts_on:
                    return -1
                begun = -1
                if matches(day, self.days):
                    begun += sum(moment(day, at, zone) <= instant for at in handovers)
                return (count(self.days, self.starts_on, day) * len(handovers) + begun) // every
            case Weekly(weekday, at):
                first = self.starts_on + timedelta(days=(weekday - self.starts_on.isoweekday()) % 7)
                return (day_begun(instant, at, zone) - first).days // 7
            case Hourly(hours, at):
                return (instant - moment(self.starts_on, at, zone)) // timedelta(hours=hours)
