"""`/api/v1/escalation-policies`, `/api/v1/escalations`: who is told one after another until somebody acknowledges."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.words import EscalationState
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.escalation.policy import Policy
from services.notify.escalation.schemas import EscalationOut, PolicyOut, StopIn

router = APIRouter(tags=["escalations"])

Reader = Annotated[Principal, require("notifications.read")]
Writer = Annotated[Principal, require("escalations.write")]


@router.get("/api/v1/escalation-policies", responses=problems(400))
async def list_escalation_policies(parts: PartsDep, _principal: Reader, page: PageParams) -> Page[PolicyOut]:
    """List escalation policies, oldest first."""
    return page_of(await parts.escalations.policies(page), page, lambda row: (row.id,), PolicyOut.of)


@router.post("/api/v1/escalation-policies", status_code=201, responses=problems(409))
async def create_escalation_policy(body: Policy, parts: PartsDep, principal: Writer, response: Response) -> PolicyOut:
    """Enter a policy; 409 where another one in use escalates some of the same notifications."""
    row = await parts.escalations.add(body, principal)
    response.headers["ETag"] = etag(row.version)
    response.headers["Location"] = f"/api/v1/escalation-policies/{row.id}"
    return PolicyOut.of(row)


@router.get("/api/v1/escalation-policies/{policy_id}", responses=problems(404))
async def get_escalation_policy(policy_id: str, parts: PartsDep, _principal: Reader, response: Response) -> PolicyOut:
    """Return one policy."""
    row = await parts.escalations.policy(policy_id)
    response.headers["ETag"] = etag(row.version)
    return PolicyOut.of(row)


@router.put("/api/v1/escalation-policies/{policy_id}", responses=problems(404, 409, 412))
async def replace_escalation_policy(
    policy_id: str, body: Policy, parts: PartsDep, principal: Writer, request: Request, response: Response
) -> PolicyOut:
    """Replace a policy. What is running goes on by the copy that it began with."""
    row = await parts.escalations.replace(policy_id, body, principal, partial(check_if_match, request))
    response.headers["ETag"] = etag(row.version)
    return PolicyOut.of(row)


@router.delete("/api/v1/escalation-policies/{policy_id}", status_code=204, responses=problems(404, 412))
async def delete_escalation_policy(policy_id: str, parts: PartsDep, _principal: Writer, request: Request) -> None:
    """Delete a policy. What is running goes on."""
    await parts.escalations.remove(policy_id, partial(check_if_match, request))


@router.get("/api/v1/escalations", responses=problems(400))
async def list_escalations(
    parts: PartsDep,
    principal: Reader,
    page: PageParams,
    state: EscalationState | None = None,
    case_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[EscalationOut]:
    """List escalations, newest first; to a department, county or expert, those of what went to themselves."""
    rows = await parts.escalations.page(page, principal, state=state, case_id=case_id)
    return page_of(rows, page, lambda row: (row.escalation.started_at, row.escalation.id), EscalationOut.of)


@router.get("/api/v1/escalations/{escalation_id}", responses=problems(404))
async def get_escalation(escalation_id: str, parts: PartsDep, principal: Reader, response: Response) -> EscalationOut:
    """Return one escalation with every call."""
    course = await parts.escalations.one(escalation_id, principal)
    response.headers["ETag"] = etag(course.escalation.version)
    return EscalationOut.of(course)


@router.get("/api/v1/notifications/{notification_id}/escalation", responses=problems(404))
async def get_escalation_of_notification(
    notification_id: str, parts: PartsDep, principal: Reader, response: Response
) -> EscalationOut:
    """Return the escalation of a notification: who was told by which step, who acknowledged when and by which way."""
    course = await parts.escalations.of_notification(notification_id, principal)
    response.headers["ETag"] = etag(course.escalation.version)
    return EscalationOut.of(course)


@router.post("/api/v1/escalations/{escalation_id}/next", responses=problems(404, 409, 412))
async def hand_on_escalation(
    escalation_id: str,
    parts: PartsDep,
    principal: Annotated[Principal, require("notifications.acknowledge")],
    request: Request,
) -> EscalationOut:
    """Take the next step at once: for whoever was told and cannot act, and for those on duty. Send the ETag."""
    course = await parts.escalations.hand_on(escalation_id, principal, partial(check_if_match, request))
    return EscalationOut.of(course)


@router.post("/api/v1/escalations/{escalation_id}/stop", responses=problems(404, 409, 412))
async def stop_escalation(
    escalation_id: str,
    body: StopIn,
    parts: PartsDep,
    principal: Annotated[Principal, require("escalations.stop")],
    request: Request,
) -> EscalationOut:
    """End an escalation for a reason, which everyone whom it told learns."""
    course = await parts.escalations.stop(escalation_id, principal, body.reason, partial(check_if_match, request))
    return EscalationOut.of(course)
