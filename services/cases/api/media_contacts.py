"""`/api/v1/cases/{id}/media-contacts`: the log of contacts with the media."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from kit.auth import Principal, require
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import CaseReader, Id, PartsDep, Seen
from services.cases.models import MediaContactRow
from services.cases.schemas.participants import MediaContactIn, MediaContactOut, OutcomeIn
from services.cases.service.actors import Actor
from services.cases.service.media import Talk
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}/media-contacts", tags=["command"])

Liaison = Annotated[Principal, require("media_contacts.write")]


@router.get("", responses=problems(404), summary="媒体联络")
async def list_media_contacts(case_id: Id, parts: PartsDep, _: CaseReader) -> Page[MediaContactOut]:
    """List the contacts with the media, in the order in which they were logged."""
    await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        found = await work.all_of(session, MediaContactRow, case_id)
    return Page(items=[MediaContactOut.of(row) for row in found])


@router.post("", status_code=201, responses=problems(404, 409, 412), summary="登记媒体联络")
async def log_media_contact(
    case_id: Id, body: MediaContactIn, parts: PartsDep, principal: Liaison, seen: Seen
) -> MediaContactOut:
    """Log a contact with an outlet: verified facts, the official channel, answers to its questions.

    媒体联络只用于通报已核实的事实、告知官方发布渠道、回答提问；不得要求删除、撤下或限制批评、投诉和意见。事实不实的，另行提出更正请求。

    Contacts inform; they never ask for criticism, complaints or opinion to be removed, withdrawn or limited. A false
    statement of fact is the object of a correction request, to which `correction_id` links. Name the other side's
    function (值班编辑), no private person's data.
    """
    talk = Talk(body.outlet, body.office, body.way, body.said, body.outcome, body.at, body.correction_id)
    return MediaContactOut.of(await parts.media.log(case_id, talk, Actor.of(principal), seen))


@router.post("/{contact_id}/outcome", responses=problems(404, 412), summary="联络结果")
async def conclude_media_contact(
    case_id: Id, contact_id: Id, body: OutcomeIn, parts: PartsDep, principal: Liaison, seen: Seen
) -> MediaContactOut:
    """Record what came of a contact."""
    return MediaContactOut.of(await parts.media.conclude(case_id, contact_id, body.outcome, Actor.of(principal), seen))
