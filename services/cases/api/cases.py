"""`/api/v1/cases`: responses, their lifecycle, levels and approvals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from contracts.words import CaseState, Level
from kit.auth import Principal, require
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.cases import store
from services.cases.access import own_of
from services.cases.api.guard import known_alert
from services.cases.api.parts import TAGGED, CaseReader, CaseWriter, Id, PartsDep, Seen, after_time_and_id
from services.cases.lifecycle import OPEN_STATES
from services.cases.schemas.alerts import FactsIn, GradeOut
from services.cases.schemas.cases import (
    ApprovalOut,
    CaseIn,
    CaseOut,
    CasePatch,
    DecisionIn,
    LevelIn,
    TransitionIn,
    WatchIn,
)
from services.cases.service.actors import Actor
from services.cases.service.describing import Description
from services.cases.service.opening import Opening

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])

Describer = Annotated[Principal, require("cases.describe")]
#: The chain says who signs: holders of a step's roles, their delegates and deputies, whatever roles these have.
Signer = Annotated[Principal, require("cases.sign")]


@router.get("", responses=problems(400), summary="处置单列表")
async def list_cases(
    parts: PartsDep,
    caller: CaseReader,
    page: PageParams,
    state: Annotated[list[CaseState] | None, Query(description="in any of these states")] = None,
    level: Annotated[list[Level] | None, Query(description="at any of these levels")] = None,
    event_id: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9A-Za-z-]+$")] = None,
    open_only: Annotated[bool, Query(alias="open", description="only cases still being worked")] = False,
) -> Page[CaseOut]:
    """List cases, newest first; to a department, county or expert, those in which they take part."""
    states = [one for one in (state or OPEN_STATES) if one in OPEN_STATES] if open_only else list(state or [])
    if open_only and not states:
        return Page(items=[])
    async with parts.desk.database.reading() as session:
        rows = await store.case_page(
            session,
            page.limit,
            after_time_and_id(page),
            own=own_of(caller, "cases.read"),
            states=states,
            levels=level or [],
            event_id=event_id,
        )
        pending = await store.pending_approvals(session, [row.id for row in rows])
        plans = {
            version: await parts.desk.plans.version(session, version) for version in {r.plan_version for r in rows}
        }
    return page_of(
        rows,
        page,
        lambda row: (row.opened_at, row.id),
        lambda row: CaseOut.of(row, plans[row.plan_version], pending.get(row.id)),
    )


@router.post("", status_code=201, responses=problems(404, 409, 503), summary="建立处置单")
async def create_case(body: CaseIn, parts: PartsDep, principal: CaseWriter, response: Response) -> CaseOut:
    """Open a case from an event, from an alert, or by hand. 409 where the event has an open case already.

    A department or county takes part in what it opens.
    """
    actor = Actor.of(principal)
    now = parts.desk.clock.now()
    if body.alert_id:
        await known_alert(parts, principal, body.alert_id)
        row = await parts.openings.from_alert(
            body.alert_id, level=body.level, title=body.title, reason=body.reason, actor=actor, drill=body.drill
        )
    elif body.event_id:
        row = await parts.openings.from_event(
            body.event_id, level=body.level, title=body.title, reason=body.reason, actor=actor, drill=body.drill
        )
    else:
        assert body.title is not None
        assert body.level is not None
        if body.detected_at is not None and body.detected_at > now:
            raise Problem(422, "invalid-fields", zh="detected_at 不能晚于现在", en="detected_at lies in the future")
        row = await parts.openings.by_hand(
            Opening(
                title=body.title,
                level=body.level,
                reason=body.reason or "人工建立",
                detected_at=body.detected_at or now,
                summary=body.summary,
                incident_type=body.incident_type,
                drill=body.drill,
            ),
            actor,
        )
    response.headers["Location"] = f"/api/v1/cases/{row.id}"
    return await parts.show(row, principal, response)


@router.get("/{case_id}", responses={**problems(404), **TAGGED}, summary="一张处置单")
async def get_case(case_id: Id, parts: PartsDep, caller: CaseReader, response: Response) -> CaseOut:
    """Return a case with its chain of command, and its next steps and what each lacks."""
    return await parts.show(await parts.case(case_id), caller, response)


@router.patch("/{case_id}", responses={**problems(404, 409, 412), **TAGGED}, summary="修改标题、摘要、事件类型")
async def describe_case(
    case_id: Id, body: CasePatch, parts: PartsDep, principal: Describer, seen: Seen, response: Response
) -> CaseOut:
    """Change what a case is called and said to be about; the timeline keeps the old and the new words.

    Another incident type brings its tasks of the playbook and the departments that it concerns.
    """
    description = Description(body.title, body.summary, body.incident_type)
    row = await parts.describing.describe(case_id, description, body.reason, Actor.of(principal), seen)
    return await parts.show(row, principal, response)


@router.post("/{case_id}/transitions", responses={**problems(404, 409, 412), **TAGGED}, summary="流转")
async def move_case(
    case_id: Id, body: TransitionIn, parts: PartsDep, principal: CaseWriter, seen: Seen, response: Response
) -> CaseOut:
    """Take a step of the lifecycle. 409 names the rule that forbids it."""
    row = await parts.casework.move(case_id, body.to, body.reason, Actor.of(principal), seen)
    return await parts.show(row, principal, response)


@router.post("/{case_id}/level", status_code=201, responses=problems(404, 409, 412), summary="建议变更级别")
async def propose_level(case_id: Id, body: LevelIn, parts: PartsDep, principal: CaseWriter, seen: Seen) -> ApprovalOut:
    """Propose a level. A raise starts the graver level's clocks at once, until the chain has decided."""
    proposal = await parts.levels.propose(case_id, body.level, body.reason, Actor.of(principal), seen)
    return ApprovalOut.of(proposal, *await parts.plan_moves.plans_of([proposal]))


