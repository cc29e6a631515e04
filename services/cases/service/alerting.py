"""Events as analysis tells of them: graded by the plan, alerts raised, cases opened, levels proposed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import AlertRaised, EventUpdated
from contracts.streams import ALERTS_RAISED
from contracts.words import AlertStatus, CaseState, ClockKind, Level, NotificationKind, WatchMode
from kit.ids import new_id
from kit.problems import Problem
from services.cases import merged_events, store
from services.cases.lifecycle import Refused
from services.cases.models import AlertRow
from services.cases.numbering import show_time
from services.cases.plan import Grade, HumanFacts, Plan, grade
from services.cases.plan.grading import in_scope
from services.cases.service.actors import MACHINE, PLAN, Actor
from services.cases.service.case_file import CaseFile, Notices
from services.cases.service.desk import Desk, missing, refusal
from services.cases.service.following import follow
from services.cases.service.levels import propose
from services.cases.service.opening import Opening, open_case, say_reasons

_log = structlog.get_logger(__name__)
#: A resurgence is entered at most once in this time.
_RESURGENCE_PAUSE = timedelta(hours=24)


class Alerting:
    """Takes in events and settles alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def take_in(self, messages: Sequence[Message]) -> None:
        """Store the events of a batch and act on each by the plan, in one transaction.

        Repeated messages and stale versions change nothing. A fault of one event undoes the whole batch, which the
        bus then hands over one by one.
        """
        now = self._desk.clock.now()
        async with self._desk.database.writing() as session:
            fresh = await self._desk.inbox.unseen(session, messages, now)
            latest: dict[str, tuple[EventUpdated, datetime]] = {}
            for message in fresh:
                if message.type != "event.updated":
                    continue
                event = EventUpdated.model_validate(message.data)
                known = latest.get(event.id)
                if known is None or event.version > known[0].version:
                    latest[event.id] = (event, min(message.time, now))
            was_in = await merged_events.lock_merged(session, latest)
            newer = await store.take_in_events(
                session,
                [
                    {
                        "id": event.id,
                        "version": event.version,
                        "snapshot": event.model_dump(mode="json", exclude={"new_posts"}),
                        "human_facts": {},
                        "merged_into": event.merged_into,
                        "updated_at": now,
                    }
                    for event, _ in latest.values()
                ],
            )
            if not newer:
                return
            for id_ in sorted(newer):
                await follow(self._desk, session, latest[id_][0], was_in.get(id_))
            plan = await self._desk.plans.in_force(session)
            standing = (id_ for id_ in newer if latest[id_][0].merged_into is None)
            wanted = sorted(id_ for id_ in standing if in_scope(plan, latest[id_][0].topics))
            if not wanted:
                return
            rows = await store.events(session, wanted)
            highest = await store.highest_alerts(session, wanted)
            for id_ in wanted:
                event, at = latest[id_]
                human = HumanFacts.model_validate(rows[id_].human_facts)
                await self._consider(session, plan, event, human, at, highest.get(id_, 0))

    async def establish(self, event_id: str, facts: HumanFacts, actor: Actor, reason: str) -> Grade:
        """Record what a person has established of an event and grade it again; returns the grade.

        Facts given as None stay as they are; 404 where the event is unknown.
        """
        now = self._desk.clock.now()
        async with self._desk.database.writing() as session:
            row = await store.lock_event(session, event_id)
            if row is None:
                raise missing("event", event_id)
            row.human_facts = {**row.human_facts, **facts.model_dump(exclude_none=True)}
            session.add(row)
            await session.flush()
            plan = await self._desk.plans.in_force(session)
            event = EventUpdated.model_validate(row.snapshot)
            case = await store.lock_open_case_of(session, event_id)
            if case is not None:
                file = await self._desk.file(session, case)
                given = facts.model_dump(exclude_none=True)
                await file.enter("facts_established", f"人工认定事实：{reason}", actor, facts=given)
                working = file.state in (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING)
                surges = facts.mass_incident is True and file.plan.surge.mass_incident
                if working and surges and case.watch_mode != WatchMode.SURGE:
                    await file.watch(WatchMode.SURGE, PLAN, "现场发生群体性事件")
            highest = (await store.highest_alerts(session, [event_id])).get(event_id, 0)
            human = HumanFacts.model_validate(row.human_facts)
            try:
                return await self._consider(session, plan, event, human, now, highest)
            except Refused as refused:
                raise refusal(refused) from refused

    async def settle(
        self, alert_id: str, status: AlertStatus, actor: Actor, *, reason: str = "", check: object = None
    ) -> AlertRow:
        """Acknowledge or dismiss an alert; 409 where it was settled otherwise. Acknowledging meets the case's clock."""
        async with self._desk.database.writing() as session:
            alert = await store.alert(session, alert_id)
            if alert is None:
                raise missing("alert", alert_id)
            case = await store.lock_case(session, alert.case_id) if alert.case_id else None
            alert = await store.alert(session, alert_id, lock=True)
            assert alert is not None
            if callable(check):
                check(alert)
            if alert.status == status:
                return alert
            if alert.status == AlertStatus.DISMISSED:
                raise Problem(409, "alert.dismissed", zh="预警已驳回", en="The alert has been dismissed")
            now = self._desk.clock.now()
            settle_alert(alert, status, actor.name, now, reason)
            session.add(alert)
            if case is not None:
                file = await self._desk.file(session, case)
                await _enter_settled(file, alert, status, actor, reason)
            return alert

    async def _consider(
        self, session: AsyncSession, plan: Plan, event: EventUpdated, human: HumanFacts, at: datetime, highest: int
    ) -> Grade:
        graded = grade(plan, event, human)
        case = await store.lock_open_case_of(session, event.id)
        file = await self._desk.file(session, case) if case else None
        if file is not None and file.state is CaseState.MONITORING:
            await _note_resurgence(file, event)
        if graded.level is None or graded.level.rank <= highest:
            return graded
        said = say_reasons(graded.reasons)
        alert = AlertRow(
            id=new_id(),
            event_id=event.id,
            event_title=event.title,
            level=graded.level,
            rank=graded.level.rank,
            status=AlertStatus.OPEN,
            reasons=[reason.model_dump(mode="json") for reason in graded.reasons],
            case_id=case.id if case else None,
            plan_version=plan.version,
            raised_at=at,
        )
        session.add(alert)
        await session.flush()
        if file is None and graded.level in plan.opening.levels:
            opening = Opening(
                title=event.title,
                level=graded.level,
                reason=said,
                detected_at=at,
                summary=event.summary,
                event=event,
                alert_id=alert.id,
                reasons=graded.met,
                mass_incident=human.mass_incident is True,
            )
            file = await open_case(self._desk, session, plan, opening, PLAN)
            alert.case_id = file.row.id
        elif file is not None:
            await _enter_alert(file, alert, said)
            await _propose_graver(file, graded, said)
        await self._tell(session, plan, event, alert, graded, said, file)
        _log.info("alert.raised", event_id=event.id, level=alert.level, case_id=alert.case_id)
        return graded

    async def _tell(
        self,
        session: AsyncSession,
        plan: Plan,
        event: EventUpdated,
        alert: AlertRow,
        graded: Grade,
        said: str,
        file: CaseFile | None,
    ) -> None:
        payload = AlertRaised(
            id=alert.id,
            event_id=event.id,
            event_title=event.title,
            level=Level(alert.level),
            reasons=list(graded.reasons),
            case_id=alert.case_id,
            plan_version=plan.version,
            raised_at=alert.raised_at,
        )
        await self._desk.outbox.put(session, ALERTS_RAISED, "alert.raised", alert.id, payload)
        metrics = event.metrics
        figures = (
            f"信息 {metrics.posts_total} 条，负面占比 {metrics.negative_share:.0%}，互动 {metrics.interactions}，"
            f"信源 {metrics.sources} 个"
        )
        places = f"\n涉及：{'、'.join(event.places)}" if event.places else ""
        await Notices(session, self._desk.outbox, plan, self._desk.clock.now()).send(
            NotificationKind.ALERT_RAISED,
            Level(alert.level),
            f"【{plan.level_name(Level(alert.level))}预警】{event.title[:60]}",
            f"{event.title}\n依据：{said}\n{figures}{places}\n发现时间：{show_time(alert.raised_at)}",
            case=file.row if file else None,
            alert_id=alert.id,
        )


