"""`/api/v1/rosters`: who is on duty when (值班表)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.words import Role
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.inputs import Instant
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.notify.api.parts import PartsDep
from services.notify.links import LinkError, LinkExpired
from services.notify.rosters.answers import (
    CalendarLinkOut,
    DutyOut,
    NoteOut,
    OnDutyOut,
    OverrideOut,
    ProblemOut,
    ProblemsOut,
    RosterOut,
    ShiftOut,
    ShiftsOut,
    SurgeOut,
    SwapOut,
)
from services.notify.rosters.calendar import MEDIA_TYPE
from services.notify.rosters.models import NoteRow, OverrideRow, SurgeRow, SwapRow
from services.notify.rosters.reading import gone, sort_key
from services.notify.rosters.roster import SwapState
from services.notify.rosters.schemas import NoteIn, OverrideIn, RosterIn, RosterPatch, SurgeIn, SwapIn

router = APIRouter(prefix="/api/v1/rosters", tags=["rosters"])
public = APIRouter(prefix="/public/v1/calendars", tags=["rosters"])

Reader = Annotated[Principal, require("rosters.read")]
Writer = Annotated[Principal, require("rosters.write")]
Id = Annotated[str, Path(max_length=64)]

#: A calendar names people: shared caches must not keep it, nor search engines find it.
_HEADERS: Final = {
    "Cache-Control": "private, max-age=300",
    "Content-Disposition": 'inline; filename="roster.ics"',
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_CALENDAR: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "iCalendar (RFC 5545)", "content": {"text/calendar": {}}}
}


@router.get("", responses=problems(400))
async def list_rosters(
    parts: PartsDep,
    principal: Reader,
    page: PageParams,
    unit: Annotated[str | None, Query(max_length=100)] = None,
    role: Annotated[Role | None, Query(description="only those that serve this role")] = None,
) -> Page[RosterOut]:
    """List rosters, oldest first: to departments, counties and experts those of their unit and that they are on."""
    rows, names = await parts.rosters.page(page, principal, unit=unit, role=role)
    return page_of(rows, page, lambda row: (row.id,), lambda row: RosterOut.of(row, names))


@router.post("", status_code=201, responses=problems())
async def create_roster(body: RosterIn, parts: PartsDep, principal: Writer, response: Response) -> RosterOut:
    """Set a roster up."""
    row, names = await parts.rosters.add(body, principal)
    response.headers["ETag"] = etag(row.version)
    response.headers["Location"] = f"/api/v1/rosters/{row.id}"
    return RosterOut.of(row, names)


@router.get("/on-duty", responses=problems())
async def get_on_duty(
    parts: PartsDep,
    principal: Reader,
    at: Annotated[Instant | None, Query(description="left out: now")] = None,
    unit: Annotated[str | None, Query(max_length=100)] = None,
    role: Annotated[Role | None, Query(description="only rosters that serve this role")] = None,
) -> OnDutyOut:
    """Tell who is on duty: exactly one answer for each roster, "nobody" with its reason being one."""
    instant, found = await parts.roster_reader.on_duty(at, principal, unit=unit, role=role)
    return OnDutyOut(at=instant, items=[DutyOut.duty(duty) for duty in found])


@router.get("/{roster_id}", responses=problems(404))
async def get_roster(roster_id: Id, parts: PartsDep, principal: Reader, response: Response) -> RosterOut:
    """Return one roster."""
    row, names = await parts.rosters.one(roster_id, principal)
    response.headers["ETag"] = etag(row.version)
    return RosterOut.of(row, names)


@router.patch("/{roster_id}", responses=problems(404, 412))
async def change_roster(
    roster_id: Id, body: RosterPatch, parts: PartsDep, principal: Writer, request: Request, response: Response
) -> RosterOut:
    """Change a roster. Send the ETag as If-Match, so that nobody's change is lost."""
    row, names = await parts.rosters.change(roster_id, body, principal, partial(check_if_match, request))
    response.headers["ETag"] = etag(row.version)
    return RosterOut.of(row, names)


@router.delete("/{roster_id}", status_code=204, responses=problems(404, 412))
async def delete_roster(roster_id: Id, parts: PartsDep, principal: Writer, request: Request) -> None:
    """Delete a roster, with its changes, swaps and hand-over notes."""
    await parts.rosters.remove(roster_id, principal, partial(check_if_match, request))


