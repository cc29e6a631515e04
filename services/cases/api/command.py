"""`/api/v1/cases/{id}/command`, `/participants`, `/watch`: who leads, who works, how closely it is watched."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from contracts.words import Level, WatchMode
from kit.auth import Principal, require
from kit.pages import Page
from kit.problems import problems
from services.cases.api.parts import CaseReader, CaseWriter, Id, PartsDep, Seen
from services.cases.handover import by_urgency
from services.cases.models import ParticipantRow, WatchRow
from services.cases.numbering import show_time
from services.cases.participation import PART_NAMES, Part
from services.cases.schemas.body import Body
from services.cases.schemas.cases import RecordedOut
from services.cases.schemas.participants import (
    CommandOut,
    OwedOut,
    ParticipantIn,
    ParticipantOut,
    ReleaseIn,
    ReplacementIn,
    SpokespersonOut,
    WatchOut,
)
from services.cases.service.actors import Actor
from services.cases.service.command import Coming
from services.cases.service.standing import conference_of, standing
from services.cases.store import work

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["command"])

Staffer = Annotated[Principal, require("participants.write")]


class BriefIn(Body):
    """What the duty officer adds to the figures."""

    remark: str = Field("", max_length=5000, examples=["现场平稳，县里已派人到场"])


@router.get("/command", responses=problems(404), summary="指挥体系")
async def show_command(case_id: Id, parts: PartsDep, _: CaseReader) -> CommandOut:
    """Return in one answer who leads, executes and is informed, who speaks, and what is owed now."""
    row = await parts.case(case_id)
    now = parts.desk.clock.now()
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        present = await work.participants(session, case_id, present=True)
        conference = await conference_of(session, case_id)
        watch = await session.get(WatchRow, case_id)
        stands = await standing(session, plan, row)
    shown = {part: [ParticipantOut.of(one, plan) for one in present if one.part == part] for part in Part}
    speaker = SpokespersonOut.of(conference) if conference is not None and conference.spokesperson else None
    owed = [*stands.decisions, *by_urgency([*stands.clocks, *stands.tasks, *stands.replies])]
    lines = [f"{stands.number} {stands.level}，{stands.state}，{stands.watch}"]
    lines += [f"{PART_NAMES[part]}：{'、'.join(one.name for one in shown[part])}" for part in Part if shown[part]]
    if speaker is not None:
        lines.append(f"新闻发言人：{speaker.name}" + (f"（{speaker.office}）" if speaker.office else ""))
    late = [one for one in owed if one.due_at is not None and one.due_at <= now]
    lines.append(f"待办 {len(owed)} 项" + (f"，其中超时 {len(late)} 项" if late else ""))
    first = next((one for one in owed if one.due_at is not None and one.due_at > now), None)
    if first is not None and first.due_at is not None:
        lines.append(f"最近到期：{first.what}，{show_time(first.due_at)}")
    return CommandOut(
        case_id=row.id,
        number=row.number,
        level=Level(row.level),
        level_name=plan.level_name(Level(row.level)),
        level_active=row.level_active,
        text=plan.levels[Level(row.level)].text,
        summary="\n".join(lines),
        lead=shown[Part.LEAD],
        executors=shown[Part.EXECUTOR],
        informed=shown[Part.INFORMED],
        spokesperson=speaker,
        watch=_watch(WatchMode(row.watch_mode), watch),
        duties=[OwedOut.of(one, now) for one in owed],
    )


@router.get("/participants", responses=problems(404), summary="参与单位和人员")
async def list_participants(
    case_id: Id,
    parts: PartsDep,
    _: CaseReader,
    present: Annotated[bool, Query(description="without those who have left")] = False,
) -> Page[ParticipantOut]:
    """List who takes part, and who did, in the order of their coming."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, row.plan_version)
        found = await work.participants(session, case_id, present=present)
    return Page(items=[ParticipantOut.of(one, plan) for one in found])


@router.post("/participants", status_code=201, responses=problems(404, 409, 412), summary="增加参与单位或人员")
async def add_participant(
    case_id: Id, body: ParticipantIn, parts: PartsDep, principal: Staffer, seen: Seen
) -> ParticipantOut:
    """Let a body, or a person of it by name, take part; it is told, with a receipt."""
    coming = Coming(body.role, body.unit, body.person, body.part, body.duty)
    return await _shown(parts, await parts.command.add(case_id, coming, Actor.of(principal), seen))


@router.post(
    "/participants/{participant_id}/replace",
    status_code=201,
    responses=problems(404, 409, 412),
    summary="更换参与单位或人员",
)
async def replace_participant(
    case_id: Id, participant_id: Id, body: ReplacementIn, parts: PartsDep, principal: Staffer, seen: Seen
) -> ParticipantOut:
    """Let another unit or person take a participant's place, part and duty."""
    row = await parts.command.replace(
        case_id, participant_id, body.unit, body.person, body.reason, Actor.of(principal), seen
    )
    return await _shown(parts, row)


@router.post(
    "/participants/{participant_id}/release", status_code=204, responses=problems(404, 409, 412), summary="退出处置"
)
async def release_participant(
    case_id: Id, participant_id: Id, body: ReleaseIn, parts: PartsDep, principal: Staffer, seen: Seen
) -> Response:
    """Send a participant off, with the reason; 409 where nobody would lead any more."""
    await parts.command.release(case_id, participant_id, body.reason, Actor.of(principal), seen)
    return Response(status_code=204)


@router.get("/watch", responses=problems(404), summary="监控情况")
async def show_watch(case_id: Id, parts: PartsDep, _: CaseReader) -> WatchOut:
    """Return how closely a case is watched and when its next situation brief is due."""
    row = await parts.case(case_id)
    async with parts.desk.database.reading() as session:
        return _watch(WatchMode(row.watch_mode), await session.get(WatchRow, case_id))


@router.post("/situation-briefs", status_code=201, responses=problems(404, 409, 412), summary="情况快报")
async def write_brief(case_id: Id, body: BriefIn, parts: PartsDep, principal: CaseWriter, seen: Seen) -> RecordedOut:
    """Write a situation brief now, out of turn; the hourly ones write themselves. 409 outside the 24-hour watch."""
    number = await parts.watching.brief_now(case_id, body.remark, Actor.of(principal), seen)
    return RecordedOut(case_id=case_id, sequence=number)


async def _shown(parts: PartsDep, row: ParticipantRow) -> ParticipantOut:
    return ParticipantOut.of(row, await parts.plan_of(await parts.case(row.case_id)))


def _watch(mode: WatchMode, row: WatchRow | None) -> WatchOut:
    if row is None:
        return WatchOut(mode=mode)
    last = row.figures_at if row.briefs else None
    return WatchOut(mode=mode, since=row.since, briefs=row.briefs, last_brief_at=last, next_brief_at=row.next_brief_at)
