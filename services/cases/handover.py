"""The note of a hand-over at a change of shift (交接班记录), written from what the case's rows say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.cases.numbering import show_time
from services.cases.plan.figures import show_duration

#: How far ahead a deadline counts as close.
CLOSE: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Owed:
    """Something owed: what, by whom, until when (None: no time set)."""

    what: str
    who: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands. `news` are the last entries of its timeline, (time, text), the newest first."""

    number: str
    title: str
    state: str
    level: str
    watch: str
    tasks: Sequence[Owed] = ()
    clocks: Sequence[Owed] = ()
    decisions: Sequence[Owed] = ()
    replies: Sequence[Owed] = ()
    news: Sequence[tuple[datetime, str]] = field(default_factory=tuple)


def note(cases: Sequence[Standing], now: datetime) -> str:
    """Return the note of one case or of several; what is overdue comes first, then what is due soonest."""
    parts = [_case(one, now) for one in cases]
    if len(cases) == 1:
        return parts[0]
    owed = sum(len(one.tasks) for one in cases)
    late = sum(duty.due_at is not None and duty.due_at <= now for one in cases for duty in (*one.tasks, *one.clocks))
    head = f"在办处置单 {len(cases)} 件，未办任务 {owed} 项，已超时 {late} 项。"
    return "\n\n".join([head, *parts])


def _case(case: Standing, now: datetime) -> str:
    close = [duty for duty in case.clocks if duty.due_at is not None and duty.due_at <= now + CLOSE]
    sections = [
        f"【{case.number}】{case.title}",
        f"一、当前级别和状态：{case.level}，{case.state}，{case.watch}",
        _section("二、未办任务", case.tasks, now),
        _section(f"三、将到期时限（{show_duration(CLOSE)}内）", close, now),
        _section("四、待审批", case.decisions, now),
        _section("五、待回执的传递信息", case.replies, now),
        "六、最近进展：" + (_lines([f"{show_time(at)} {text}" for at, text in case.news]) or "无"),
        "七、下一步：" + (_lines(next_steps(case, now)) or "继续关注"),
    ]
    return "\n".join(sections)


def _section(title: str, duties: Sequence[Owed], now: datetime) -> str:
    return f"{title}：" + (_lines([_say(duty, now) for duty in by_urgency(duties)]) or "无")


def _lines(items: Sequence[str]) -> str:
    return "".join(f"\n  {i}. {item}" for i, item in enumerate(items, 1))


def _say(duty: Owed, now: datetime) -> str:
    who = f"（{duty.who}）" if duty.who else ""
    if duty.due_at is None:
        return f"{duty.what}{who}"
    left = duty.due_at - now
    when = f"还剩 {show_duration(left)}" if left > timedelta() else f"已超时 {show_duration(-left)}"
    return f"{duty.what}{who}，{show_time(duty.due_at)} 到期，{when}"


def by_urgency(duties: Sequence[Owed]) -> list[Owed]:
    """Return duties in the order of their times; those without one come last."""
    return sorted(duties, key=lambda duty: (duty.due_at is None, duty.due_at.timestamp() if duty.due_at else 0.0))


def next_steps(case: Standing, now: datetime, most: int = 5) -> list[str]:
    """Return what the next shift has to do first: what is overdue, decisions to be had, then what is due soonest."""
    timed = [duty for duty in by_urgency([*case.clocks, *case.tasks, *case.replies]) if duty.due_at is not None]
    late = [f"立即补办：{duty.what}" for duty in timed if duty.due_at is not None and duty.due_at <= now]
    decisions = [f"催办：{duty.what}" for duty in case.decisions]
    soon = [
        f"{show_time(duty.due_at)} 前：{duty.what}" for duty in timed if duty.due_at is not None and duty.due_at > now
    ]
    return list(dict.fromkeys([*late, *decisions, *soon]))[:most]
