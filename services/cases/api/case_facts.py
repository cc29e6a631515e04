"""`/api/v1/cases/{id}/confirmed-facts`: what the office vouches for, and statements may say."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from kit.auth import Principal, require
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import CaseReader, Id, PartsDep, Seen
from services.cases.schemas.case_facts import CaseFactIn, CaseFactOut, FactWithdrawIn
from services.cases.service.actors import Actor
from services.cases.store import case_facts as stored

router = APIRouter(prefix="/api/v1/cases/{case_id}/confirmed-facts", tags=["facts"])

Confirmer = Annotated[Principal, require("facts.confirm")]


@router.get("", responses=problems(404), summary="已确认事实")
async def list_confirmed_facts(
    case_id: Id,
    parts: PartsDep,
    _: CaseReader,
    history: Annotated[bool, Query(description="also those superseded or withdrawn")] = False,
) -> Page[CaseFactOut]:
    """List a case's confirmed facts in the order they were confirmed."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await stored.facts(session, case_id, history=history)
    return Page(items=[CaseFactOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="确认事实")
async def confirm_fact(case_id: Id, body: CaseFactIn, parts: PartsDep, principal: Confirmer, seen: Seen) -> CaseFactOut:
    """Confirm a fact; it takes the place of the one of the same kind and subject.

    422 where the value cannot be read: a figure wants its unit (213户), a date its day, a place its county or township.
    """
    row = await parts.case_facts.confirm(
        case_id,
        kind=body.kind,
        subject=body.subject,
        value=body.value,
        as_of=body.as_of,
        source=body.source,
        evidence=body.evidence,
        aliases=body.aliases,
        actor=Actor.of(principal),
        check=seen,
    )
    return CaseFactOut.of(row)


@router.post("/{fact_id}/withdraw", responses=problems(404, 409, 412), summary="撤销已确认事实")
async def withdraw_fact(
    case_id: Id, fact_id: Id, body: FactWithdrawIn, parts: PartsDep, principal: Confirmer, seen: Seen
) -> CaseFactOut:
    """Withdraw a fact that proved wrong; it stays in the history with the reason."""
    row = await parts.case_facts.withdraw(case_id, fact_id, body.reason, Actor.of(principal), seen)
    return CaseFactOut.of(row)
