"""`/api/v1/cases/{id}/handovers` and `/api/v1/handovers`: hand-overs of a case, and of the duty desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.cases.access import own_of
from services.cases.api.parts import TAGGED, CaseReader, CaseWriter, Id, PartsDep, Seen, after_time_and_id
from services.cases.models import HandoverRow
from services.cases.schemas.tasks import HandoverIn, HandoverOut, HandoverPatch
from services.cases.service.actors import Actor
from services.cases.service.desk import missing
from services.cases.service.handovers import Receiver
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}/handovers", tags=["command"])
desk = APIRouter(prefix="/api/v1/handovers", tags=["command"])

#: The duty desk: those who keep all cases.
Keeper = Annotated[Principal, require("alerts.write")]


def _stale(request: Request) -> Callable[[HandoverRow], None]:
    def check(row: HandoverRow) -> None:
        check_if_match(request, row.version)

    return check


#: Refuses a caller whose If-Match names an older version of the note than the one about to be changed.
Fresh = Annotated[Callable[[HandoverRow], None], Depends(_stale)]


@router.get("", responses=problems(404), summary="交接班记录")
async def list_handovers(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[HandoverOut]:
    """List a case's hand-overs, the oldest first."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await work.handovers_of_case(session, case_id)
    return Page(items=[HandoverOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="拟写交接班记录")
async def draft_handover(
    case_id: Id, body: HandoverIn, parts: PartsDep, principal: CaseWriter, seen: Seen, response: Response
) -> HandoverOut:
    """Write the note from the case's rows: level and state, open tasks, deadlines, decisions, news, next steps."""
    receiver = Receiver(body.role, body.unit, body.person)
    return _tagged(await parts.handovers.draft(case_id, receiver, Actor.of(principal), seen), response)


@router.get("/{handover_id}", responses={**problems(404), **TAGGED}, summary="一份交接班记录")
async def get_handover(case_id: Id, handover_id: Id, parts: PartsDep, _: CaseReader, response: Response) -> HandoverOut:
    """Return a hand-over."""
    return _tagged(await _one(parts, case_id, handover_id), response)


@router.patch("/{handover_id}", responses={**problems(403, 404, 409, 412), **TAGGED}, summary="修改交接班记录")
async def edit_handover(
    case_id: Id,
    handover_id: Id,
    body: HandoverPatch,
    parts: PartsDep,
    principal: CaseWriter,
    fresh: Fresh,
    response: Response,
) -> HandoverOut:
    """Change the note before it is signed; only its writer may. `If-Match` names the note's own version."""
    return _tagged(await parts.handovers.edit(case_id, handover_id, body.text, Actor.of(principal), fresh), response)


@router.post("/{handover_id}/sign", responses=problems(403, 404, 409), summary="交班签字")
async def sign_handover(
    case_id: Id, handover_id: Id, parts: PartsDep, principal: CaseWriter, response: Response
) -> HandoverOut:
    """Sign the note; the receiver is told, with a receipt, which takes over too."""
    return _tagged(await parts.handovers.sign(case_id, handover_id, Actor.of(principal)), response)


@router.post("/{handover_id}/accept", responses=problems(403, 404, 409), summary="接班签收")
async def accept_handover(
    case_id: Id, handover_id: Id, parts: PartsDep, principal: CaseWriter, response: Response
) -> HandoverOut:
    """Take over. Never the giver; always somebody of the role and unit that it was handed to."""
    return _tagged(await parts.handovers.accept(case_id, handover_id, Actor.of(principal)), response)


@desk.get("", responses=problems(400), summary="值班交接记录")
async def list_desk_handovers(parts: PartsDep, caller: CaseReader, page: PageParams) -> Page[HandoverOut]:
    """List the duty desk's hand-overs, the newest first; none to departments, counties and experts."""
    if own_of(caller, "cases.read") is not None:
        return Page(items=[])
    async with parts.desk.database.reading() as session:
        rows = await work.handover_page(session, page.limit, after_time_and_id(page))
    return page_of(rows, page, lambda row: (row.created_at, row.id), HandoverOut.of)


@desk.post("", status_code=201, responses=problems(), summary="拟写值班交接记录")
async def draft_desk_handover(body: HandoverIn, parts: PartsDep, principal: Keeper, response: Response) -> HandoverOut:
    """Write the note of every open case, the gravest first."""
    receiver = Receiver(body.role, body.unit, body.person)
    return _tagged(await parts.handovers.draft_desk(receiver, Actor.of(principal)), response)


@desk.get("/{handover_id}", responses={**problems(404), **TAGGED}, summary="一份值班交接记录")
async def get_desk_handover(handover_id: Id, parts: PartsDep, _: Keeper, response: Response) -> HandoverOut:
    """Return a hand-over of the duty desk."""
    return _tagged(await _one(parts, None, handover_id), response)


@desk.patch("/{handover_id}", responses={**problems(403, 404, 409, 412), **TAGGED}, summary="修改值班交接记录")
async def edit_desk_handover(
    handover_id: Id, body: HandoverPatch, parts: PartsDep, principal: Keeper, fresh: Fresh, response: Response
) -> HandoverOut:
    """Change the note before it is signed; only its writer may."""
    return _tagged(await parts.handovers.edit(None, handover_id, body.text, Actor.of(principal), fresh), response)


@desk.post("/{handover_id}/sign", responses=problems(403, 404, 409), summary="值班交班签字")
async def sign_desk_handover(handover_id: Id, parts: PartsDep, principal: Keeper, response: Response) -> HandoverOut:
    """Sign the note; it is entered in every case that it names, and the receiver is told, with a receipt."""
    return _tagged(await parts.handovers.sign(None, handover_id, Actor.of(principal)), response)


@desk.post("/{handover_id}/accept", responses=problems(403, 404, 409), summary="值班接班签收")
async def accept_desk_handover(handover_id: Id, parts: PartsDep, principal: Keeper, response: Response) -> HandoverOut:
    """Take over the duty desk. Never the giver."""
    return _tagged(await parts.handovers.accept(None, handover_id, Actor.of(principal)), response)


def _tagged(row: HandoverRow, response: Response) -> HandoverOut:
    response.headers["ETag"] = etag(row.version)
    return HandoverOut.of(row)


async def _one(parts: PartsDep, case_id: str | None, handover_id: str) -> HandoverRow:
    async with parts.desk.database.reading() as session:
        row = await work.handover(session, handover_id)
    if row is None or row.case_id != case_id:
        raise missing("handover", handover_id)
    return row
