"""What rosters take in over HTTP, and how rotations are stored."""

from __future__ import annotations

from datetime import UTC, date, time, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from contracts.words import Role
from kit.inputs import EARLIEST, LATEST, Instant, Plain
from services.notify.rosters.local_time import zones
from services.notify.rosters.rotation import Daily, Hourly, Rotation, Turns, Weekly
from services.notify.rosters.workdays import Days

Name = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Reason = Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
ContactId = Annotated[Plain, Field(min_length=1, max_length=64)]
Day = Annotated[date, Field(ge=EARLIEST.date(), lt=LATEST.date())]
#: a local time of day to the minute
_Minute = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), Field(examples=["08:00"])]

#: An override is for an absence; a longer one is a change of the rotation.
LONGEST_OVERRIDE: Final = timedelta(days=31)
LONGEST_SURGE: Final = timedelta(days=92)


def _known_zone(name: str) -> str:
    if name not in zones():
        raise PydanticCustomError("zone", "is no IANA time zone, such as Asia/Shanghai")
    return name


def _ascending(times: list[str]) -> list[str]:
    if sorted(set(times)) != times:
        raise PydanticCustomError("handovers", "must ascend, each time once")
    return times


Zone = Annotated[str, Field(max_length=64, examples=["Asia/Shanghai"]), AfterValidator(_known_zone)]


class Body(BaseModel):
    """Base of request bodies: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class DailyTurns(Body):
    """Turns change every day at each of the local times `handovers`, such as 08:00 and 20:00 for day and night."""

    kind: Literal["daily"]
    handovers: Annotated[list[_Minute], Field(min_length=1, max_length=6), AfterValidator(_ascending)]

    def rule(self) -> Turns:
        """Return the turns as the rules see them."""
        return Daily(tuple(time.fromisoformat(at) for at in self.handovers))


class DaysTurns(Body):
    """Turns change every `days` days on duty at the local time `at`."""

    kind: Literal["every_days"]
    days: int = Field(ge=1, le=31)
    at: _Minute

    def rule(self) -> Turns:
        """Return the turns as the rules see them."""
        return Daily((time.fromisoformat(self.at),), self.days)


class WeeklyTurns(Body):
    """Turns change once a week on `weekday` (ISO: 1 is Monday) at the local time `at`."""

    kind: Literal["weekly"]
    weekday: int = Field(ge=1, le=7)
    at: _Minute

    def rule(self) -> Turns:
        """Return the turns as the rules see them."""
        return Weekly(self.weekday, time.fromisoformat(self.at))


class HourlyTurns(Body):
    """Turns change every `hours` hours that pass, from `at` on the first day on."""

    kind: Literal["hourly"]
    hours: int = Field(ge=1, le=72)
    at: _Minute

    def rule(self) -> Turns:
        """Return the turns as the rules see them."""
        return Hourly(self.hours, time.fromisoformat(self.at))


class Between(Body):
    """A part of each day; an end before the start is the next day's."""

    start: _Minute
    end: _Minute

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.start == self.end:
            raise PydanticCustomError("between", "start and end must differ; leave `between` out for the whole day")
        return self


class RotationIn(Body):
    """A layer of a roster: people who take turns in order.

    Send `id` again to keep it; a layer without one is new. `days`: all, workdays, or rest_days by the Chinese calendar.
    `valid_until` is the instant from which on it is over.
    """

    id: Annotated[Plain, Field(max_length=64)] | None = None
    name: Name = Field(examples=["办公室值班"])
    participants: list[ContactId] = Field(min_length=1, max_length=100, description="ids of contacts, in order")
    turns: Annotated[DailyTurns | DaysTurns | WeeklyTurns | HourlyTurns, Field(discriminator="kind")]
    starts_on: Day
    valid_until: Instant | None = None
    days: Days = Days.ALL
    between: Between | None = None

    def rule(self, id_: str) -> Rotation:
        """Return the layer as the rules see it."""
        between = self.between
        return Rotation(
            id_,
            tuple(self.participants),
            self.turns.rule(),
            self.starts_on,
            self.days,
            (time.fromisoformat(between.start), time.fromisoformat(between.end)) if between else None,
            self.valid_until.astimezone(UTC) if self.valid_until else None,
        )


def stored_rotation(row: dict[str, Any]) -> RotationIn:
    """Return a layer as it is stored; its `id` is set."""
    return RotationIn.model_validate(row)


class RosterIn(Body):
    """A roster to be set up. The first layer is on duty, those below deputise.

    `unit`: whose it is, empty for the bureau itself. `role`: whom it serves. `longest_hours`: how long one person may
    be on duty in succession before that is a problem; null: for ever. `round_the_clock`: times for which nothing is
    planned are gaps.
    """

    name: Name = Field(examples=["办公室值班表"])
    zone: Zone = "Asia/Shanghai"
    unit: Name | None = Field(None, examples=["景东县移民系统"])
    role: Role | None = None
    longest_hours: int | None = Field(24, ge=1, le=1000)
    round_the_clock: bool = True
    rotations: list[RotationIn] = Field(default_factory=list, max_length=10)


class RosterPatch(Body):
    """Fields of a roster to be changed; what is left out stays. `rotations` are replaced whole."""

    name: Name | None = None
    zone: Zone | None = None
    unit: Name | None = None
    role: Role | None = None
    longest_hours: int | None = Field(None, ge=1, le=1000)
    round_the_clock: bool | None = None
    rotations: list[RotationIn] | None = Field(None, max_length=10)


class _Span(Body):
    starts_at: Instant
    ends_at: Instant

    def _check(self, longest: timedelta) -> None:
        if not timedelta(0) < self.ends_at - self.starts_at <= longest:
            raise PydanticCustomError(
                "span", "ends_at must be after starts_at, by {days} days at most", {"days": longest.days}
            )


class OverrideIn(_Span):
    """Somebody in the place of `replaces`, or, without it, added: on duty where nobody is, else the last deputy."""

    contact_id: ContactId
    replaces: ContactId | None = None
    reason: Reason = Field(examples=["病假"])

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        self._check(LONGEST_OVERRIDE)
        if self.contact_id == self.replaces:
            raise PydanticCustomError("override", "nobody can stand in for themselves")
        return self


class SurgeIn(_Span):
    """The whole roster replaced round the clock: in each line people take turns of `hours` hours.

    The first line is on duty, the others deputise.
    """

    hours: int = Field(12, ge=1, le=24, examples=[8])
    lines: list[Annotated[list[ContactId], Field(min_length=1, max_length=50)]] = Field(min_length=1, max_length=5)
    reason: Reason = Field(examples=["YQ-2026-0001 Ⅱ级响应，24 小时值班"])

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        self._check(LONGEST_SURGE)
        return self


class SwapIn(Body):
    """The shift at `at` offered for the shift at `other_at`: any instant of each shift will do."""

    at: Instant
    other_at: Instant
    reason: Reason = Field(examples=["家中有事"])


class NoteIn(Body):
    """What the shift at `at` (left out: the present one) leaves to the next."""

    text: Annotated[Plain, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    at: Instant | None = None
