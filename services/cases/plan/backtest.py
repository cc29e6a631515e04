"""A plan replayed on the stored courses of events, beside the alerts and cases that did come."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.words import Level
from services.cases.plan.compiled import CompiledPlan, Grades
from services.cases.plan.course import FIGURES, decode, table
from services.cases.plan.grading import Grade, grade_facts
from services.cases.plan.holding import Decision, Holding, Rules, Seen, consider, heed, join
from services.cases.plan.schema import Plan


class Point(NamedTuple):
    """A point of an event's course, as it is stored: milliseconds since 1970, encoded facts, topics with commas."""

    event_id: str
    at_ms: int
    figures: str
    topics: str
    merged_into: str | None


class Course(NamedTuple):
    """The course of an event that was always of the same topics and never went up in another.

    `numbers`: for each of its `points`, in any order, milliseconds since 1970 and the encoded facts, between commas.
    """

    event_id: str
    points: int
    topics: str
    numbers: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that would have been raised; `opens`: it would have opened a case. `new`: see `Suggestion`."""

    event_id: str
    rank: int
    at: float
    opens: bool
    facts: tuple[float, ...]
    topics: str
    new: tuple[str, ...] = ()

    @property
    def level(self) -> Level:
        """Return the level of the rank."""
        return Level.of_rank(self.rank)


@dataclass(frozen=True, slots=True)
class Came:
    """An alert that was raised."""

    event_id: str
    rank: int
    at: float
    alert_id: str
    status: str
    case_number: str | None


@dataclass(frozen=True, slots=True)
class CaseCame:
    """A case that was opened, by the plan (`automatic`) or by a person."""

    event_id: str
    at: float
    number: str
    automatic: bool


@dataclass(frozen=True, slots=True)
class _Track:
    """One event's points with their grades, in order of time; `first` is where they begin among those graded together.

    Instants are seconds since 1970. `topics` and `into` (what it had gone up in) are of each point.
    """

    event_id: str
    at: NDArray[np.float64]
    facts: NDArray[np.float64]
    topics: Sequence[str]
    into: Sequence[str | None]
    grades: Grades
    first: int

    def seen(self, i: int) -> Seen:
        """Return the grade of a point."""
        return self.grades.seen(self.first + i)


@dataclass(slots=True)
class _State:
    """An event in the middle of a replay."""

    holding: Holding = field(default_factory=Holding)
    suggested: int = 0
    decided: int = 0
    has_case: bool = False
    into: str | None = None


class Replay:
    """Plays courses by a plan, with the rules of :mod:`services.cases.plan.holding`.

    Events that went up in others (`links`: part, whole) are played together. A decision that people took is heeded
    where the replay had suggested the level by then, or where it was their own motion.
    """

    def __init__(
        self,
        plan: Plan,
        links: Iterable[tuple[str, str]] = (),
        decisions: Mapping[str, Sequence[Decision]] | None = None,
    ) -> None:
        self._plan, self._compiled = plan, CompiledPlan(plan)
        self._rules = Rules.of(plan.grading)
        self._opening = {level.rank for level in plan.opening.levels}
        self._decisions = decisions or {}
        self._group = _groups(links)
        self._scopes: dict[str, bool] = {}
        self._waiting: dict[str, dict[str, _Track]] = defaultdict(dict)
        self.raised: list[Raised] = []
        self.events = 0
        self.points = 0

    def take(self, courses: Sequence[Course]) -> None:
        """Play courses, each the whole of an event's. Linked events wait for :meth:`finish`."""
        if not courses:
            return
        numbers = table([course.numbers for course in courses], 1 + len(FIGURES))
        lengths = [course.points for course in courses]
        order = np.lexsort((numbers[:, 0], np.repeat(np.arange(len(courses)), lengths)))
        at, facts = numbers[order, 0] / 1000, numbers[order, 1:]
        scope = np.repeat(np.array([self._in_scope(course.topics) for course in courses], np.bool_), lengths)
        grades = self._compiled.grade(facts, scope)
        first = 0
        for course, many in zip(courses, lengths, strict=True):
            part = slice(first, first + many)
            topics: Sequence[str] = [course.topics] * many
            self._hand_on(_Track(course.event_id, at[part], facts[part], topics, [None] * many, grades, first))
            first += many

    def take_points(self, points: Sequence[Point]) -> None:
        """Play the whole course of one event whose topics changed or that went up in another."""
        points = sorted(points, key=lambda point: point.at_ms)
        facts = table([point.figures for point in points])
        into = [point.merged_into for point in points]
        topics = [point.topics for point in points]
        whole = zip(topics, into, strict=True)
        scope = np.array([up is None and self._in_scope(of) for of, up in whole], np.bool_)
        at = np.array([point.at_ms for point in points]) / 1000
        self._hand_on(_Track(points[0].event_id, at, facts, topics, into, self._compiled.grade(facts, scope), 0))

    def _hand_on(self, track: _Track) -> None:
        self.events += 1
        self.points += len(track.at)
        if track.event_id in self._group:
            self._waiting[self._group[track.event_id]][track.event_id] = track
        elif track.event_id in self._decisions:
            self._play({track.event_id: track})
        else:
            self._climb(track)

    def finish(self) -> list[Raised]:
        """Play what waited; returns every alert that would have been raised, in order of time."""
        for tracks in self._waiting.values():
            self._play(tracks)
        self._waiting.clear()
        return sorted(self.raised, key=lambda one: (one.at, one.event_id))

    def grade(self, raised: Raised) -> Grade:
        """Grade the facts that an alert would have been raised on, with every criterion."""
        return grade_facts(self._plan, raised.topics.split(","), decode(raised.facts))

    def _in_scope(self, topics: str) -> bool:
        if topics not in self._scopes:
            self._scopes[topics] = self._compiled.in_scope(topics)
        return self._scopes[topics]

    def _climb(self, track: _Track) -> None:
        """Play an event that nobody decided on: only where its grade is higher than ever can there be a suggestion."""
        state = _State()
        highest = np.maximum.accumulate(track.grades.rank[track.first : track.first + len(track.at)])
        for i in np.flatnonzero(np.diff(highest, prepend=np.int8(0))).tolist():
            self._look(state, track, i, state.suggested)

    def _look(self, state: _State, track: _Track, i: int, suggested: int) -> None:
        at = float(track.at[i])
        state.holding, suggestion = consider(
            state.holding, track.seen(i), at, self._rules, suggested=suggested, decided=state.decided
        )
        if suggestion is None:
            return
        state.suggested = max(state.suggested, suggestion.rank)
        opens = not state.has_case and suggestion.rank in self._opening
        state.has_case |= opens
        facts = tuple(track.facts[i].tolist())
        self.raised.append(Raised(track.event_id, suggestion.rank, at, opens, facts, track.topics[i], suggestion.new))

    def _play(self, tracks: Mapping[str, _Track]) -> None:
        """Play events that were decided on or that went up in one another, all their points in order of time."""
        states: dict[str, _State] = defaultdict(_State)
        points = [(at, event_id, i) for event_id, track in tracks.items() for i, at in enumerate(track.at.tolist())]
        decisions = deque(
            sorted(
                ((one.at, one.id, event_id, one) for event_id in tracks for one in self._decisions.get(event_id, ())),
                key=lambda item: item[:2],
            )
        )
        for at, event_id, i in sorted(points):
            while decisions and decisions[0][0] <= at:
                _, _, about, decision = decisions.popleft()
                self._decide(states, about, decision)
            self._step(states, tracks[event_id], i)

    def _step(self, states: dict[str, _State], track: _Track, i: int) -> None:
        state, into = states[track.event_id], track.into[i]
        if into is not None:
            whole = states[into]
            if state.into != into:
                whole.holding = join(whole.holding, state.holding)
                whole.has_case |= state.has_case
            state.into = into
            return
        state.into = None
        self._look(state, track, i, _suggested(states, track.event_id))

    def _decide(self, states: dict[str, _State], event_id: str, decision: Decision) -> None:
        state = states[event_id]
        about = max(decision.settled or 0, decision.refused[1] if decision.refused else 0)
        if not decision.own and _suggested(states, event_id) < about:
            return
        state.holding = heed(state.holding, [decision], self._rules)
        if decision.settled is not None:
            state.decided = decision.settled
        if decision.ends_case:
            state.has_case, state.decided = False, 0


def _suggested(states: Mapping[str, _State], event_id: str) -> int:
    """Return the gravest rank suggested of an event and of all that have gone up in it."""
    whole, grown = {event_id}, True
    while grown:
        more = {part for part, state in states.items() if state.into in whole} - whole
        whole |= more
        grown = bool(more)
    return max(states[one].suggested for one in whole)


def _groups(links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return, for each linked event, the one that stands for all that are linked with it."""
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while above.setdefault(one, one) != one:
            one = above[one]
        return one

    for part, whole in links:
        above[top(part)] = top(whole)
    return {one: top(one) for one in list(above)}
