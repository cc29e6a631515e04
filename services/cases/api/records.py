"""`/api/v1/cases/{id}/…`: clocks and the timeline."""

from __future__ import annotations

from fastapi import APIRouter

from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.cases import store
from services.cases.api.parts import CaseReader, Id, PartsDep, bad_cursor
from services.cases.schemas.records import ClockOut, EntryOut, VerdictOut

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
