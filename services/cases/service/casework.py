"""What people do with a case: move it on, report up, hold a press conference, do its tasks, watch it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError

from contracts.words import CaseState, ClockKind, NotificationKind, Role, WatchMode
from kit.problems import Problem
from services.cases import store
from services.cases.approvals import ApprovalState
from services.cases.lifecycle import OPEN_STATES, STATE_NAMES, Circumstances, Refused, move
from services.cases.models import CaseRow, TaskRow
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import Desk, missing
from services.cases.service.levels import role_name
from services.cases.timeline import Verdict, verify

#: May refuse a caller who has not seen the newest state (If-Match).
Check = Callable[[CaseFile], None]

#: Duties that end with the response.
_OF_RESPONSE: Final = (
    ClockKind.ACKNOWLEDGE,
    ClockKind.REPORT_UP,
    ClockKind.FIRST_RELEASE,
    ClockKind.PRESS_CONFERENCE,
    ClockKind.NEXT_UPDATE,
)


class Casework:
    """Changes that people make to cases."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move(self, case_id: str, to: CaseState, reason: str, actor: Actor, check: Check) -> CaseRow:
        """Take a step of the lifecycle; 409 with the rule where it is refused."""
        async with self._desk.case(case_id) as file:
            check(file)
            came_from = file.state
            step = move(came_from, to, await _circumstances(file, reason))
            file.row.state = to
            await _AFTER[step](file)
            text = f"{STATE_NAMES[came_from]} → {STATE_NAMES[to]}" + (f"：{reason}" if reason else "")
            await file.enter("state_changed", text, actor, step=step, came_from=str(came_from), to=str(to))
            if to not in (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING):
                await _end_watch(file)
            await file.notify(
                NotificationKind.CASE_CHANGED, f"【{STATE_NAMES[to]}】{file.row.number}", f"{file.row.title}\n{text}"
            )
            return file.row

    async def report_up(self, case_id: str, to: Role, text: str, actor: Actor, check: Check) -> int:
        """Record a report to a superior; it meets the clock `report_up`. Returns the entry's number."""
        async with self._desk.case(case_id) as file:
            check(file)
            _must_be_open(file)
            met = await file.meet(ClockKind.REPORT_UP)
            name = role_name(file, to)
            ids = [clock.id for clock in met]
            return await file.enter("reported_up", f"向{name}报告：{text}", actor, to=str(to), clocks=ids)

    async def press_conference(
        self, case_id: str, held_at: datetime, spokesperson: str, record: str, actor: Actor, check: Check
    ) -> int:
        """Record a press conference (clause 五(三)3); it meets its clock. Returns the entry's number."""
        async with self._desk.case(case_id) as file:
            check(file)
            _must_be_open(file)
            if held_at > file.now:
                raise Refused("not_held_yet", "发布会尚未举行", "The press conference has not been held yet")
            met = await file.meet(ClockKind.PRESS_CONFERENCE)
            return await file.enter(
                "press_conference",
                f"召开新闻发布会，发言人：{spokesperson}。{record}",
                actor,
                held_at=held_at.isoformat(),
                spokesperson=spokesperson,
                clocks=[clock.id for clock in met],
            )

    async def complete_task(self, case_id: str, task_id: str, evidence: str, actor: Actor, check: Check) -> TaskRow:
        """Mark a task as done with its evidence; 409 where it is done already."""
        async with self._desk.case(case_id) as file:
            check(file)
            task = await file.session.get(TaskRow, task_id)
            if task is None or task.case_id != case_id:
                raise missing("task", task_id)
            if task.done_at is not None:
                raise Refused("task_done", "任务已完成", "The task is done already")
            task.done_at, task.done_by, task.evidence = file.now, actor.name, evidence
            file.session.add(task)
            await file.meet(ClockKind.TASK, subject=task.id)
            text = f"完成任务“{task.title}”：{evidence}"
            await file.enter("task_done", text, actor, task_id=task.id, key=task.key, evidence=evidence)
            return task

    async def watch(self, case_id: str, mode: WatchMode, reason: str, actor: Actor, check: Check) -> CaseRow:
        """Change how closely a case is watched; nothing happens where it is so already."""
        async with self._desk.case(case_id) as file:
            check(file)
            _must_be_open(file)
            if file.row.watch_mode != mode:
                await file.watch(mode, actor, reason or "人工决定")
            return file.row

    async def verify(self, case_id: str) -> Verdict:
        """Check a case's whole timeline; 404 where there is no such case."""
        async with self._desk.database.reading() as session:
            row = await store.case(session, case_id)
            if row is None:
                raise missing("case", case_id)
            length, head = row.sequence, row.head
            entries = [store.sealed(entry) for entry in await store.timeline(session, case_id)]
        # entries added after the case was read are not held against it
        return verify(case_id, entries[:length] if len(entries) > length else entries, length, head)


async def _circumstances(file: CaseFile, reason: str) -> Circumstances:
    row = file.row
    days = file.plan.aftercare.monitor[file.level].days
    pending = await store.pending_approval(file.session, row.id)
    said = await store.statements(file.session, row.id)
    return Circumstances(
        reason=reason.strip(),
        level_active=row.level_active,
        release_settled=any(statement.published_at for statement in said),
        aftercare_over=row.monitoring_since is not None and file.now >= row.monitoring_since + timedelta(days=days),
        proposal_pending=pending is not None,
    )


def _must_be_open(file: CaseFile) -> None:
    if file.state not in OPEN_STATES:
        name = STATE_NAMES[file.state]
        raise Refused("case_settled", f"处置单已{name}", f"The case is {file.state}")


async def _nothing(_file: CaseFile) -> None:
    """Taking up the assessment or the response changes nothing else."""


async def _dismissed(file: CaseFile) -> None:
    await file.cancel()
    await _drop_proposal(file)
    file.row.open_event_id = None


async def _monitored(file: CaseFile) -> None:
    await file.cancel(_OF_RESPONSE)
    await file.start([ClockKind.REVIEW], file.now)
    file.row.monitoring_since = file.now


async def _closed(file: CaseFile) -> None:
    await file.meet(ClockKind.REVIEW)
    await file.cancel()
    file.row.open_event_id = None


async def _reopened(file: CaseFile) -> None:
    row = file.row
    row.monitoring_since, row.open_event_id = None, row.event_id
    file.session.add(row)
    try:
        await file.session.flush()
    except IntegrityError:
        raise Problem(
            409, "case.exists", zh="该事件已有另一处置单", en="The event has another open case already"
        ) from None
    await file.cancel([ClockKind.REVIEW])
    said = any(statement.published_at for statement in await store.statements(file.session, row.id))
    release = ClockKind.NEXT_UPDATE if said else ClockKind.FIRST_RELEASE
    await file.start([ClockKind.REPORT_UP, release], file.now)


_AFTER: Final = {
    "assess": _nothing,
    "respond": _nothing,
    "monitor": _monitored,
    "review": _nothing,
    "close": _closed,
    "dismiss": _dismissed,
    "reopen": _reopened,
}


async def _drop_proposal(file: CaseFile) -> None:
    pending = await store.pending_approval(file.session, file.row.id)
    if pending is not None:
        pending.state, pending.seat, pending.decided_at = ApprovalState.SUPERSEDED, None, file.now
        file.session.add(pending)


async def _end_watch(file: CaseFile) -> None:
    if file.row.watch_mode == WatchMode.SURGE:
        await file.watch(WatchMode.ROUTINE, PLAN, f"处置单转为{STATE_NAMES[file.state]}")
