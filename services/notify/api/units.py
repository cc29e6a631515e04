"""`/api/v1/units`: the registry of bureau, counties and departments."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.people.schemas import UnitIn, UnitKind, UnitOut, UnitPatch

router = APIRouter(prefix="/api/v1/units", tags=["units"])

#: whoever works with cases, in which units take part by name
Reader = Annotated[Principal, require("cases.read")]
Writer = Annotated[Principal, require("contacts.write")]


@router.get("", responses=problems(400), summary="单位名录")
async def list_units(
    parts: PartsDep, principal: Reader, page: PageParams, kind: UnitKind | None = None
) -> Page[UnitOut]:
    """List units by name."""
    plain = principal.may("contacts.read")
    rows = await parts.units.page(page, kind)
    return page_of(rows, page, lambda row: (row.name,), lambda row: UnitOut.of(row, plain=plain))


@router.post("", status_code=201, responses=problems(409), summary="登记单位")
async def create_unit(body: UnitIn, parts: PartsDep, _: Writer, response: Response) -> UnitOut:
    """Enter a unit. The plan's are there already."""
    unit = await parts.units.add(body)
    response.headers["ETag"] = etag(unit.version)
    response.headers["Location"] = f"/api/v1/units/{unit.id}"
    return UnitOut.of(unit, plain=True)


@router.get("/{unit_id}", responses=problems(404), summary="一个单位")
async def get_unit(unit_id: str, parts: PartsDep, principal: Reader, response: Response) -> UnitOut:
    """Return one unit."""
    unit = await parts.units.one(unit_id)
    response.headers["ETag"] = etag(unit.version)
    return UnitOut.of(unit, plain=principal.may("contacts.read"))


@router.patch("/{unit_id}", responses=problems(404, 409, 412), summary="修改单位")
async def change_unit(
    unit_id: str, body: UnitPatch, parts: PartsDep, _: Writer, request: Request, response: Response
) -> UnitOut:
    """Change a unit; its contacts follow a new name."""
    unit = await parts.units.change(unit_id, body, partial(check_if_match, request))
    response.headers["ETag"] = etag(unit.version)
    return UnitOut.of(unit, plain=True)


@router.delete("/{unit_id}", status_code=204, responses=problems(404, 409, 412), summary="删除单位")
async def delete_unit(unit_id: str, parts: PartsDep, _: Writer, request: Request) -> None:
    """Delete a unit that no contact is of; its subscriptions end."""
    await parts.units.remove(unit_id, partial(check_if_match, request))
