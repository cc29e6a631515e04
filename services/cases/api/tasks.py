"""`/api/v1/cases/{id}/tasks` and `/api/v1/tasks`: the work of a case, and one's own work across cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.cases import store
from services.cases.access import Own, own_of
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, Seen, bad_cursor
from services.cases.schemas.tasks import BulkIn, BulkItemOut, BulkOut, TaskActionIn, TaskDoneIn, TaskIn, TaskOut
from services.cases.service.actors import Actor
from services.cases.service.desk import missing
from services.cases.service.tasks import Act, Giving, Outcome
from services.cases.store import work
from services.cases.tasks import TaskAction, TaskState

router = APIRouter(prefix="/api/v1/cases/{case_id}/tasks", tags=["tasks"])
across = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])

TaskWriter = Annotated[Principal, require("tasks.write")]


@router.get("", responses=problems(404), summary="任务")
async def list_tasks(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[TaskOut]:
    """List a case's tasks: those of the playbook in its order, then those given by hand."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = await store.tasks(session, case_id)
    now = parts.desk.clock.now()
    return Page(items=[TaskOut.of(task, plan, now) for task in found])


@router.post("", status_code=201, responses=problems(403, 404, 409, 412), summary="交办任务")
async def give_task(case_id: Id, body: TaskIn, parts: PartsDep, principal: TaskWriter, seen: Seen) -> TaskOut:
    """Give a task by hand. Its unit takes part in the case from now on and is told. 409 where tasks form a ring."""
    giving = Giving(body.title, body.role, body.unit, body.person, body.due_at, tuple(body.after))
    task = await parts.tasks.give(case_id, giving, Actor.of(principal), seen)
    return TaskOut.of(task, await parts.plan_of(await parts.case(case_id)), parts.desk.clock.now())


@router.get("/{task_id}", responses={**problems(404), **TAGGED}, summary="一项任务")
async def get_task(case_id: Id, task_id: Id, parts: PartsDep, _: CaseReader, response: Response) -> TaskOut:
    """Return a task."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = [task for task in await store.tasks(session, case_id) if task.id == task_id]
    if not found:
        raise missing("task", task_id)
    response.headers["ETag"] = etag(row.sequence)
    return TaskOut.of(found[0], plan, parts.desk.clock.now())


@router.patch("/{task_id}", responses=problems(403, 404, 409, 412), summary="完成任务或调整前置任务")
async def change_task(
    case_id: Id, task_id: Id, body: TaskDoneIn, parts: PartsDep, principal: TaskWriter, seen: Seen
) -> TaskOut:
    """Mark a task as done, with evidence, which meets its clock; or change what it waits for."""
    if not body.done:
        raise Problem(
            409, "case.task_done", zh="任务只能标为完成", en="A task can only be marked as done", rule="task_done"
        )
    actor = Actor.of(principal)
    if body.after is not None:
        task = await parts.tasks.wait_for(case_id, task_id, body.after, actor, seen)
    else:
        task = await parts.tasks.act(case_id, task_id, Act(TaskAction.COMPLETE, body.evidence or ""), actor, seen)
    return TaskOut.of(task, await parts.plan_of(await parts.case(case_id)), parts.desk.clock.now())


@router.post("/{task_id}", responses=problems(403, 404, 409, 412), summary="分派、受理、完成、取消、重新办理")
async def act_on_task(
    case_id: Id, task_id: Id, body: TaskActionIn, parts: PartsDep, principal: TaskWriter, seen: Seen
) -> TaskOut:
    """Assign, accept, complete, drop or reopen a task. 409 names the rule that forbids it."""
    task = await parts.tasks.act(case_id, task_id, body.act(), Actor.of(principal), seen)
    return TaskOut.of(task, await parts.plan_of(await parts.case(case_id)), parts.desk.clock.now())


@across.get("", responses=problems(400), summary="跨处置单任务")
async def list_all_tasks(
    parts: PartsDep,
    caller: CaseReader,
    page: PageParams,
    mine: Annotated[bool, Query(description="only of the caller's roles and unit, or given to them by name")] = False,
    open_only: Annotated[bool, Query(alias="open", description="only those still owed, of cases being worked")] = False,
    overdue: Annotated[bool, Query(description="only those whose time has passed")] = False,
    state: Annotated[list[TaskState] | None, Query(description="in any of these states")] = None,
) -> Page[TaskOut]:
    """List tasks of all cases, those due soonest first; to a department, county or expert, of their cases only."""
    now = parts.desk.clock.now()
    held = Own(caller.roles, caller.unit or "", caller.name) if mine else None
    async with parts.desk.database.reading() as session:
        rows = await work.task_page(
            session,
            page.limit,
            _after(page.after_times(0)),
            own=own_of(caller, "cases.read"),
            mine=held,
            open_only=open_only,
            states=state or (),
            overdue_at=now if overdue else None,
        )
        plans = {
            version: await parts.desk.plans.version(session, version)
            for version in {case.plan_version for _, case in rows}
        }
    return page_of(
        rows,
        page,
        lambda pair: (work.due_of(pair[0]), pair[0].id),
        lambda pair: TaskOut.of(pair[0], plans[pair[1].plan_version], now, pair[1]),
    )


@across.post("/bulk", responses=problems(), summary="批量办理任务")
async def act_on_tasks(body: BulkIn, parts: PartsDep, principal: TaskWriter) -> BulkOut:
    """Do the same with many tasks; each succeeds or fails by itself, so that one refusal holds up no other."""
    outcomes = await parts.tasks.bulk(body.ids, body.act(), Actor.of(principal))
    items = [_item(one) for one in outcomes]
    done = sum(one.status == 200 for one in items)
    return BulkOut(items=items, done=done, failed=len(items) - done)


def _item(outcome: Outcome) -> BulkItemOut:
    if outcome.task is not None:
        return BulkItemOut(id=outcome.task_id, status=200, state=TaskState(outcome.task.state))
    problem = outcome.problem
    assert problem is not None
    return BulkItemOut(id=outcome.task_id, status=problem.status, rule=problem.slug, detail=problem.zh)


def _after(key: list[Any] | None) -> list[Any] | None:
    if key is None or (len(key) == 2 and isinstance(key[0], datetime) and isinstance(key[1], str)):
        return key
    raise bad_cursor()
