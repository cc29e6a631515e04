"""`/api/v1/delegations`: who acts for whom, and when nobody of a role is on duty."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.words import Role
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, after_time_and_id
from services.cases.schemas.body import Instant
from services.cases.schemas.delegations import DelegationIn, DelegationOut, RevocationIn
from services.cases.service.actors import Actor
from services.cases.store import delegations

router = APIRouter(prefix="/api/v1/delegations", tags=["cases"])

Delegator = Annotated[Principal, require("delegations.write")]


@router.get("", responses=problems(400), summary="授权代理")
async def list_delegations(
    parts: PartsDep,
    _: CaseReader,
    page: PageParams,
    at: Annotated[Instant | None, Query(description="only those in force then")] = None,
    role: Annotated[Role | None, Query(description="only of this role")] = None,
) -> Page[DelegationOut]:
    """List delegations and absences, the latest to start first."""
    now = parts.desk.clock.now()
    async with parts.desk.database.reading() as session:
        rows = await delegations.page(session, page.limit, after_time_and_id(page), at=at, role=role)
    return page_of(rows, page, lambda row: (row.starts_at, row.id), lambda row: DelegationOut.of(row, now))


@router.post("", status_code=201, responses=problems(403, 409), summary="登记授权代理或无人在岗")
async def add_delegation(
    body: DelegationIn, parts: PartsDep, principal: Delegator, response: Response
) -> DelegationOut:
    """Let a named other person act in a role that the caller holds, or record that nobody of a role is on duty.

    A role that was delegated to the caller cannot be handed on. The delegate signs approvals in the role, shown as
    `…（代…）`, but none that they or whom they act for proposed or requested, where the chain wants two people.
    """
    actor, now = Actor.of(principal), parts.desk.clock.now()
    starts_at = body.starts_at or now
    if body.kind == "absence":
        row = await parts.delegations.absent(body.role, body.holder, starts_at, body.ends_at, body.reason, actor)
    else:
        assert body.delegate_id is not None
        assert body.delegate is not None
        row = await parts.delegations.delegate(
            body.role, body.delegate_id, body.delegate, starts_at, body.ends_at, body.reason, actor
        )
    response.headers["ETag"] = etag(row.version)
    return DelegationOut.of(row, now)


@router.post("/{delegation_id}/revoke", responses={**problems(403, 404, 409, 412), **TAGGED}, summary="撤销授权代理")
async def revoke_delegation(
    delegation_id: Id, body: RevocationIn, parts: PartsDep, principal: Delegator, request: Request, response: Response
) -> DelegationOut:
    """End a delegation or absence before its time. What was signed under it stays signed."""

    def seen(version: int) -> None:
        check_if_match(request, version)

    row = await parts.delegations.revoke(delegation_id, body.reason, Actor.of(principal), seen)
    response.headers["ETag"] = etag(row.version)
    return DelegationOut.of(row, parts.desk.clock.now())