@router.get("/{roster_id}/shifts", responses=problems(404))
async def list_shifts(
    roster_id: Id,
    parts: PartsDep,
    principal: Reader,
    start: Annotated[Instant, Query(alias="from")],
    end: Annotated[Instant, Query(alias="to", description="at most 400 days after `from`")],
) -> ShiftsOut:
    """Tell every shift from `from` up to but without `to`, gaps too; the first and last are cut there."""
    found, names = await parts.roster_reader.shifts(roster_id, start, end, principal)
    return ShiftsOut(items=[ShiftOut.shift(shift, names) for shift in found])


@router.get("/{roster_id}/problems", responses=problems(404))
async def list_roster_problems(
    roster_id: Id,
    parts: PartsDep,
    principal: Reader,
    until: Annotated[Instant | None, Query(description="left out: 30 days ahead; at most 400")] = None,
) -> ProblemsOut:
    """Tell what is wrong from now on: gaps, people disabled or removed, in two places, too long, holidays not known."""
    end, found, names, rosters = await parts.roster_reader.problems(roster_id, until, principal)
    return ProblemsOut(until=end, items=[ProblemOut.of(problem, names, rosters) for problem in found])


@router.get("/{roster_id}/calendar.ics", response_class=Response, responses={**_CALENDAR, **problems(404)})
async def get_roster_calendar(roster_id: Id, parts: PartsDep, principal: Reader) -> Response:
    """Return the shifts from 30 days ago to 180 days ahead as iCalendar: names and times, nothing else."""
    body = await parts.roster_reader.calendar(roster_id, principal)
    return Response(body, media_type=MEDIA_TYPE, headers=_HEADERS)


@router.post("/{roster_id}/calendar-links", status_code=201, responses=problems(404))
async def create_calendar_link(roster_id: Id, parts: PartsDep, principal: Reader) -> CalendarLinkOut:
    """Give an address at which a calendar app can subscribe without login; it works for 400 days."""
    subject, expires_at = await parts.rosters.links_of(roster_id, principal)
    return CalendarLinkOut(url=parts.calendar_links.url(subject, expires_at), expires_at=expires_at)


@router.delete("/{roster_id}/calendar-links", status_code=204, responses=problems(404))
async def withdraw_calendar_links(roster_id: Id, parts: PartsDep, principal: Writer) -> None:
    """Make every calendar link to the roster void that was given out so far."""
    await parts.rosters.withdraw_links(roster_id, principal)


@router.get("/{roster_id}/overrides", responses=problems(400, 404))
async def list_overrides(roster_id: Id, parts: PartsDep, principal: Reader, page: PageParams) -> Page[OverrideOut]:
    """List overrides, the latest to start first."""
    rows, names = await parts.roster_reader.listed(OverrideRow, roster_id, page, principal)
    return page_of(rows, page, sort_key, lambda row: OverrideOut.of(row, names))


@router.post("/{roster_id}/overrides", status_code=201, responses=problems(404))
async def add_override(roster_id: Id, body: OverrideIn, parts: PartsDep, principal: Writer) -> OverrideOut:
    """Put somebody in another's place for some time, or add them; it applies to what earlier changes left."""
    row, names = await parts.rosters.add_override(roster_id, body, principal)
    return OverrideOut.of(row, names)


@router.delete("/{roster_id}/overrides/{override_id}", status_code=204, responses=problems(404, 409))
async def end_override(roster_id: Id, override_id: Id, parts: PartsDep, principal: Writer) -> None:
    """Take an override back that has not begun, or end one that runs."""
    await parts.rosters.end_change(OverrideRow, roster_id, override_id, principal)


@router.get("/{roster_id}/surges", responses=problems(400, 404))
async def list_surges(roster_id: Id, parts: PartsDep, principal: Reader, page: PageParams) -> Page[SurgeOut]:
    """List surges, the latest to start first."""
    rows, names = await parts.roster_reader.listed(SurgeRow, roster_id, page, principal)
    return page_of(rows, page, sort_key, lambda row: SurgeOut.of(row, names))


@router.post("/{roster_id}/surges", status_code=201, responses=problems(404, 409))
async def add_surge(roster_id: Id, body: SurgeIn, parts: PartsDep, principal: Writer) -> SurgeOut:
    """Replace the whole roster for some time, round the clock (24 小时值班)."""
    row, names = await parts.rosters.add_surge(roster_id, body, principal)
    return SurgeOut.of(row, names)


