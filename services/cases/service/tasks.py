"""The tasks of a case: copied from the playbook, given by hand, taken on and done, each step with its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from contracts.messages import Recipient
from contracts.permissions import CONFINED
from contracts.words import ClockKind, IncidentType, Level, NotificationKind, Role
from kit.ids import new_id
from kit.problems import Problem
from services.cases import store
from services.cases.access import own_of, owns
from services.cases.clocks import Clock, cancel
from services.cases.lifecycle import Refused
from services.cases.models import TaskRow
from services.cases.numbering import show_time
from services.cases.participation import body_name
from services.cases.plan.work import Evidence
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.checks import Check, must_be_open, must_lie_ahead
from services.cases.service.command import join
from services.cases.service.desk import Desk, missing
from services.cases.store import participants, work
from services.cases.tasks import ACTION_NAMES, OWED, Task, TaskAction, TaskState, act, check_ring, settle, waits_for

#: Where tasks that are not of the playbook stand in a case's list: after it.
_AFTER_PLAYBOOK: Final = 10_000


@dataclass(frozen=True, slots=True)
class Giving:
    """A task that is given by hand, or comes of something else (`origin`). `after` are ids of the case's tasks."""

    title: str
    role: Role
    unit: str = ""
    person: str = ""
    due_at: datetime | None = None
    after: Sequence[str] = ()
    origin: str = "hand"
    clause: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with a task: `text` is the evidence of one that is done, else the reason.

    `role`, `unit` and `person` say to whom it is assigned.
    """

    action: TaskAction
    text: str = ""
    role: Role | None = None
    unit: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one task of a bulk action: the task, or why it stayed as it was."""

    task_id: str
    task: TaskRow | None = None
    problem: Problem | None = field(default=None, compare=False)


