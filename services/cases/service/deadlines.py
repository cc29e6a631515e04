"""The pass that moves clocks on: warnings, breaches and escalations, each told once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from contracts.messages import ClockTold, Recipient
from contracts.streams import CASES_CHANGED
from contracts.words import ClockKind, NotificationKind, Role
from services.cases import store
from services.cases.clocks import Clock, Telling, TellingKind, next_instant, remaining, tick
from services.cases.labels import CLOCK_NAMES
from services.cases.models import TaskRow
from services.cases.numbering import show_time
from services.cases.plan.figures import show_duration
from services.cases.roles import list_roles
from services.cases.service.actors import PLAN
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import PASS_BATCH, Desk

#: How an entry begins that names several clocks.
_TOGETHER: Final = {
    "clock_warning": "任务时限提醒",
    "clock_breached": "任务超时",
    "clock_escalated": "任务超时升级",
    "clock_resumed": "任务时限恢复",
}


class Deadlines:
    """Moves the clocks of all cases to the present."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move_on(self) -> int:
        """Let every clock that has something to say say it; returns how many things were told."""
        now = self._desk.clock.now()
        async with self._desk.database.reading() as session:
            due = await store.cases_with_due_clocks(session, now, PASS_BATCH)
        return await self._desk.move_each(due, move_case, "clocks")


@dataclass(frozen=True, slots=True)
class _Said:
    """What one clock has to say in a pass: for the timeline, and what follows once that is entered."""

    kind: str
    text: str
    data: dict[str, Any]
    then: Callable[[], Awaitable[None]]


async def move_case(file: CaseFile) -> int:
    """Let every clock of a case that has something to say say it; returns how many things were told.

    What the clocks of several tasks say alike in one pass is one entry that names them all.
    """
    shares = file.plan.clocks.warn_at.shares
    said: dict[tuple[str, str], list[_Said]] = {}
    told = 0
    for clock in await file.clocks():
        steps = file.escalation(clock)
        due = next_instant(clock, shares, steps)
        if due is None or due > file.now:
            continue
        moved, tellings = tick(clock, file.now, shares, steps)
        await file.save([moved])
        for one in await _sayings(file, moved, tellings):
            alike = "" if moved.kind is ClockKind.TASK else moved.id
            said.setdefault((one.kind, alike), []).append(one)
        told += len(tellings)
    for (kind, _), group in said.items():
        await _enter(file, kind, group)
        for one in group:
            await one.then()
    return told


async def _enter(file: CaseFile, kind: str, group: Sequence[_Said]) -> None:
    if len(group) == 1:
        await file.enter(kind, group[0].text, PLAN, **group[0].data)
        return
    text = f"{_TOGETHER[kind]} {len(group)} 项：{'；'.join(one.text for one in group)}"
    await file.enter(kind, text, PLAN, clocks=[one.data for one in group])


async def _sayings(file: CaseFile, clock: Clock, tellings: list[Telling]) -> list[_Said]:
    kinds = {telling.kind for telling in tellings}
    name = await _name(file, clock)
    left = remaining(clock, file.now)
    due = show_time(clock.due_at)
    steps = file.escalation(clock)
    roles = [role for t in tellings if t.step is not None for role in steps[t.step].roles]
    data = {
        "clock_id": clock.id,
        "clock": str(clock.kind),
        "level": str(clock.level),
        "due_at": clock.due_at.isoformat(),
    }
    found: list[_Said] = []
    if TellingKind.RESUMED in kinds:
        text = f"{name}时限暂停期满，自动恢复（{due} 到期）"
        then = partial(_notify, file, clock, NotificationKind.CLOCK_WARNING, "时限恢复", text, ())
        found.append(_Said("clock_resumed", text, data, then))
    if TellingKind.WARNING in kinds:
        share = next(telling.share for telling in tellings if telling.kind is TellingKind.WARNING)
        text = f"{name}时限已过 {share:.0%}，还剩 {show_duration(left)}（{due} 到期）"
        then = partial(_tell, file, clock, NotificationKind.CLOCK_WARNING, "时限提醒", text)
        found.append(_Said("clock_warning", text, {"share": share, **data}, then))
    elif TellingKind.BREACHED in kinds:
        text = f"{name}超时（{due} 到期）" + (f"，上报{list_roles(roles)}" if roles else "")
        then = partial(_tell, file, clock, NotificationKind.CLOCK_BREACHED, "超时", text, roles)
        found.append(_Said("clock_breached", text, data, then))
    elif TellingKind.ESCALATION in kinds:
        late = show_duration(-left)
        text = f"{name}已超时 {late}，上报{list_roles(roles)}"
        then = partial(_escalate, file, clock, f"{name}已超时 {late}（{due} 到期）", roles)
        found.append(_Said("clock_escalated", text, {"roles": [str(role) for role in roles], **data}, then))
    return found


async def _tell(
    file: CaseFile, clock: Clock, kind: NotificationKind, tag: str, text: str, roles: Iterable[Role] = ()
) -> None:
    await _publish(file, clock, "clock.warning" if kind is NotificationKind.CLOCK_WARNING else "clock.breached")
    await _notify(file, clock, kind, tag, text, roles)


async def _escalate(file: CaseFile, clock: Clock, said: str, roles: Iterable[Role]) -> None:
    await file.notify(
        NotificationKind.CLOCK_BREACHED,
        f"【超时升级】{file.row.number} {await _name(file, clock)}",
        f"{file.row.title}\n{said}",
        level=clock.level,
        only=roles,
    )


async def _notify(
    file: CaseFile, clock: Clock, kind: NotificationKind, tag: str, text: str, roles: Iterable[Role]
) -> None:
    name = await _name(file, clock)
    subject, body = f"【{tag}】{file.row.number} {name}", f"{file.row.title}\n{text}"
    task = await _task(file, clock)
    if task is not None:
        # a late task concerns whoever is to do it, and the office that keeps the list once it is overdue
        owner = Recipient(role=Role(task.role), unit=task.unit or None)
        only: list[Role | Recipient] = [owner, *([Role.OFFICE] if kind is NotificationKind.CLOCK_BREACHED else [])]
        await file.notify(kind, subject, body, level=clock.level, only=only)
        return
    await file.notify(kind, subject, body, level=clock.level, also=roles)


async def _publish(file: CaseFile, clock: Clock, type_: str) -> None:
    payload = ClockTold(
        case_id=file.row.id,
        number=file.row.number,
        clock_id=clock.id,
        kind=clock.kind,
        level=clock.level,
        due_at=clock.due_at,
        elapsed=clock.elapsed(file.now),
        drill=file.row.drill,
        seen_by=await file.parties(),
    )
    await file.tell(CASES_CHANGED, type_, file.row.id, payload)


async def _task(file: CaseFile, clock: Clock) -> TaskRow | None:
    return await file.session.get(TaskRow, clock.subject) if clock.kind is ClockKind.TASK and clock.subject else None


async def _name(file: CaseFile, clock: Clock) -> str:
    task = await _task(file, clock)
    return f"任务“{task.title}”" if task else CLOCK_NAMES[clock.kind]
