"""`/api/v1/cases/{id}/…`: clocks, tasks, reports, press conferences and the timeline."""

from __future__ import annotations

from fastapi import APIRouter

from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.cases import store
from services.cases.api.parts import CaseReader, CaseWriter, Id, PartsDep, Seen, bad_cursor
from services.cases.schemas.cases import PressConferenceIn, RecordedOut, ReportIn
from services.cases.schemas.records import ClockOut, EntryOut, TaskDoneIn, TaskOut, VerdictOut
from services.cases.service.actors import Actor

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["cases"])


@router.get("/clocks", responses=problems(404), summary="时限")
async def list_clocks(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ClockOut]:
    """List a case's clocks in the order in which they were started."""
    row = await parts.case(case_id)
    now = parts.desk.clock.now()
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = await store.clocks(session, case_id)
    return Page(items=[ClockOut.of(clock, plan, now) for clock in found])


@router.get("/tasks", responses=problems(404), summary="任务")
async def list_tasks(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[TaskOut]:
    """List a case's tasks in the order of the playbook."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await store.tasks(session, case_id)
    return Page(items=[TaskOut.of(task) for task in found])


@router.patch("/tasks/{task_id}", responses=problems(404, 409, 412), summary="完成任务")
async def complete_task(
    case_id: Id, task_id: Id, body: TaskDoneIn, parts: PartsDep, principal: CaseWriter, seen: Seen
) -> TaskOut:
    """Mark a task as done, with evidence; it meets the task's clock."""
    if not body.done:
        raise Problem(
            409, "case.task_done", zh="任务只能标为完成", en="A task can only be marked as done", rule="task_done"
        )
    task = await parts.casework.complete_task(case_id, task_id, body.evidence, Actor.of(principal), seen)
    return TaskOut.of(task)


@router.post("/reports", status_code=201, responses=problems(404, 409, 412), summary="上报")
async def report_up(case_id: Id, body: ReportIn, parts: PartsDep, principal: CaseWriter, seen: Seen) -> RecordedOut:
    """Record a report to a superior; it meets the clock `report_up`."""
    number = await parts.casework.report_up(case_id, body.to, body.text, Actor.of(principal), seen)
    return RecordedOut(case_id=case_id, sequence=number)


@router.post("/press-conferences", status_code=201, responses=problems(404, 409, 412), summary="新闻发布会")
async def record_press_conference(
    case_id: Id, body: PressConferenceIn, parts: PartsDep, principal: CaseWriter, seen: Seen
) -> RecordedOut:
    """Record a press conference that was held; it meets the clock `press_conference`."""
    number = await parts.casework.press_conference(
        case_id, body.held_at, body.spokesperson, body.record, Actor.of(principal), seen
    )
    return RecordedOut(case_id=case_id, sequence=number)


@router.get("/timeline", responses=problems(400, 404), summary="时间线")
async def list_timeline(case_id: Id, parts: PartsDep, _: CaseReader, page: PageParams) -> Page[EntryOut]:
    """List a case's timeline in order, each entry with the very text that its seal covers."""
    await parts.case(case_id)
    after = page.after[0] if page.after else 0
    if not isinstance(after, int) or not 0 <= after < 2**31:
        raise bad_cursor()
    async with parts.desk.database.reading() as session:
        rows = await store.timeline(session, case_id, after, page.limit + 1)
    return page_of(rows, page, lambda row: (row.sequence,), EntryOut.of)


@router.get("/timeline/verify", responses=problems(404), summary="核验时间线")
async def verify_timeline(case_id: Id, parts: PartsDep, _: CaseReader) -> VerdictOut:
    """Check the whole chain of seals; names the first entry that is not what it was."""
    return VerdictOut.of(await parts.casework.verify(case_id))
