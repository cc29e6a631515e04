"""What a check found, per unit and person, and how that compares with the check before. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

#: Names by contact id.
Names = Mapping[str, str]
#: What stands for people who belong to no unit.
NO_UNIT: Final = "（未填单位）"


@dataclass(frozen=True)
class FailedWay:
    """A way by which a person could not be reached, and why."""

    channel: str
    reason: str | None


@dataclass(frozen=True)
class Answer:
    """One person asked. `reached`: by at least one way something was sent. `at` is when they answered, if they did."""

    contact_id: str
    name: str
    unit: str | None
    county: bool
    reached: bool
    at: datetime | None = None
    via: str | None = None
    channel: str | None = None
    failed: tuple[FailedWay, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Counts of people. `answered` are those in time, `late` those after the deadline.

    `share` is answered over asked, 0..1 (None where nobody was asked); `median_minutes` is of those in time.
    """

    asked: int
    reached: int
    answered: int
    late: int
    share: float | None
    median_minutes: float | None


@dataclass(frozen=True)
class UnitReport:
    """One unit. `county`: somebody of it is a county's contact (县联络员). `silent` did not answer in time."""

    unit: str
    county: bool
    figures: Figures
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """This check beside the one before: changes of figures, and whose state changed (names, of those asked twice).

    `lost` answered then and not now, `regained` the other way about.
    """

    share_change: float | None
    median_minutes_change: float | None
    lost: tuple[str, ...]
    regained: tuple[str, ...]


def in_time(answer: Answer, deadline: datetime) -> bool:
    """Tell whether a person answered by the deadline."""
    return answer.at is not None and answer.at <= deadline


def minutes(answer: Answer, started_at: datetime) -> float | None:
    """Return the minutes that a person took to answer, to a tenth."""
    return None if answer.at is None else round((answer.at - started_at).total_seconds() / 60, 1)


def figures(answers: Sequence[Answer], started_at: datetime, deadline: datetime) -> Figures:
    """Count answers."""
    timely = [answer for answer in answers if in_time(answer, deadline)]
    taken = [taken for answer in timely if (taken := minutes(answer, started_at)) is not None]
    return Figures(
        asked=len(answers),
        reached=sum(answer.reached for answer in answers),
        answered=len(timely),
        late=sum(answer.at is not None for answer in answers) - len(timely),
        share=round(len(timely) / len(answers), 4) if answers else None,
        median_minutes=round(median(taken), 1) if taken else None,
    )


def by_unit(answers: Sequence[Answer], started_at: datetime, deadline: datetime) -> list[UnitReport]:
    """Return a report for each unit, counties first, then by name."""
    units: dict[str, list[Answer]] = {}
    for answer in answers:
        units.setdefault(answer.unit or NO_UNIT, []).append(answer)
    found = [
        UnitReport(
            unit,
            any(member.county for member in members),
            figures(members, started_at, deadline),
            tuple(member.name for member in members if not in_time(member, deadline)),
        )
        for unit, members in units.items()
    ]
    return sorted(found, key=lambda one: (not one.county, one.unit))


def compare(
    now: Figures, before: Figures, answered: Mapping[str, bool], answered_before: Mapping[str, bool], names: Names
) -> Comparison:
    """Set a check beside the one before. `answered` tells by contact id who answered in time."""
    both = [id_ for id_ in answered if id_ in answered_before]
    return Comparison(
        _difference(now.share, before.share, 4),
        _difference(now.median_minutes, before.median_minutes, 1),
        _named((id_ for id_ in both if answered_before[id_] and not answered[id_]), names),
        _named((id_ for id_ in both if answered[id_] and not answered_before[id_]), names),
    )


def _named(ids: Iterable[str], names: Names) -> tuple[str, ...]:
    return tuple(sorted(names[id_] for id_ in ids))


def _difference(now: float | None, before: float | None, digits: int) -> float | None:
    return None if now is None or before is None else round(now - before, digits)