@router.delete("/{roster_id}/surges/{surge_id}", status_code=204, responses=problems(404, 409))
async def end_surge(roster_id: Id, surge_id: Id, parts: PartsDep, principal: Writer) -> None:
    """Take a surge back that has not begun, or end one that runs."""
    await parts.rosters.end_change(SurgeRow, roster_id, surge_id, principal)


@router.get("/{roster_id}/swaps", responses=problems(400, 404))
async def list_swaps(roster_id: Id, parts: PartsDep, principal: Reader, page: PageParams) -> Page[SwapOut]:
    """List swaps in whatever state, the latest to start first."""
    rows, names = await parts.roster_reader.listed(SwapRow, roster_id, page, principal)
    return page_of(rows, page, sort_key, lambda row: SwapOut.of(row, names))


@router.post("/{roster_id}/swaps", status_code=201, responses=problems(404, 409))
async def propose_swap(roster_id: Id, body: SwapIn, parts: PartsDep, principal: Writer) -> SwapOut:
    """Offer one's shift for another's; it changes nothing until the other accepts."""
    row, names = await parts.swaps.propose(roster_id, body, principal)
    return SwapOut.of(row, names)


@router.post("/{roster_id}/swaps/{swap_id}/accept", responses=problems(404, 409))
async def accept_swap(roster_id: Id, swap_id: Id, parts: PartsDep, principal: Writer) -> SwapOut:
    """Accept a swap as the other, or record that they did. A second time changes nothing."""
    return SwapOut.of(*await parts.swaps.decide(roster_id, swap_id, principal, SwapState.ACCEPTED))


@router.post("/{roster_id}/swaps/{swap_id}/refuse", responses=problems(404, 409))
async def refuse_swap(roster_id: Id, swap_id: Id, parts: PartsDep, principal: Writer) -> SwapOut:
    """Refuse a swap as the other, or record that they did. A second time changes nothing."""
    return SwapOut.of(*await parts.swaps.decide(roster_id, swap_id, principal, SwapState.REFUSED))


@router.post("/{roster_id}/swaps/{swap_id}/withdraw", responses=problems(404, 409))
async def withdraw_swap(roster_id: Id, swap_id: Id, parts: PartsDep, principal: Writer) -> SwapOut:
    """Withdraw a swap that was not decided yet. A second time changes nothing."""
    return SwapOut.of(*await parts.swaps.decide(roster_id, swap_id, principal, SwapState.WITHDRAWN))


@router.get("/{roster_id}/notes", responses=problems(400, 404))
async def list_notes(roster_id: Id, parts: PartsDep, principal: Reader, page: PageParams) -> Page[NoteOut]:
    """List hand-over notes, those of the latest shift first."""
    rows, _ = await parts.roster_reader.listed(NoteRow, roster_id, page, principal)
    return page_of(rows, page, sort_key, NoteOut.of)


@router.post("/{roster_id}/notes", status_code=201, responses=problems(404, 409))
async def write_note(roster_id: Id, body: NoteIn, parts: PartsDep, principal: Writer) -> NoteOut:
    """Leave word to the next shift."""
    return NoteOut.of(await parts.notes.write(roster_id, body, principal))


@router.post("/{roster_id}/notes/{note_id}/read", responses=problems(404))
async def read_note(roster_id: Id, note_id: Id, parts: PartsDep, principal: Writer) -> NoteOut:
    """Say as somebody who takes over that one has read a note. The first to say so is recorded."""
    return NoteOut.of(await parts.notes.read(roster_id, note_id, principal))


@public.get("/{token}/roster.ics", response_class=Response, responses={**_CALENDAR, **problems(400, 410)})
async def get_linked_calendar(token: str, parts: PartsDep) -> Response:
    """Return a roster as iCalendar to whoever has the link: names and times, nothing else."""
    try:
        subject = parts.calendar_links.read(token, parts.clock.now())
    except LinkExpired:
        raise gone() from None
    except LinkError:
        raise Problem(
            400, "roster.link-bad", zh="日历链接不完整或不正确", en="This calendar link is incomplete or wrong"
        ) from None
    body = await parts.roster_reader.calendar_behind(subject)
    return Response(body, media_type=MEDIA_TYPE, headers=_HEADERS)
