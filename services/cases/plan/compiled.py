"""A plan's criteria over many rows of facts at once; the same results as :func:`services.cases.plan.grading.grade`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.words import Level
from services.cases.plan.course import POSITION, type_code
from services.cases.plan.criteria import Threshold, Trigger
from services.cases.plan.holding import Seen
from services.cases.plan.schema import Plan

_LOWEST: Final = Level.IV
Facts = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grades:
    """Grades of n rows: ranks (0: none), and which of the criteria `keys` were met, of shape (criteria, n)."""

    rank: NDArray[np.int8]
    met: Truth
    keys: tuple[str, ...]
    levels: tuple[int, ...]

    def seen(self, row: int) -> Seen:
        """Return one row as the holding rules look at it."""
        met = {self.keys[i]: self.levels[i] for i in np.flatnonzero(self.met[:, row])}
        return Seen(int(self.rank[row]), met)


class CompiledPlan:
    """A plan's grading, ready for tables of facts."""

    def __init__(self, plan: Plan) -> None:
        grading = plan.grading
        self._topics = frozenset(grading.topics)
        self._triggers = [(trigger, _holding(trigger), trigger.level is _LOWEST) for trigger in grading.triggers]
        self._counts = [
            (count, [(level, threshold) for level, threshold in sorted(count.levels.items(), key=lambda x: x[0].rank)])
            for count in grading.counts
        ]
        self.keys = (
            *(trigger.key for trigger in grading.triggers),
            *(f"{count.key}.{level}" for count, thresholds in self._counts for level, _ in thresholds),
        )
        self.levels = (
            *(trigger.level.rank for trigger in grading.triggers),
            *(level.rank for _, thresholds in self._counts for level, _ in thresholds),
        )

    def in_scope(self, topics: str) -> bool:
        """Tell whether an event with these topics (joined by commas) is graded at all."""
        return not self._topics.isdisjoint(topics.split(","))

    def grade(self, facts: Facts, scope: Truth) -> Grades:
        """Grade rows of :func:`services.cases.plan.course.table`; `scope` tells which rows are in the plan's scope."""
        met = np.zeros((len(self.keys), len(facts)), dtype=np.bool_)
        columns = np.ascontiguousarray(facts.T)
        holds = [check(columns[POSITION[trigger.fact]]) for trigger, check, _ in self._triggers]
        story = np.zeros(len(facts), dtype=np.bool_)
        for hold, (_, _, lowest) in zip(holds, self._triggers, strict=True):
            if lowest:
                story |= hold
        floor = np.zeros(len(facts), dtype=np.int8)
        for i, (hold, (trigger, _, lowest)) in enumerate(zip(holds, self._triggers, strict=True)):
            met[i] = hold & scope if lowest or trigger.alone else hold & scope & story
            np.maximum(floor, met[i] * np.int8(trigger.level.rank), out=floor)
        counted = np.zeros(len(facts), dtype=np.int8)
        i = len(self._triggers)
        for count, thresholds in self._counts:
            enough = floor > 0
            if count.provided is not None:
                enough &= _reaches(count.provided, columns[POSITION[count.provided.fact]])
            for level, threshold in thresholds:
                met[i] = enough & _reaches(threshold, columns[POSITION[count.fact]])
                np.maximum(counted, met[i] * np.int8(level.rank), out=counted)
                i += 1
        rank = np.maximum(floor, np.minimum(counted, floor + np.int8(1)))
        return Grades(rank, met, self.keys, self.levels)


def _reaches(threshold: Threshold, column: Facts) -> Truth:
    figure, exceeded = threshold.bound
    return column > figure if exceeded else column >= figure


def _holding(trigger: Trigger) -> Callable[[Facts], Truth]:
    if trigger.is_true is not None:
        return lambda column: column == 1
    if trigger.tier_at_least is not None:
        rank = trigger.tier_at_least.rank
        return lambda column: column >= rank
    if trigger.one_of is not None:
        codes = [type_code(one) for one in trigger.one_of]
        return lambda column: np.isin(column, codes)
    if trigger.at_least is not None:
        least = trigger.at_least
        return lambda column: column >= least
    above = trigger.above or 0.0
    return lambda column: column > above