@router.get("/{case_id}/approvals", responses=problems(404), summary="级别审批")
async def list_approvals(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[ApprovalOut]:
    """List every proposed level of a case, the oldest first, each with its signatures and the chain that decided it.

    The chain is that of the version of the plan by which the case was led at the time.
    """
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await store.approvals(session, case_id)
    plans = await parts.plan_moves.plans_of(found)
    return Page(items=[ApprovalOut.of(item, plan) for item, plan in zip(found, plans, strict=True)])


@router.post("/{case_id}/approvals/{approval_id}", responses=problems(404, 409, 412), summary="审批")
async def decide_approval(
    case_id: Id, approval_id: Id, body: DecisionIn, parts: PartsDep, principal: Signer, seen: Seen
) -> ApprovalOut:
    """Sign the step that a proposal stands at. 403 where it belongs to other roles, 409 where two people are wanted."""
    actor = Actor.of(principal)
    proposal = await parts.levels.decide(case_id, approval_id, body.decision, body.comment, actor, seen)
    return ApprovalOut.of(proposal, *await parts.plan_moves.plans_of([proposal]))


@router.post("/{case_id}/facts", responses=problems(404, 409), summary="人工认定事实")
async def establish_case_facts(case_id: Id, body: FactsIn, parts: PartsDep, principal: CaseWriter) -> GradeOut:
    """Record what only a person can establish of the case's event, and grade it again."""
    row = await parts.case(case_id)
    if row.event_id is None:
        raise Problem(409, "case.no_event", zh="处置单没有对应的事件", en="The case has no event")
    return GradeOut.of(await parts.alerting.establish(row.event_id, body.facts(), Actor.of(principal), body.reason))


@router.post("/{case_id}/watch", responses={**problems(404, 409, 412), **TAGGED}, summary="监控模式")
async def watch_case(
    case_id: Id, body: WatchIn, parts: PartsDep, principal: CaseWriter, seen: Seen, response: Response
) -> CaseOut:
    """Watch a case round the clock, or as usual again."""
    row = await parts.casework.watch(case_id, body.mode, body.reason, Actor.of(principal), seen)
    return await parts.show(row, principal, response)