class Tasks:
    """The tasks of cases, as people work on them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def give(self, case_id: str, giving: Giving, actor: Actor, check: Check) -> TaskRow:
        """Give a task by hand; 403 to another unit than one's own for a confined role, 409 for a ring."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            must_lie_ahead("due_at", giving.due_at, file.now)
            if not owns(actor, giving.role, giving.unit):
                raise _not_yours()
            return await give(file, giving, actor)

    async def act(self, case_id: str, task_id: str, done: Act, actor: Actor, check: Check) -> TaskRow:
        """Assign, accept, complete, drop or reopen a task; 403 where it is another unit's, 409 where a rule forbids."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            task = await file.session.get(TaskRow, task_id)
            if task is None or task.case_id != case_id:
                raise missing("task", task_id)
            await _act(file, task, done, actor)
            return task

    async def wait_for(self, case_id: str, task_id: str, after: Sequence[str], actor: Actor, check: Check) -> TaskRow:
        """Let a task wait for others of its case (ids) from now on; 409 where they would wait in a ring."""
        async with self._desk.case(case_id) as file:
            check(file)
            must_be_open(file)
            task = await file.session.get(TaskRow, task_id)
            if task is None or task.case_id != case_id:
                raise missing("task", task_id)
            if not owns(actor, task.role, task.unit):
                raise _not_yours()
            await _wait_for(file, task, after, actor)
            return task

    async def bulk(self, ids: Sequence[str], done: Act, actor: Actor) -> list[Outcome]:
        """Do the same with many tasks, of several cases too; each succeeds or fails by itself, in the order given."""
        async with self._desk.database.reading() as session:
            cases = await work.cases_of_tasks(session, ids)
            own = own_of(actor, "tasks.write")
            seen = {case: own is None or await participants.part_in(session, own, case) for case in set(cases.values())}
        outcomes: list[Outcome] = []
        for task_id in dict.fromkeys(ids):
            case_id = cases.get(task_id)
            try:
                if case_id is None or not seen[case_id]:
                    raise missing("task", task_id)
                task = await self.act(case_id, task_id, done, actor, lambda _file: None)
            except Problem as problem:
                outcomes.append(Outcome(task_id, problem=problem))
            else:
                outcomes.append(Outcome(task_id, task))
        return outcomes


async def add_playbook(file: CaseFile, level: Level, at: datetime) -> None:
    """Copy the playbook's tasks for `level` that the case has not yet got; their clocks run from `at`.

    A task of a confined role goes to its unit where just one takes part. Those that wait for others are blocked.
    """
    rows = {task.key: task for task in await store.tasks(file.session, file.row.id)}
    order = {task.key: i for i, task in enumerate(file.plan.playbook)}
    present = [row for row in await file.participants() if row.left_at is None]
    units = {role: {row.unit for row in present if row.role == role and not row.person} for role in CONFINED}
    started: list[Clock] = []
    for task in file.plan.tasks_for(level, IncidentType(file.row.incident_type)):
        if task.key in rows:
            continue
        mine = units.get(task.role, set())
        row = rows[task.key] = TaskRow(
            id=new_id(),
            case_id=file.row.id,
            key=task.key,
            title=task.title,
            role=task.role,
            unit=next(iter(mine)) if len(mine) == 1 else "",
            clause=task.clause,
            source=task.due.origin if task.due else None,
            position=order[task.key],
            met_by=task.met_by,
            state=TaskState.OPEN,
            after=list(task.after),
            created_at=file.now,
            created_by=PLAN.name,
        )
        if task.due is not None:
            row.due_at = at + task.due.within
            if task.due_from == "free":
                row.seconds = int(task.due.within.total_seconds())
            started.append(Clock(new_id(), ClockKind.TASK, level, at, row.due_at, subject=row.id))
        file.session.add(row)
    await file.save(started)
    await _settle_rows(file, rows, tell=False)


async def give(file: CaseFile, giving: Giving, actor: Actor) -> TaskRow:
    """Add a task to a case, with its clock, and tell whoever is to do it."""
    rows = await store.tasks(file.session, file.row.id)
    known = {row.id: row for row in rows}
    for id_ in giving.after:
        if id_ not in known:
            raise missing("task", id_)
    position = max([_AFTER_PLAYBOOK - 1, *(row.position for row in rows)]) + 1
    key = f"{giving.origin}-{position - _AFTER_PLAYBOOK + 1}"
    after = [known[id_].key for id_ in dict.fromkeys(giving.after)]
    check_ring([_seen(row) for row in rows], key, after)
    row = TaskRow(
        id=new_id(),
        case_id=file.row.id,
        key=key,
        title=giving.title,
        role=giving.role,
        unit=giving.unit,
        person=giving.person,
        clause=giving.clause,
        source=giving.source,
        position=position,
        origin=giving.origin,
        state=TaskState.OPEN,
        after=after,
        created_at=file.now,
        created_by=actor.name,
        due_at=giving.due_at,
    )
    if waits_for(_seen(row), [_seen(one) for one in rows]):
        row.state = TaskState.BLOCKED
    file.session.add(row)
    await file.session.flush()
    if row.due_at is not None:
        await file.save([Clock(new_id(), ClockKind.TASK, file.level, file.now, row.due_at, subject=row.id)])
    await join(file, giving.role, giving.unit, row.title[:200], actor)
    if giving.origin == "information":  # its own entry and notice name the task
        return row
    due = f"，{show_time(row.due_at)} 前完成" if row.due_at else ""
    text = f"交办任务“{row.title}”：{_owner(file, row)}{due}"
    await file.enter("task_given", text, actor, task_id=row.id, key=row.key, role=row.role, unit=row.unit, after=after)
    await _tell(file, row, "新任务")
    return row


async def _wait_for(file: CaseFile, row: TaskRow, after: Sequence[str], actor: Actor) -> None:
    rows = await store.tasks(file.session, file.row.id)
    known = {one.id: one.key for one in rows}
    for id_ in after:
        if id_ not in known:
            raise missing("task", id_)
    keys = [known[id_] for id_ in dict.fromkeys(after)]
    check_ring([_seen(one) for one in rows], row.key, keys)
    row.after = keys
    file.session.add(row)
    await file.session.flush()
    titles = {one.key: one.title for one in rows}
    said = "、".join(f"“{titles[key]}”" for key in keys) or "无"
    await file.enter("task_changed", f"任务“{row.title}”的前置任务：{said}", actor, task_id=row.id, after=keys)
    await _settle(file)


async def met(file: CaseFile, evidence: Evidence, text: str, actor: Actor) -> list[str]:
    """Complete the tasks of which a record is the evidence (`met_by` in the playbook); returns their keys."""
    rows = await store.tasks(file.session, file.row.id)
    found = [row for row in rows if row.met_by == evidence and row.state in OWED]
    for row in found:
        await _complete(file, row, text, actor)
    if found:
        await _settle(file)
    return [row.key for row in found]


async def complete(file: CaseFile, task_id: str, text: str, actor: Actor) -> None:
    """Complete a task that stands for something which has been done; nothing happens where it is settled already."""
    row = await file.session.get(TaskRow, task_id)
    if row is not None and row.state in OWED:
        await _complete(file, row, text, actor)
        await _settle(file)


async def _act(file: CaseFile, row: TaskRow, done: Act, actor: Actor) -> None:
    if not owns(actor, row.role, row.unit):
        raise _not_yours()
    rows = await store.tasks(file.session, file.row.id)
    state = act(_seen(row), done.action, [_seen(one) for one in rows])
    if done.action is TaskAction.ASSIGN:
        await _assign(file, row, state, done, actor)
    elif done.action is TaskAction.ACCEPT:
        row.state, row.accepted_at, row.accepted_by = state, file.now, actor.name
        await _enter(file, row, "task_accepted", f"受理任务“{row.title}”", actor)
    elif done.action is TaskAction.COMPLETE:
        await _complete(file, row, _wanted(done), actor)
    elif done.action is TaskAction.DROP:
        reason = _wanted(done)
        row.state, row.dropped_at, row.dropped_by, row.reason = state, file.now, actor.name, reason
        await _stop(file, row)
        await _enter(file, row, "task_dropped", f"任务“{row.title}”不再办理：{reason}", actor)
    else:
        reason = _wanted(done)
        row.state, row.reason = state, reason
        row.accepted_at = row.accepted_by = row.done_at = row.done_by = row.dropped_at = row.dropped_by = None
        await _run_again(file, row)
        await _enter(file, row, "task_reopened", f"任务“{row.title}”重新办理：{reason}", actor)
        await _tell(file, row, "任务重新办理")
    await _settle(file)


async def _assign(file: CaseFile, row: TaskRow, state: TaskState, done: Act, actor: Actor) -> None:
    role = done.role or Role(row.role)
    if not owns(actor, role, done.unit):
        raise _not_yours()
    row.role, row.unit, row.person, row.state = role, done.unit, done.person, state
    row.accepted_at = row.accepted_by = None
    file.session.add(row)
    await file.session.flush()
    await join(file, role, done.unit, row.title[:200], actor)
    note = f"：{done.text}" if done.text else ""
    await _enter(file, row, "task_assigned", f"任务“{row.title}”分派给{_owner(file, row)}{note}", actor)
    await _tell(file, row, "任务分派")


async def _complete(file: CaseFile, row: TaskRow, evidence: str, actor: Actor) -> None:
    row.state, row.done_at, row.done_by, row.evidence = TaskState.DONE, file.now, actor.name, evidence
    file.session.add(row)
    await file.session.flush()
    clocks = [clock.id for clock in await file.meet(ClockKind.TASK, subject=row.id)]
    text = f"完成任务“{row.title}”：{evidence}"
    await file.enter("task_done", text, actor, task_id=row.id, key=row.key, evidence=evidence, clocks=clocks)


async def _enter(file: CaseFile, row: TaskRow, kind: str, text: str, actor: Actor) -> None:
    file.session.add(row)
    await file.session.flush()
    await file.enter(kind, text, actor, task_id=row.id, key=row.key, role=row.role, unit=row.unit)


async def _settle(file: CaseFile) -> None:
    """Free the tasks that wait for nothing any more, hold those up that do; each is entered and told."""
    rows = {row.key: row for row in await store.tasks(file.session, file.row.id)}
    await _settle_rows(file, rows, tell=True)


async def _settle_rows(file: CaseFile, rows: dict[str, TaskRow], *, tell: bool) -> None:
    for key, state in settle([_seen(row) for row in rows.values()]).items():
        row = rows[key]
        row.state = state
        if row.seconds is not None:
            await _stop(file, row)
            row.due_at = None
            if state is TaskState.OPEN:
                row.due_at = file.now + timedelta(seconds=row.seconds)
                await file.save([Clock(new_id(), ClockKind.TASK, file.level, file.now, row.due_at, subject=row.id)])
        file.session.add(row)
        if not tell:
            continue
        if state is TaskState.OPEN:
            due = f"，{show_time(row.due_at)} 到期" if row.due_at else ""
            await _enter(file, row, "task_freed", f"前置任务已办结，可办理“{row.title}”{due}", PLAN)
            await _tell(file, row, "任务可以办理")
        else:
            await _enter(file, row, "task_held", f"任务“{row.title}”须待前置任务办结", PLAN)


async def _stop(file: CaseFile, row: TaskRow) -> None:
    await file.save([cancel(one, file.now) for one in await file.clocks() if one.subject == row.id and one.is_open])


async def _run_again(file: CaseFile, row: TaskRow) -> None:
    """Let the time of a reopened task run on as it stood: its due time stays, late or not.

    Where it counts from when the task is free, one that is blocked again has none until then.
    """
    if row.seconds is not None and row.state == TaskState.BLOCKED:
        row.due_at = None
        return
    started = [clock.started_at for clock in await file.clocks() if clock.subject == row.id]
    if row.due_at is None and row.seconds is not None:
        row.due_at = file.now + timedelta(seconds=row.seconds)
        started.append(file.now)
    if row.due_at is not None:
        start = max(started, default=file.now)
        await file.save([Clock(new_id(), ClockKind.TASK, file.level, start, row.due_at, subject=row.id)])


async def _tell(file: CaseFile, row: TaskRow, what: str) -> None:
    due = f"\n时限：{show_time(row.due_at)}" if row.due_at else ""
    await file.notify(
        NotificationKind.TASK_ASSIGNED,
        f"【{what}】{file.row.number} {row.title[:60]}",
        f"{file.row.title}\n{row.title}\n承办：{_owner(file, row)}{due}",
        only=[Recipient(role=Role(row.role), unit=row.unit or None)],
    )


def _seen(row: TaskRow) -> Task:
    return Task(row.key, TaskState(row.state), tuple(row.after))


def _owner(file: CaseFile, row: TaskRow) -> str:
    return body_name(file.plan, row.role, row.unit, row.person)


def _wanted(done: Act) -> str:
    if done.text.strip():
        return done.text
    if done.action is TaskAction.COMPLETE:
        raise Refused("evidence_missing", "完成任务须写明依据", "A task is done by its evidence; say what it is")
    name = ACTION_NAMES[done.action]
    raise Refused("reason_missing", f"{name}任务须说明理由", f"To {done.action} a task needs a reason")


def _not_yours() -> Problem:
    return Problem(403, "task.not_yours", zh="任务由其他单位承担", en="The task is another unit's")
