"""`/api/v1/contacts/…`: the network as a whole (files, gaps, log), one's own contact, and codes that verify ways."""

from __future__ import annotations

import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi.responses import Response as FileResponse

from contracts.words import DeliveryState
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from kit.tables.unreadable import Unreadable
from services.notify.api.parts import Parts, PartsDep
from services.notify.people.schemas import (
    CodeSentOut,
    ConfirmIn,
    ContactLogOut,
    GapsOut,
    ImportOut,
    MeIn,
)
from services.notify.people.sheet import MAX_BYTES, ContactSheet, read_sheet
from services.notify.people.written import MEDIA_TYPES, Format, template_file
from services.notify.schemas import ContactOut

router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

Reader = Annotated[Principal, require("contacts.read")]
Writer = Annotated[Principal, require("contacts.write")]
Self = Annotated[Principal, require("contacts.own")]


@router.get("/me", responses=problems(404), summary="本人的联络方式")
async def get_my_contact(parts: PartsDep, principal: Self, response: Response) -> ContactOut:
    """Return the caller's own contact, with all their ways."""
    contact = await parts.address_book.mine(principal)
    response.headers["ETag"] = etag(contact.version)
    return ContactOut.of(contact)


@router.patch("/me", responses=problems(404, 412), summary="设置本人的静默时段和语言")
async def change_my_contact(
    body: MeIn, parts: PartsDep, principal: Self, request: Request, response: Response
) -> ContactOut:
    """Change the caller's own quiet hours and language; all else is the office's."""
    contact = await parts.address_book.change_mine(principal, body, partial(check_if_match, request))
    response.headers["ETag"] = etag(contact.version)
    return ContactOut.of(contact)


@router.post("/me/ways/{number}/verify", responses=problems(404, 409, 429), summary="向本人的联络方式发送验证码")
async def verify_my_way(number: int, parts: PartsDep, principal: Self) -> CodeSentOut:
    """Send a code of six digits by the caller's own way `number`, good for ten minutes."""
    return await _send_code(parts, (await parts.address_book.mine(principal)).id, number)


@router.post("/me/ways/{number}/confirm", responses=problems(404, 409), summary="填写本人收到的验证码")
async def confirm_my_way(number: int, body: ConfirmIn, parts: PartsDep, principal: Self) -> ContactOut:
    """Give back the code that came by the caller's own way."""
    own = await parts.address_book.mine(principal)
    return ContactOut.of(await parts.verification.confirm(own.id, number, body.code))


@router.get("/gaps", responses=problems(), summary="联络网的缺漏")
async def list_contact_gaps(parts: PartsDep, _: Reader) -> GapsOut:
    """List ways that nobody verified or that are closed, and people, units and roles that no notice reaches."""
    return await parts.address_book.gaps()


@router.get("/log", responses=problems(400), summary="联络网的导出与导入记录")
async def list_contact_log(parts: PartsDep, _: Reader, page: PageParams) -> Page[ContactLogOut]:
    """List who took contacts out as a file or put them in, newest first."""
    return page_of(await parts.address_book.log(page), page, lambda row: (row.id,), ContactLogOut.of)


@router.get(
    "/import-template.xlsx",
    response_class=FileResponse,
    responses={**problems(), 200: {"content": {MEDIA_TYPES["xlsx"]: {}}}},
    summary="导入模板",
)
async def get_import_template(parts: PartsDep, _: Writer) -> FileResponse:
    """Return an empty workbook to be filled in, with a sheet that says how."""
    content = await asyncio.to_thread(template_file, parts.titles)
    return _file(content, "xlsx", "contacts-template")


@router.get(
    "/export.{fmt}",
    response_class=FileResponse,
    responses={**problems(), 200: {"content": {media: {} for media in MEDIA_TYPES.values()}}},
    summary="导出联络网",
)
async def export_contacts(fmt: Format, parts: PartsDep, principal: Writer) -> FileResponse:
    """Return all contacts with their addresses as a file, which can be imported again. It is logged who did."""
    return _file(await parts.address_book.exported(principal, parts.titles, fmt), fmt, "contacts")


@router.post("/import", responses=problems(400, 409, 413), summary="导入联络网")
async def import_contacts(
    parts: PartsDep,
    principal: Writer,
    file: Annotated[UploadFile, File(description="CSV or XLSX with the template's columns")],
    dry_run: Annotated[bool, Query(description="show what the file would do, and change nothing")] = True,
) -> ImportOut:
    """Take contacts in from a file: line by line what is added, changed, left or refused.

    With `dry_run=false` all of it or nothing: 422 names every line that is refused. Known people are found by login
    name, else by name and unit; a file taken in twice changes nothing more.
    """
    content = await file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        limit = MAX_BYTES // 2**20
        raise Problem(413, "too-large", zh=f"文件不得超过 {limit} MiB", en=f"A file has at most {limit} MiB")
    try:
        sheet = await asyncio.to_thread(_read, content)
    except Unreadable as error:
        raise Problem(422, "unreadable-file", zh=error.zh, en=error.en) from None
    return await (parts.imports.dry_run(sheet) if dry_run else parts.imports.run(sheet, principal))


@router.post("/{contact_id}/ways/{number}/verify", responses=problems(404, 409, 429), summary="向联络方式发送验证码")
async def verify_way(contact_id: str, number: int, parts: PartsDep, _: Writer) -> CodeSentOut:
    """Send a code of six digits by a contact's way `number` (from 1), good for ten minutes."""
    return await _send_code(parts, contact_id, number)


@router.post("/{contact_id}/ways/{number}/confirm", responses=problems(404, 409), summary="填写收到的验证码")
async def confirm_way(contact_id: str, number: int, body: ConfirmIn, parts: PartsDep, _: Writer) -> ContactOut:
    """Enter the code that the contact says has come."""
    return ContactOut.of(await parts.verification.confirm(contact_id, number, body.code))


async def _send_code(parts: Parts, contact_id: str, number: int) -> CodeSentOut:
    outcome, expires_at = await parts.verification.send(contact_id, number)
    state = DeliveryState.SENT if outcome.sent else DeliveryState.FAILED
    return CodeSentOut(state=state, reason=outcome.reason, expires_at=expires_at)


def _read(content: bytes) -> ContactSheet:
    with tempfile.TemporaryDirectory(prefix="huiying-contacts-") as folder:
        path = Path(folder) / "contacts"
        path.write_bytes(content)
        return read_sheet(path)


def _file(content: bytes, fmt: Format, name: str) -> FileResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{fmt}"', "Cache-Control": "no-store"}
    return FileResponse(content, media_type=MEDIA_TYPES[fmt], headers=headers)
