"""`/api/v1/cases/{id}/press-conferences`: from the decision to the record (clause 五(三)3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, Seen
from services.cases.models import ConferenceRow
from services.cases.schemas.conferences import (
    AnnouncementIn,
    AnswerDecisionIn,
    ConferenceCancelIn,
    ConferenceDecisionIn,
    ConferenceHeldIn,
    ConferenceOut,
    PaperIn,
    PressConferenceIn,
    SpokespersonIn,
)
from services.cases.service.actors import Actor
from services.cases.service.conferences import Question
from services.cases.service.desk import missing
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}/press-conferences", tags=["command"])

Presser = Annotated[Principal, require("press_conferences.write")]
#: The number of a question, in a path.
Number = Annotated[int, Path(ge=1, le=1000)]


@router.get("", responses=problems(404), summary="新闻发布会列表")
async def list_press_conferences(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ConferenceOut]:
    """List a case's press conferences and decisions on them, the oldest first."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await work.all_of(session, ConferenceRow, case_id)
    return Page(items=[ConferenceOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="新闻发布会：决定，或登记已召开的")
async def decide_press_conference(
    case_id: Id, body: ConferenceDecisionIn | PressConferenceIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Decide to hold a press conference, or not to (`decision`); or record one that was held (`held_at`), in one step.

    The decision not to hold one ends the clock only where the plan lets it be waived at the level and the caller
    decides there. A conference that was held meets it.
    """
    actor = Actor.of(principal)
    if isinstance(body, PressConferenceIn):
        row, number = await parts.conferences.record(case_id, body.held_at, body.spokesperson, body.record, actor, seen)
        return ConferenceOut.of(row, number)
    return ConferenceOut.of(await parts.conferences.decide(case_id, body.decision == "hold", body.reason, actor, seen))


@router.get("/{conference_id}", responses={**problems(404), **TAGGED}, summary="一场新闻发布会")
async def get_press_conference(
    case_id: Id, conference_id: Id, parts: PartsDep, _: CaseReader, response: Response
) -> ConferenceOut:
    """Return a press conference with its Q&A paper."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await session.get(ConferenceRow, conference_id)
    if row is None or row.case_id != case_id:
        raise missing("press_conference", conference_id)
    response.headers["ETag"] = etag(case.sequence)
    return ConferenceOut.of(row)


@router.post("/{conference_id}/spokesperson", responses=problems(403, 404, 409, 412), summary="指定发言人")
async def designate_spokesperson(
    case_id: Id, conference_id: Id, body: SpokespersonIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Designate who speaks; at the levels that the plan names (I and II) only by the roles it names there."""
    actor = Actor.of(principal)
    return ConferenceOut.of(
        await parts.conferences.designate(case_id, conference_id, body.name, body.office, actor, seen)
    )


@router.put("/{conference_id}/questions", responses=problems(404, 409, 412), summary="问答材料")
async def write_paper(
    case_id: Id, conference_id: Id, body: PaperIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Write the Q&A paper. It begins with the case's open concerns; answers that stay keep their approval."""
    questions = [Question(one.question, one.answer) for one in body.questions]
    return ConferenceOut.of(
        await parts.conferences.write_paper(case_id, conference_id, questions, Actor.of(principal), seen)
    )


@router.post("/{conference_id}/questions/{number}", responses=problems(403, 404, 409, 412), summary="审批一问的答复")
async def judge_answer(
    case_id: Id,
    conference_id: Id,
    number: Number,
    body: AnswerDecisionIn,
    parts: PartsDep,
    principal: Presser,
    seen: Seen,
) -> ConferenceOut:
    """Approve an answer or send it back; by a role that decides at the level, never by whoever wrote it."""
    approve = body.decision == "approve"
    return ConferenceOut.of(
        await parts.conferences.judge(case_id, conference_id, number, approve, body.comment, Actor.of(principal), seen)
    )


@router.post("/{conference_id}/announce", responses=problems(404, 409, 412), summary="公告时间地点")
async def announce_press_conference(
    case_id: Id, conference_id: Id, body: AnnouncementIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Announce when and where it is held; again to move it. 409 while nobody has been designated to speak."""
    return ConferenceOut.of(
        await parts.conferences.announce(case_id, conference_id, body.at, body.place, Actor.of(principal), seen)
    )


@router.post("/{conference_id}/held", responses=problems(404, 409, 412), summary="发布会记录")
async def hold_press_conference(
    case_id: Id, conference_id: Id, body: ConferenceHeldIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Record that it was held, which meets the clock; 409 while an answer of its paper is not approved."""
    return ConferenceOut.of(
        await parts.conferences.hold(case_id, conference_id, body.held_at, body.record, Actor.of(principal), seen)
    )


@router.post("/{conference_id}/cancel", responses=problems(404, 409, 412), summary="取消发布会")
async def cancel_press_conference(
    case_id: Id, conference_id: Id, body: ConferenceCancelIn, parts: PartsDep, principal: Presser, seen: Seen
) -> ConferenceOut:
    """Call it off, with the reason; the clock runs on."""
    return ConferenceOut.of(
        await parts.conferences.cancel(case_id, conference_id, body.reason, Actor.of(principal), seen)
    )
