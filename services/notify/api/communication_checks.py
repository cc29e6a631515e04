"""`/api/v1/communication-checks`: the contact network is paged, and who answered is reported (通信检查, 七(一))."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.pages import Page, PageParams, page_of
from kit.problems import problems
from services.notify.api.parts import PartsDep
from services.notify.checks.schemas import CommunicationCheckIn, CommunicationCheckOut, ScheduleIn, ScheduleOut
from services.notify.checks.shown import ReportOut, as_csv, as_workbook, people_rows, report, unit_rows

router = APIRouter(prefix="/api/v1/communication-checks", tags=["communication checks"])

Reader = Annotated[Principal, require("checks.read")]
Writer = Annotated[Principal, require("checks.write")]

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileFormat(StrEnum):
    """Formats of a report as a file."""

    CSV = "csv"
    XLSX = "xlsx"


class Table(StrEnum):
    """Tables of a report; a CSV file holds one, a workbook both."""

    UNITS = "units"
    PEOPLE = "people"


@router.post("", status_code=201, responses=problems(409))
async def start_communication_check(
    body: CommunicationCheckIn, parts: PartsDep, principal: Writer, response: Response
) -> CommunicationCheckOut:
    """Page everyone in scope by all their ways, now, and ask them to acknowledge until the deadline."""
    check = await parts.checks.start(body, principal)
    response.headers["Location"] = f"/api/v1/communication-checks/{check.id}"
    return CommunicationCheckOut.of(check)


@router.get("", responses=problems(400))
async def list_communication_checks(
    parts: PartsDep, _principal: Reader, page: PageParams, running: bool | None = None
) -> Page[CommunicationCheckOut]:
    """List checks, newest first."""
    rows = await parts.checks.page(page, running=running)
    return page_of(rows, page, lambda row: (row.started_at, row.id), CommunicationCheckOut.of)


@router.get("/schedules", responses=problems(400))
async def list_check_schedules(parts: PartsDep, _principal: Reader, page: PageParams) -> Page[ScheduleOut]:
    """List the schedules of regular checks, oldest first."""
    return page_of(await parts.checks.schedules(page), page, lambda row: (row.id,), ScheduleOut.of)


@router.post("/schedules", status_code=201, responses=problems())
async def create_check_schedule(
    body: ScheduleIn, parts: PartsDep, principal: Writer, response: Response
) -> ScheduleOut:
    """Have a check made every month."""
    row = await parts.checks.add_schedule(body, principal)
    response.headers["ETag"] = etag(row.version)
    return ScheduleOut.of(row)


@router.put("/schedules/{schedule_id}", responses=problems(404, 412))
async def replace_check_schedule(
    schedule_id: str, body: ScheduleIn, parts: PartsDep, principal: Writer, request: Request, response: Response
) -> ScheduleOut:
    """Replace a schedule. Send the ETag as If-Match, so that nobody's change is lost."""
    row = await parts.checks.replace_schedule(schedule_id, body, principal, partial(check_if_match, request))
    response.headers["ETag"] = etag(row.version)
    return ScheduleOut.of(row)


@router.delete("/schedules/{schedule_id}", status_code=204, responses=problems(404, 412))
async def delete_check_schedule(schedule_id: str, parts: PartsDep, _principal: Writer, request: Request) -> None:
    """Delete a schedule; the checks that it made stay."""
    await parts.checks.remove_schedule(schedule_id, partial(check_if_match, request))


@router.get("/{check_id}", responses=problems(404))
async def get_communication_check(check_id: str, parts: PartsDep, _principal: Reader) -> CommunicationCheckOut:
    """Return one check."""
    return CommunicationCheckOut.of(await parts.checks.one(check_id))


@router.get("/{check_id}/report", responses=problems(404))
async def get_check_report(check_id: str, parts: PartsDep, principal: Reader) -> ReportOut:
    """Return what a check has found so far, by county and unit, and how the one before it went."""
    found, before = await parts.checks.found(check_id)
    return report(found, before, plain=principal.may("contacts.read"))


@router.get(
    "/{check_id}/report/file",
    response_class=Response,
    responses={200: {"description": "The report", "content": {_CSV: {}, _XLSX: {}}}, **problems(404)},
)
async def get_check_report_file(
    check_id: str,
    parts: PartsDep,
    _principal: Reader,
    format: Annotated[FileFormat, Query(description="csv: one table; xlsx: both")] = FileFormat.XLSX,
    table: Annotated[Table, Query(description="of CSV")] = Table.UNITS,
) -> Response:
    """Return the report as a file for a spreadsheet."""
    found, _ = await parts.checks.found(check_id)
    if format is FileFormat.XLSX:
        content, media = as_workbook(found), _XLSX
    else:
        content, media = as_csv(unit_rows(found) if table is Table.UNITS else people_rows(found)), _CSV
    name = f"communication-check_{found.check.started_at:%Y%m%d}.{format.value}"
    shown = quote(f"通信检查_{found.check.started_at:%Y%m%d}.{format.value}")
    disposition = f"attachment; filename=\"{name}\"; filename*=UTF-8''{shown}"
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})
