"""Quiet hours (静默时段): when somebody is not to be disturbed, and what disturbs them all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.words import Level, NotificationKind
from language.calendar import SHANGHAI

#: Levels of which nothing waits (Ⅰ特别重大, Ⅱ重大或较大).
BREAKING_LEVELS: Final = frozenset({Level.I, Level.II})
#: Kinds that wait for nobody's night, whatever the level: a deadline or a decision has been missed, or a receipt is
#: being waited for (clause 五(二)3: information passed on; the hand-over of a shift).
BREAKING_KINDS: Final = frozenset(
    {
        NotificationKind.CLOCK_BREACHED,
        NotificationKind.DECISION_OVERDUE,
        NotificationKind.INFORMATION_PASSED,
        NotificationKind.HANDED_OVER,
    }
)
#: Nothing is held back longer, however the windows adjoin: from Friday evening to Monday morning is 58 to 62 hours.
LONGEST: Final = timedelta(hours=72)

_START: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
_END: Final = r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"


class QuietWindow(BaseModel):
    """A window of quiet on some weekdays, in local time (Asia/Shanghai). One that ends no later than it begins ends on
    the next day; its weekday is the one on which it begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(
        tuple(range(1, 8)), min_length=1, max_length=7, description="1 Monday to 7 Sunday"
    )
    start: str = Field(pattern=_START, examples=["22:00"])
    end: str = Field(pattern=_END, examples=["07:00"])

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.start == self.end:
            raise ValueError("静默时段的起止时间不能相同（全天为 00:00 至 24:00）/ start and end must differ")
        return self

    def end_at(self, day: date, at: datetime) -> datetime | None:
        """Return when the window that begins on `day` ends, where it covers the local instant `at`; else None."""
        if day.isoweekday() not in self.weekdays:
            return None
        midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        begins, ends = midnight + _since_midnight(self.start), midnight + _since_midnight(self.end)
        if ends <= begins:
            ends += timedelta(days=1)
        return ends if begins <= at < ends else None

    def __str__(self) -> str:
        days = (
            "每天"
            if len(set(self.weekdays)) == 7
            else "周" + "".join("一二三四五六日"[day - 1] for day in self.weekdays)
        )
        return f"{days} {self.start}-{self.end}"


def quiet_until(windows: Sequence[QuietWindow], instant: datetime) -> datetime | None:
    """Return when the quiet around `instant` ends, at most :data:`LONGEST` later; None where there is none."""
    at = instant.astimezone(SHANGHAI)
    latest = at + LONGEST
    end: datetime | None = None
    while at < latest:
        days = (at.date(), at.date() - timedelta(days=1))
        ends = [found for window in windows for day in days if (found := window.end_at(day, at)) is not None]
        if not ends:
            break
        at = end = max(ends)
    return None if end is None else min(end, latest).astimezone(instant.tzinfo)


def breaks_quiet(kind: NotificationKind, level: Level | None) -> bool:
    """Tell whether a notification is sent in quiet hours too."""
    return level in BREAKING_LEVELS or kind in BREAKING_KINDS


def held_until(
    windows: Sequence[QuietWindow], kind: NotificationKind, level: Level | None, instant: datetime
) -> datetime | None:
    """Return until when a notification waits for somebody's quiet hours to end; None where it does not."""
    return None if breaks_quiet(kind, level) else quiet_until(windows, instant)


def _since_midnight(clock: str) -> timedelta:
    hours, _, minutes = clock.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
