"""Opening a case: by the plan itself, from an alert or event, or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import EventUpdated, Reason
from contracts.words import AlertStatus, CaseState, ClockKind, IncidentType, Level, NotificationKind, WatchMode
from kit.ids import new_id
from kit.problems import Problem
from services.cases import store
from services.cases.access import is_confined
from services.cases.clocks import AT_OPENING
from services.cases.models import AlertRow, CaseRow
from services.cases.numbering import number, show_time, year_of
from services.cases.plan import Plan
from services.cases.plan.criteria import PlanFact
from services.cases.plan.saying import name_of
from services.cases.service import concerns
from services.cases.service.actors import PLAN, Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.command import ask_for_departments, form, join_opener
from services.cases.service.desk import Desk, missing
from services.cases.service.levels import propose
from services.cases.service.tasks import add_playbook


@dataclass(frozen=True, slots=True)
class Opening:
    """What a case is opened with. `detected_at` is when its clocks start."""

    title: str
    level: Level
    reason: str
    detected_at: datetime
    summary: str = ""
    event: EventUpdated | None = None
    alert_id: str | None = None
    incident_type: IncidentType = IncidentType.OTHER
    reasons: Sequence[Reason] = ()
    drill: bool = False
    mass_incident: bool = False


async def open_case(desk: Desk, session: AsyncSession, plan: Plan, opening: Opening, actor: Actor) -> CaseFile:
    """Open a case in `reported`, start its clocks, copy the playbook, ask for the level's activation, and tell.

    The event, where there is one, must be locked by the caller. Raises 409 where the event has an open case.
    """
    now = desk.clock.now()
    event = opening.event
    if event is not None and (other := await store.lock_open_case_of(session, event.id)) is not None:
        raise _taken(other, actor)
    year = year_of(now)
    row = CaseRow(
        id=new_id(),
        number=number(year, await store.next_count(session, year)),
        title=opening.title,
        summary=opening.summary,
        state=CaseState.REPORTED,
        level=opening.level,
        event_id=event.id if event else None,
        open_event_id=event.id if event else None,
        alert_id=opening.alert_id,
        incident_type=event.incident_type if event else opening.incident_type,
        plan_version=plan.version,
        automatic=actor.kind != "person",
        opened_by=actor.name,
        watch_mode=WatchMode.ROUTINE,
        drill=opening.drill,
        detected_at=opening.detected_at,
        opened_at=now,
        updated_at=now,
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError:
        raise Problem(409, "case.exists", zh="该事件已有处置单", en="The event already has an open case") from None
    file = CaseFile(session, desk.outbox, row, plan, now, new=True)
    name = plan.level_name(opening.level)
    if event is not None:
        await store.link_alerts(session, event.id, row.id)
    await file.enter(
        "opened",
        f"建立处置单（建议{name}）：{opening.reason}",
        actor,
        level=str(opening.level),
        event_id=row.event_id,
        alert_id=opening.alert_id,
        plan_version=plan.version,
        detected_at=opening.detected_at.isoformat(),
        automatic=row.automatic,
    )
    await file.start(AT_OPENING, opening.detected_at)
    # who takes part first: of those who see only what they take part in, the others are told of nothing
    await form(file)
    await join_opener(file, actor)
    await ask_for_departments(file)
    await propose(file, opening.level, actor, opening.reason, opening.reasons)
    await add_playbook(file, opening.level, opening.detected_at)
    if event is not None:
        await concerns.note(file, event)
    await file.notify(
        NotificationKind.CASE_OPENED,
        f"【处置单】{row.number} {name}",
        f"{row.title}\n发现时间：{show_time(opening.detected_at)}\n{opening.reason}\n{opening.summary}".strip(),
        alert_id=opening.alert_id,
    )
    surge = plan.surge
    if opening.level in surge.levels or (surge.mass_incident and opening.mass_incident):
        await file.watch(WatchMode.SURGE, PLAN, name)
    return file


class Openings:
    """Cases opened by people."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def by_hand(self, opening: Opening, actor: Actor) -> CaseRow:
        """Open a case without an event."""
        async with self._desk.database.writing() as session:
            plan = await self._desk.plans.in_force(session)
            return (await open_case(self._desk, session, plan, opening, actor)).row

    async def from_event(
        self, event_id: str, *, level: Level | None, title: str | None, reason: str, actor: Actor, drill: bool = False
    ) -> CaseRow:
        """Open a case for an event; its level is the given one, else its gravest alert's, else IV."""
        async with self._desk.database.writing() as session:
            plan = await self._desk.plans.in_force(session)
            row = await store.lock_event(session, event_id)
            if row is None:
                raise missing("event", event_id)
            rank = (await store.highest_alerts(session, [event_id])).get(event_id, 0)
            event = EventUpdated.model_validate(row.snapshot)
            opening = Opening(
                title=title or event.title,
                level=level or Level.of_rank(rank),
                reason=reason,
                detected_at=self._desk.clock.now(),
                summary=event.summary,
                event=event,
                drill=drill,
                mass_incident=row.human_facts.get(PlanFact.MASS_INCIDENT) is True,
            )
            return (await open_case(self._desk, session, plan, opening, actor)).row

    async def from_alert(
        self, alert_id: str, *, level: Level | None, title: str | None, reason: str, actor: Actor, drill: bool = False
    ) -> CaseRow:
        """Open a case for an alert's event; its clocks run from when the alert was raised."""
        async with self._desk.database.writing() as session:
            plan = await self._desk.plans.in_force(session)
            alert = await store.alert(session, alert_id)
            if alert is None:
                raise missing("alert", alert_id)
            row = await store.lock_event(session, alert.event_id)
            if row is None:
                raise missing("event", alert.event_id)
            event = EventUpdated.model_validate(row.snapshot)
            opening = Opening(
                title=title or event.title,
                level=level or Level(alert.level),
                reason=reason or met_reasons(alert),
                detected_at=alert.raised_at,
                summary=event.summary,
                event=event,
                alert_id=alert.id,
                reasons=[Reason.model_validate(item) for item in alert.reasons],
                drill=drill,
                mass_incident=row.human_facts.get(PlanFact.MASS_INCIDENT) is True,
            )
            file = await open_case(self._desk, session, plan, opening, actor)
            if alert.status == AlertStatus.ACKNOWLEDGED:
                met = [clock.id for clock in await file.meet(ClockKind.ACKNOWLEDGE)]
                text = f"预警已由{alert.settled_by}签收"
                await file.enter("alert_acknowledged", text, actor, alert_id=alert.id, clocks=met)
            return file.row


def met_reasons(alert: AlertRow) -> str:
    """Return the criteria that an alert met, in one line."""
    return say_reasons([Reason.model_validate(item) for item in alert.reasons])


def say_reasons(reasons: Sequence[Reason]) -> str:
    """Return the gravest criteria that were met, in one line of Chinese, with what was observed."""
    met = [reason for reason in reasons if reason.met]
    rank = max((reason.level.rank for reason in met), default=0)
    gravest = [reason for reason in met if reason.level.rank == rank]
    return name_of(gravest, {reason.criterion for reason in gravest})


def _taken(other: CaseRow, actor: Actor) -> Problem:
    if is_confined(actor):
        # which one it is they are told by the office, if it is theirs
        zh, en = "该事件已有处置单，请与办公室联系", "The event already has an open case; ask the office"
        return Problem(409, "case.exists", zh=zh, en=en)
    return Problem(
        409,
        "case.exists",
        zh=f"该事件已有处置单 {other.number}",
        en=f"The event already has the open case {other.number}",
        case_id=other.id,
        number=other.number,
    )
