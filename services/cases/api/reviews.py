"""`/api/v1/cases/{id}/review`: the assessment after a case, and the changes of the plan that it proposes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.cases.api.parts import TAGGED, CaseReader, Decider, Id, PartsDep, PlanWriter, after_time_and_id
from services.cases.models import ReviewRow
from services.cases.schemas.reviews import FinishIn, MarkIn, MarkOut, PlanProposalOut, ReviewIn, ReviewOut
from services.cases.service.actors import Actor
from services.cases.service.desk import missing
from services.cases.service.reviews import ReviewCheck
from services.cases.store import aftermath as stored

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["reviews"])
plan_router = APIRouter(prefix="/api/v1/plan", tags=["plans"])

Reviewer = Annotated[Principal, require("reviews.write")]
Marker = Annotated[Principal, require("reviews.mark")]


def _seen(request: Request) -> ReviewCheck:
    def check(row: ReviewRow) -> None:
        check_if_match(request, row.version)

    return check


#: Refuses a caller whose If-Match names an older version of the review than the one about to be changed.
ReviewSeen = Annotated[ReviewCheck, Depends(_seen)]


@router.get("/review", responses={**problems(404), **TAGGED}, summary="总结评估")
async def get_review(case_id: Id, parts: PartsDep, _: CaseReader, response: Response) -> ReviewOut:
    """Return the newest review of a case, with its entity tag; 404 before one was started."""
    await parts.case(case_id)
    return await _show(parts, case_id, response)


@router.get("/reviews", responses=problems(404), summary="历次总结评估")
async def list_reviews(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ReviewOut]:
    """List a case's reviews, the newest first: one that was reopened is reviewed again."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, case.plan_version)
        rows = await stored.reviews(session, case_id)
        shown = [ReviewOut.of(row, await stored.marks(session, row.id), plan.review.marks) for row in rows]
    return Page(items=shown)


@router.post("/review", status_code=201, responses={**problems(404, 409), **TAGGED}, summary="开始总结评估")
async def start_review(case_id: Id, parts: PartsDep, principal: Reviewer, response: Response) -> ReviewOut:
    """Start the review of a case in `reviewing`: facts are read out of the case, sections come from the plan."""
    await parts.reviews.start(case_id, Actor.of(principal))
    return await _show(parts, case_id, response)


@router.patch("/review", responses={**problems(404, 409, 412), **TAGGED}, summary="撰写总结评估")
async def edit_review(
    case_id: Id, body: ReviewIn, parts: PartsDep, principal: Reviewer, seen: ReviewSeen, response: Response
) -> ReviewOut:
    """Write parts of the draft anew. 412 where somebody else has written meanwhile, 409 once it is final."""
    await parts.reviews.edit(case_id, body.edit(), Actor.of(principal), seen)
    return await _show(parts, case_id, response)


@router.post("/review/refresh", responses={**problems(404, 409, 412), **TAGGED}, summary="更新评估事实")
async def refresh_review(
    case_id: Id, parts: PartsDep, principal: Reviewer, seen: ReviewSeen, response: Response
) -> ReviewOut:
    """Read the draft's facts out of the case anew."""
    await parts.reviews.refresh(case_id, Actor.of(principal), seen)
    return await _show(parts, case_id, response)


@router.put("/review/marks", responses=problems(404, 409), summary="评分")
async def mark_review(case_id: Id, body: MarkIn, parts: PartsDep, principal: Marker) -> MarkOut:
    """Give one's marks by the plan's criteria, or give them anew."""
    return MarkOut.of(await parts.reviews.mark(case_id, body.marks, body.comment, Actor.of(principal)))


@router.post("/review/submit", responses={**problems(404, 409, 412), **TAGGED}, summary="提交定稿")
async def submit_review(
    case_id: Id, parts: PartsDep, principal: Reviewer, seen: ReviewSeen, response: Response
) -> ReviewOut:
    """Hand the draft in to be finished: every section written, and a conclusion."""
    await parts.reviews.submit(case_id, Actor.of(principal), seen)
    return await _show(parts, case_id, response)


@router.post("/review/finish", responses={**problems(404, 409, 412), **TAGGED}, summary="总结评估定稿")
async def finish_review(
    case_id: Id,
    parts: PartsDep,
    principal: Decider,
    seen: ReviewSeen,
    response: Response,
    body: FinishIn | None = None,
) -> ReviewOut:
    """Make a submitted review final, or send it back: by a role that leads it by the plan, never its submitter.

    Final it meets the clock `review`, its digest is entered in the timeline, and it never changes.
    """
    said = body or FinishIn()
    await parts.reviews.finish(case_id, said.decision == "approve", said.comment, Actor.of(principal), seen)
    return await _show(parts, case_id, response)


@plan_router.get("/proposals", responses=problems(400), summary="预案修改建议")
async def list_plan_proposals(parts: PartsDep, _: PlanWriter, page: PageParams) -> Page[PlanProposalOut]:
    """List what final reviews propose to change in the plan, newest first; reviews that propose nothing have none."""
    async with parts.desk.database.reading() as session:
        rows = await stored.final_reviews(session, page.limit, after_time_and_id(page))
    return page_of(rows, page, lambda row: (row[0].finished_at, row[0].id), lambda row: PlanProposalOut.of(*row))


async def _show(parts: PartsDep, case_id: str, response: Response) -> ReviewOut:
    async with parts.desk.database.reading() as session:
        rows = await stored.reviews(session, case_id)
        if not rows:
            raise missing("review", case_id)
        case = await parts.case(case_id)
        plan = await parts.desk.plans.version(session, case.plan_version)
        given = await stored.marks(session, rows[0].id)
    response.headers["ETag"] = etag(rows[0].version)
    return ReviewOut.of(rows[0], given, plan.review.marks)
