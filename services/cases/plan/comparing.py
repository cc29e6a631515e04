"""What a replay would have raised beside what did come: by event, by level, by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from contracts.words import Level
from services.cases.numbering import ZONE
from services.cases.plan.backtest import Came, CaseCame, Raised

#: Seconds by which two alerts may differ and still count as the same: a course has one point a minute.
SAME_TIME: Final = 60.0


class Difference(StrEnum):
    """How an event would have fared under the replayed plan."""

    MISSED = "missed"  #: it had alerts and would have none
    ADDED = "added"  #: it had none and would have some
    MILDER = "milder"
    GRAVER = "graver"
    LATER = "later"
    EARLIER = "earlier"
    OTHER = "other"  #: the gravest alert is the same, those before it are not
    SAME = "same"


#: What an officer reads first.
_ORDER: Final = {difference: i for i, difference in enumerate(Difference)}


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event: what would have been raised and what was. `seconds`: how much later its gravest alert would come."""

    event_id: str
    difference: Difference
    would: tuple[Raised, ...]
    came: tuple[Came, ...]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class LevelTotals:
    """Alerts of a level."""

    level: Level
    would: int
    came: int


@dataclass(frozen=True, slots=True)
class Day:
    """Alerts and cases of a day in Shanghai. `cases_came` are those that the plan opened by itself."""

    day: date
    alerts_would: int
    alerts_came: int
    cases_would: int
    cases_came: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Events whose gravest alert would have come at another time: how many, the median and the largest seconds."""

    events: int
    median: float
    largest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it; rows with the graver differences first, those that are the same last."""

    rows: tuple[EventRow, ...]
    levels: tuple[LevelTotals, ...]
    days: tuple[Day, ...]
    earlier: Shift
    later: Shift
    differences: dict[Difference, int]
    cases_would: int
    cases_came: int
    cases_by_hand: int


def compare(
    raised: Sequence[Raised], came: Sequence[Came], cases: Sequence[CaseCame], since: float, until: float
) -> Comparison:
    """Hold what a replay raised against what came, between two instants (seconds since 1970, both included)."""
    would = [one for one in raised if since <= one.at <= until]
    by_event: dict[str, tuple[list[Raised], list[Came]]] = defaultdict(lambda: ([], []))
    for one in would:
        by_event[one.event_id][0].append(one)
    for alert in came:
        by_event[alert.event_id][1].append(alert)
    rows = [_row(event_id, *both) for event_id, both in by_event.items()]
    rows.sort(key=lambda row: (_ORDER[row.difference], -_gravest(row.would, row.came), _first(row), row.event_id))
    automatic = [case for case in cases if case.automatic]
    opened = [one for one in would if one.opens]
    return Comparison(
        rows=tuple(rows),
        levels=tuple(
            LevelTotals(level, sum(one.rank == level.rank for one in would), sum(a.rank == level.rank for a in came))
            for level in Level
        ),
        days=tuple(
            _days(
                since,
                until,
                [one.at for one in would],
                [alert.at for alert in came],
                [one.at for one in opened],
                [case.at for case in automatic],
            )
        ),
        earlier=_shift(row.seconds for row in rows if row.difference is Difference.EARLIER),
        later=_shift(row.seconds for row in rows if row.difference is Difference.LATER),
        differences=dict(Counter(row.difference for row in rows)),
        cases_would=len(opened),
        cases_came=len(automatic),
        cases_by_hand=len(cases) - len(automatic),
    )


def _row(event_id: str, would: list[Raised], came: list[Came]) -> EventRow:
    difference, seconds = Difference.SAME, None
    if not would or not came:
        difference = Difference.ADDED if would else Difference.MISSED
    else:
        new, old = max(one.rank for one in would), max(one.rank for one in came)
        if new != old:
            difference = Difference.GRAVER if new > old else Difference.MILDER
        else:
            seconds = min(x.at for x in would if x.rank == new) - min(x.at for x in came if x.rank == old)
            if abs(seconds) > SAME_TIME:
                difference = Difference.LATER if seconds > 0 else Difference.EARLIER
            elif sorted(one.rank for one in would) != sorted(one.rank for one in came):
                difference = Difference.OTHER
    return EventRow(event_id, difference, tuple(would), tuple(came), seconds)


def _gravest(would: Iterable[Raised], came: Iterable[Came]) -> int:
    return max([0, *(one.rank for one in would), *(alert.rank for alert in came)])


def _first(row: EventRow) -> float:
    return min([*(one.at for one in row.would), *(alert.at for alert in row.came)])


def _shift(seconds: Iterable[float | None]) -> Shift:
    sizes = [abs(one) for one in seconds if one is not None]
    return Shift(len(sizes), median(sizes), max(sizes)) if sizes else Shift(0, 0.0, 0.0)


def _days(since: float, until: float, *kinds: Sequence[float]) -> list[Day]:
    counts = [Counter(_day(at) for at in instants) for instants in kinds]
    first, last = _day(since), _day(until)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return [Day(day, *(count[day] for count in counts)) for day in days]


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).date()
