"""What is wrong with rosters ahead: nobody on duty, somebody in two places, somebody too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.rosters.roster import GapReason, Shift, duties


class ProblemKind(StrEnum):
    """What may be wrong with a roster."""

    #: nobody is on duty
    GAP = "gap"
    #: somebody has turns and is disabled or removed; others are on duty in their place
    UNAVAILABLE = "unavailable"
    #: one person is on duty on two rosters at once; deputies do not count
    DOUBLE_BOOKED = "double_booked"
    #: one person has shifts in succession that are longer together than the roster allows
    TOO_LONG = "too_long"
    #: the roster asks for workdays or days of rest of a year whose holidays are not known yet
    HOLIDAYS_UNKNOWN = "holidays_unknown"


@dataclass(frozen=True)
class RosterProblem:
    """A problem of the roster `roster_id` from `start` up to but without `end`.

    `contact_id` is the person whom it is about, `other_roster_id` the other roster of a double booking, `details` the
    reasons of a gap, each once.
    """

    kind: ProblemKind
    roster_id: str
    start: datetime
    end: datetime
    contact_id: str | None = None
    other_roster_id: str | None = None
    details: tuple[GapReason, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A roster's shifts over some time. `longest`: how long one person may be on duty in succession, None: for ever.

    Where it is not `round_the_clock`, times for which nothing is planned are no gaps.
    """

    roster_id: str
    shifts: Sequence[Shift]
    longest: timedelta | None = None
    round_the_clock: bool = True
    duties: Sequence[Shift] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "duties", duties(self.shifts))


def problems_of(one: Planned, others: Sequence[Planned]) -> list[RosterProblem]:
    """Return the problems of the roster `one`, earliest first; `others` are where its people may be on duty too."""
    found = [*_gaps(one), *_unavailable(one), *_too_long(one), *_unknown(one)]
    for other in others:
        if other.roster_id != one.roster_id:
            found += _double_booked(one, other)
    return sorted(found, key=lambda problem: (problem.start, problem.kind, problem.contact_id or "", problem.end))


def _runs(found: Sequence[Shift]) -> Iterator[list[Shift]]:
    """Give lists of shifts that follow each other without a break."""
    run: list[Shift] = []
    for shift in found:
        if run and run[-1].end != shift.start:
            yield run
            run = []
        run.append(shift)
    if run:
        yield run


def _gaps(one: Planned) -> Iterator[RosterProblem]:
    planned_off = None if one.round_the_clock else GapReason.OFF
    for run in _runs([shift for shift in one.shifts if shift.answer.gap not in (None, planned_off)]):
        reasons = dict.fromkeys(shift.answer.gap for shift in run if shift.answer.gap is not None)
        yield RosterProblem(ProblemKind.GAP, one.roster_id, run[0].start, run[-1].end, details=tuple(reasons))


def _unavailable(one: Planned) -> Iterator[RosterProblem]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for shift in one.shifts:
        if shift.answer.on_duty is not None:
            for contact_id in shift.answer.unavailable:
                spans[contact_id] = (spans.get(contact_id, (shift.start,))[0], shift.end)
    for contact_id, (start, end) in spans.items():
        yield RosterProblem(ProblemKind.UNAVAILABLE, one.roster_id, start, end, contact_id)


def _too_long(one: Planned) -> Iterator[RosterProblem]:
    if one.longest is None:
        return
    people = dict.fromkeys(shift.answer.on_duty for shift in one.duties)
    for contact_id in people:
        for run in _runs([shift for shift in one.duties if shift.answer.on_duty == contact_id]):
            turns = {shift.answer.turn for shift in run}
            if len(turns) > 1 and run[-1].end - run[0].start > one.longest:
                yield RosterProblem(ProblemKind.TOO_LONG, one.roster_id, run[0].start, run[-1].end, contact_id)


def _unknown(one: Planned) -> Iterator[RosterProblem]:
    presumed = [shift for shift in one.shifts if shift.answer.presumed]
    if presumed:
        yield RosterProblem(ProblemKind.HOLIDAYS_UNKNOWN, one.roster_id, presumed[0].start, presumed[-1].end)


def _double_booked(one: Planned, other: Planned) -> Iterator[RosterProblem]:
    theirs = _by_person(other.duties)
    for contact_id, mine in _by_person(one.duties).items():
        for start, end in _overlaps(mine, theirs.get(contact_id, [])):
            yield RosterProblem(ProblemKind.DOUBLE_BOOKED, one.roster_id, start, end, contact_id, other.roster_id)


def _by_person(found: Sequence[Shift]) -> Mapping[str, list[tuple[datetime, datetime]]]:
    """Return when each person is on duty: spans in order, those that touch made one."""
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for shift in found:
        if shift.answer.on_duty is not None:
            own = spans.setdefault(shift.answer.on_duty, [])
            if own and own[-1][1] == shift.start:
                own[-1] = (own[-1][0], shift.end)
            else:
                own.append((shift.start, shift.end))
    return spans


def _overlaps(
    mine: Sequence[tuple[datetime, datetime]], theirs: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    here = there = 0
    while here < len(mine) and there < len(theirs):
        start, end = max(mine[here][0], theirs[there][0]), min(mine[here][1], theirs[there][1])
        if start < end:
            yield start, end
        if mine[here][1] <= theirs[there][1]:
            here += 1
        else:
            there += 1
