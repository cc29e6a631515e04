"""Backtests over HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import BaseModel, Field

from contracts.words import Level
from services.cases.plan.comparing import Day, Difference, EventRow, LevelTotals, Shift
from services.cases.schemas.body import Body
from services.cases.service.backtesting import Outcome


class BacktestIn(Body):
    """A stored version of the plan that is to be replayed."""

    version: str = Field(max_length=60, pattern=r"^[0-9A-Za-z._-]+$", examples=["2026.2"])


class WouldOut(BaseModel):
    """An alert that the replayed plan would have raised."""

    level: Level
    at: datetime
    opens_case: bool = Field(description="it would have opened a case")
    again: list[str] = Field(description="criteria newly met since a person refused the level; empty: not refused")
    reason: str = Field(examples=["因为 省级媒体报道，定为 Ⅱ级；Ⅰ级未达到：中央媒体报道（省级媒体，须 中央媒体）"])


class CameOut(BaseModel):
    """An alert that was raised."""

    id: str
    level: Level
    at: datetime
    status: str
    case_number: str | None


class BacktestRow(BaseModel):
    """One event. `minutes_later`: how much later its gravest alert would have come (negative: earlier)."""

    event_id: str
    title: str | None = Field(description="null where the event is no longer kept")
    difference: Difference
    minutes_later: float | None
    would: list[WouldOut]
    came: list[CameOut]

    @classmethod
    def of(cls, row: EventRow, outcome: Outcome) -> BacktestRow:
        """Show an event of a backtest."""
        return cls(
            event_id=row.event_id,
            title=outcome.titles.get(row.event_id),
            difference=row.difference,
            minutes_later=round(row.seconds / 60, 1) if row.seconds is not None else None,
            would=[
                WouldOut(
                    level=one.level,
                    at=_instant(one.at),
                    opens_case=one.opens,
                    again=list(one.new),
                    reason=outcome.reason(one),
                )
                for one in row.would
            ],
            came=[
                CameOut(
                    id=alert.alert_id,
                    level=Level.of_rank(alert.rank),
                    at=_instant(alert.at),
                    status=alert.status,
                    case_number=alert.case_number,
                )
                for alert in row.came
            ],
        )


class LevelOut(BaseModel):
    """Alerts of a level."""

    level: Level
    would: int
    came: int

    @classmethod
    def of(cls, totals: LevelTotals) -> LevelOut:
        """Show a level's totals."""
        return cls(level=totals.level, would=totals.would, came=totals.came)


class DayOut(BaseModel):
    """Alerts and cases of a day in Shanghai; cases are those that the plan opens by itself."""

    day: date
    alerts_would: int
    alerts_came: int
    cases_would: int
    cases_came: int

    @classmethod
    def of(cls, day: Day) -> DayOut:
        """Show a day."""
        return cls(
            day=day.day,
            alerts_would=day.alerts_would,
            alerts_came=day.alerts_came,
            cases_would=day.cases_would,
            cases_came=day.cases_came,
        )


class BacktestShiftOut(BaseModel):
    """Events whose gravest alert would have come at another time."""

    events: int
    median_minutes: float
    largest_minutes: float

    @classmethod
    def of(cls, shift: Shift) -> BacktestShiftOut:
        """Show a shift."""
        return cls(
            events=shift.events,
            median_minutes=round(shift.median / 60, 1),
            largest_minutes=round(shift.largest / 60, 1),
        )


class BacktestOut(BaseModel):
    """A plan replayed beside what did come. Rows: differences first, the gravest at the top."""

    version: str
    since: datetime
    until: datetime
    events: int = Field(description="events that changed within the window")
    points: int = Field(description="points of their courses that were replayed")
    summary: str = Field(description="the outcome in one sentence")
    levels: list[LevelOut]
    alerts_would: int
    alerts_came: int
    alerts_a_day_would: float
    alerts_a_day_came: float
    cases_would: int
    cases_came: int
    cases_by_hand: int
    cases_a_day_would: float
    cases_a_day_came: float
    earlier: BacktestShiftOut
    later: BacktestShiftOut
    differences: dict[Difference, int]
    days: list[DayOut]
    rows: list[BacktestRow]
    rows_left_off: int

    @classmethod
    def of(cls, outcome: Outcome, rows: int) -> BacktestOut:
        """Show a backtest with up to `rows` events."""
        found = outcome.comparison
        would, came = sum(one.would for one in found.levels), sum(one.came for one in found.levels)
        days = (outcome.window.until - outcome.window.since).total_seconds() / 86400
        return cls(
            version=outcome.plan.version,
            since=outcome.window.since,
            until=outcome.window.until,
            events=outcome.events,
            points=outcome.points,
            summary=summary_of(outcome),
            levels=[LevelOut.of(one) for one in found.levels],
            alerts_would=would,
            alerts_came=came,
            alerts_a_day_would=round(would / days, 2),
            alerts_a_day_came=round(came / days, 2),
            cases_would=found.cases_would,
            cases_came=found.cases_came,
            cases_by_hand=found.cases_by_hand,
            cases_a_day_would=round(found.cases_would / days, 2),
            cases_a_day_came=round(found.cases_came / days, 2),
            earlier=BacktestShiftOut.of(found.earlier),
            later=BacktestShiftOut.of(found.later),
            differences={one: found.differences.get(one, 0) for one in Difference},
            days=[DayOut.of(day) for day in found.days],
            rows=[BacktestRow.of(row, outcome) for row in found.rows[:rows]],
            rows_left_off=max(0, len(found.rows) - rows),
        )


def summary_of(outcome: Outcome) -> str:
    """Return the outcome in one sentence of Chinese."""
    found, many = outcome.comparison, outcome.comparison.differences
    would, came = sum(one.would for one in found.levels), sum(one.came for one in found.levels)
    if not outcome.points:
        return "该区间没有事件经过的记录，无从回放"
    parts = [
        f"新增 {many.get(Difference.ADDED, 0)} 件",
        f"不再预警 {many.get(Difference.MISSED, 0)} 件",
        f"升级 {many.get(Difference.GRAVER, 0)} 件",
        f"降级 {many.get(Difference.MILDER, 0)} 件",
        f"提前 {found.earlier.events} 件",
        f"推迟 {found.later.events} 件",
    ]
    return (
        f"按 {outcome.plan.version} 版预案回放 {outcome.events} 个事件：预警 {would} 条（实际 {came} 条），"
        f"自动立单 {found.cases_would} 张（实际 {found.cases_came} 张）；与实际相比，{'，'.join(parts)}"
    )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
