"""`/api/v1/contacts`: the contact network (联络员)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from contracts.words import Role
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.schemas import ContactIn, ContactOut, ContactPatch

router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

Reader = Annotated[Principal, require("contacts.read")]
Writer = Annotated[Principal, require("contacts.write")]


@router.get("", responses=problems(400))
async def list_contacts(
    parts: PartsDep,
    _principal: Reader,
    page: PageParams,
    role: Annotated[Role | None, Query(description="only holders of this role")] = None,
    unit: Annotated[str | None, Query(max_length=100)] = None,
    enabled: bool | None = None,
) -> Page[ContactOut]:
    """List contacts, oldest first."""
    rows = await parts.address_book.page(page, role=role, unit=unit, enabled=enabled)
    return page_of(rows, page, lambda row: (row.id,), ContactOut.of)


@router.post("", status_code=201, responses=problems(409))
async def create_contact(body: ContactIn, parts: PartsDep, _principal: Writer, response: Response) -> ContactOut:
    """Enter a contact."""
    contact = await parts.address_book.add(body)
    response.headers["ETag"] = etag(contact.version)
    response.headers["Location"] = f"/api/v1/contacts/{contact.id}"
    return ContactOut.of(contact)


@router.get("/{contact_id}", responses=problems(404))
async def get_contact(contact_id: str, parts: PartsDep, _principal: Reader, response: Response) -> ContactOut:
    """Return one contact."""
    contact = await parts.address_book.one(contact_id)
    response.headers["ETag"] = etag(contact.version)
    return ContactOut.of(contact)


@router.patch("/{contact_id}", responses=problems(404, 409, 412))
async def change_contact(
    contact_id: str, body: ContactPatch, parts: PartsDep, _principal: Writer, request: Request, response: Response
) -> ContactOut:
    """Change a contact. Send the ETag as If-Match, so that nobody's change is lost."""
    contact = await parts.address_book.change(contact_id, body, partial(check_if_match, request))
    response.headers["ETag"] = etag(contact.version)
    return ContactOut.of(contact)


@router.delete("/{contact_id}", status_code=204, responses=problems(404, 409, 412))
async def delete_contact(contact_id: str, parts: PartsDep, _principal: Writer, request: Request) -> None:
    """Delete a contact. What was sent to them stays on record."""
    await parts.address_book.remove(contact_id, partial(check_if_match, request))
