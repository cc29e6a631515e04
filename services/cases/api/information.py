"""`/api/v1/cases/{id}/information`: passed to departments and counties, acknowledged and answered (clause 五(二)3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import TAGGED, CaseReader, Id, PartsDep, Seen
from services.cases.models import InformationRow
from services.cases.schemas.participants import AnswerIn, InformationIn, InformationOut, ReceiptIn
from services.cases.service.actors import Actor
from services.cases.service.consultations import Body as To
from services.cases.service.desk import missing
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}/information", tags=["command"])

Sender = Annotated[Principal, require("information.write")]
Answerer = Annotated[Principal, require("information.answer")]


@router.get("", responses=problems(404), summary="传递的信息")
async def list_information(
    case_id: Id,
    parts: PartsDep,
    _: CaseReader,
    overdue: Annotated[bool, Query(description="only where a unit's time has passed without what was wanted")] = False,
) -> Page[InformationOut]:
    """List what was passed on, the oldest first, with each unit's receipt and answer."""
    row = await parts.case(case_id)
    now = parts.desk.clock.now()
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = await work.all_of(session, InformationRow, case_id)
        receipts = await work.receipts(session, case_id)
    shown = [
        InformationOut.of(one, [receipt for receipt in receipts if receipt.information_id == one.id], plan, now)
        for one in found
    ]
    return Page(items=[one for one in shown if one.overdue or not overdue])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="传递信息")
async def pass_information(
    case_id: Id, body: InformationIn, parts: PartsDep, principal: Sender, seen: Seen
) -> InformationOut:
    """Pass information to units; each owes a receipt, or an answer, within the plan's `information.within`."""
    units = [To(unit.role, unit.unit) for unit in body.units]
    row = await parts.information.pass_on(case_id, body.text, units, body.answer_wanted, Actor.of(principal), seen)
    return await _shown(parts, row)


@router.get("/{information_id}", responses={**problems(404), **TAGGED}, summary="一条信息")
async def get_information(
    case_id: Id, information_id: Id, parts: PartsDep, _: CaseReader, response: Response
) -> InformationOut:
    """Return what was passed on, with each unit's receipt and answer."""
    case = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        row = await session.get(InformationRow, information_id)
    if row is None or row.case_id != case_id:
        raise missing("information", information_id)
    response.headers["ETag"] = etag(case.sequence)
    return await _shown(parts, row)


@router.post("/{information_id}/acknowledge", responses=problems(403, 404, 409, 412), summary="签收信息")
async def acknowledge_information(
    case_id: Id, information_id: Id, body: ReceiptIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> InformationOut:
    """Acknowledge for one's own unit, or, with `role` and `unit`, record that a unit did."""
    actor = Actor.of(principal)
    return await _shown(parts, await parts.information.acknowledge(case_id, information_id, _for(body), actor, seen))


@router.post("/{information_id}/answer", responses=problems(403, 404, 409, 412), summary="反馈信息")
async def answer_information(
    case_id: Id, information_id: Id, body: AnswerIn, parts: PartsDep, principal: Answerer, seen: Seen
) -> InformationOut:
    """Answer for one's own unit, or, with `role` and `unit`, record a unit's answer; it acknowledges too."""
    actor = Actor.of(principal)
    return await _shown(
        parts, await parts.information.answer(case_id, information_id, _for(body), body.text, actor, seen)
    )


def _for(body: ReceiptIn) -> To | None:
    return To(body.role, body.unit) if body.role is not None else None


async def _shown(parts: PartsDep, row: InformationRow) -> InformationOut:
    plan = await parts.plan_of(await parts.case(row.case_id))
    async with parts.desk.database.reading() as session:
        receipts = await work.receipts(session, row.case_id, row.id)
    return InformationOut.of(row, receipts, plan, parts.desk.clock.now())