def settle_alert(alert: AlertRow, status: AlertStatus, by: str, at: datetime, reason: str = "") -> None:
    """Mark an alert as acknowledged or dismissed."""
    alert.status, alert.settled_at, alert.settled_by, alert.reason = status, at, by, reason
    alert.version += 1


async def _enter_settled(file: CaseFile, alert: AlertRow, status: AlertStatus, actor: Actor, reason: str) -> None:
    if status is AlertStatus.ACKNOWLEDGED:
        met = await file.meet(ClockKind.ACKNOWLEDGE)
        ids = [clock.id for clock in met]
        await file.enter("alert_acknowledged", f"签收{alert.level}级预警", actor, alert_id=alert.id, clocks=ids)
    else:
        await file.enter("alert_dismissed", f"驳回{alert.level}级预警：{reason}", actor, alert_id=alert.id)


async def _enter_alert(file: CaseFile, alert: AlertRow, said: str) -> None:
    name = file.plan.level_name(Level(alert.level))
    await file.enter("alert_raised", f"{name}预警：{said}", MACHINE, alert_id=alert.id, level=alert.level)


async def _propose_graver(file: CaseFile, graded: Grade, said: str) -> None:
    if graded.level is None or graded.level.rank <= file.level.rank:
        return
    pending = await store.pending_approval(file.session, file.row.id)
    if pending is None or graded.level.rank > Level(pending.to_level).rank:
        await propose(file, graded.level, MACHINE, said, graded.met)


async def _note_resurgence(file: CaseFile, event: EventUpdated) -> None:
    """Propose to reopen where an event in aftercare has come back (clause 六(一)); a person reopens."""
    wanted = file.plan.aftercare.resurgence.negative_posts_1h
    negative = round(event.metrics.posts_1h * event.metrics.negative_share)
    last = file.row.resurged_at
    if negative < wanted or (last is not None and file.now - last < _RESURGENCE_PAUSE):
        return
    file.row.resurged_at = file.now
    text = f"舆情反弹：近一小时负面信息约 {negative} 条，建议重新处置"
    await file.enter("resurgence", text, MACHINE, negative_posts_1h=negative, threshold=wanted)
    await file.notify(NotificationKind.CASE_CHANGED, f"【舆情反弹】{file.row.number}", f"{file.row.title}\n{text}")
