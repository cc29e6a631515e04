"""Events as analysis tells of them: taken in, graded by the plan, and what people establish and settle of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import AlertSettled, EventUpdated
from contracts.streams import ALERTS_RAISED
from contracts.words import AlertStatus, ClockKind, Level
from kit.problems import Problem
from services.cases import store
from services.cases.lifecycle import Refused
from services.cases.models import AlertRow
from services.cases.plan import Grade, HumanFacts, Plan
from services.cases.plan.grading import in_scope
from services.cases.plan.holding import Holding, join
from services.cases.plan.saying import name_of_fact
from services.cases.plan.schema import ROMAN
from services.cases.service import concerns
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.service.courses import Courses
from services.cases.service.desk import Desk, missing, refusal
from services.cases.service.following import follow
from services.cases.service.suggesting import Look, Suggesting
from services.cases.service.watching import begin_by_rule
from services.cases.store import courses as stored
from services.cases.store import merged_events

#: Events that are looked at again in one pass.
_AT_ONCE: Final = 200


class Alerting:
    """Takes in events and settles alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._suggesting = Suggesting(desk)

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
            await concerns.take_in(self._desk, session, [latest[id_][0] for id_ in sorted(newer)])
            wholes = {into for id_ in newer if (into := latest[id_][0].merged_into) is not None}
            courses = await Courses.of(session, newer | wholes)
            rows = await store.events(session, newer)
            human = {id_: HumanFacts.model_validate(rows[id_].human_facts) for id_ in newer}
            for id_ in sorted(newer):
                event, at = latest[id_]
                courses.add(event, human[id_], at, now)
                if event.merged_into is not None and event.merged_into != was_in.get(id_):
                    _join(courses, event, now)
            plan = await self._desk.plans.in_force(session)
            standing = (id_ for id_ in newer if latest[id_][0].merged_into is None)
            wanted = sorted(id_ for id_ in standing if in_scope(plan, latest[id_][0].topics))
            highest = await store.highest_alerts(session, wanted)
            decisions = await stored.decisions(session, wanted)
            for id_ in wanted:
                event, at = latest[id_]
                look = Look(event, human[id_], at, highest.get(id_, 0), decisions.get(id_, ()))
                await self._suggesting.look(session, plan, look, courses)
            await courses.save(session)

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
                named = {name_of_fact(file.plan, fact): "是" if is_so else "否" for fact, is_so in given.items()}
                said = "、".join(f"{name}（{yes}）" for name, yes in named.items())
                await file.enter("facts_established", f"人工认定：{said}。{reason}", actor, facts=given)
                if facts.mass_incident is True:
                    await begin_by_rule(file, "现场发生群体性事件")
            courses = await Courses.of(session, [event_id])
            human = HumanFacts.model_validate(row.human_facts)
            courses.add(event, human, now, now, said_by=actor.name)
            try:
                graded = await self._look(session, plan, event, human, now, courses)
            except Refused as refused:
                raise refusal(refused) from refused
            await courses.save(session)
            return graded

    async def look_again(self) -> int:
        """Look at events of which a lower level may be told by now, though nothing was heard; returns how many."""
        now = self._desk.clock.now()
        async with self._desk.database.reading() as session:
            due = await stored.due_to_ease(session, now, _AT_ONCE)
        for event_id in due:
            async with self._desk.database.writing() as session:
                row = await store.lock_event(session, event_id)
                courses = await Courses.of(session, [event_id])
                event = EventUpdated.model_validate(row.snapshot) if row is not None else None
                plan = await self._desk.plans.in_force(session)
                if row is None or event is None or row.merged_into is not None or not in_scope(plan, event.topics):
                    courses.standing(event_id, now).eases_at = None
                else:
                    human = HumanFacts.model_validate(row.human_facts)
                    await self._look(session, plan, event, human, now, courses)
                await courses.save(session)
        return len(due)

    async def _look(
        self,
        session: AsyncSession,
        plan: Plan,
        event: EventUpdated,
        human: HumanFacts,
        at: datetime,
        courses: Courses,
    ) -> Grade:
        highest = (await store.highest_alerts(session, [event.id])).get(event.id, 0)
        decisions = (await stored.decisions(session, [event.id])).get(event.id, ())
        return await self._suggesting.look(session, plan, Look(event, human, at, highest, decisions), courses)

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
            file = await self._desk.file(session, case) if case is not None else None
            if file is not None:
                await _enter_settled(file, alert, status, actor, reason)
            settled = AlertSettled(
                id=alert.id,
                event_id=alert.event_id,
                case_id=alert.case_id,
                level=Level(alert.level),
                status=status,
                by=actor.name,
                reason=reason,
                at=now,
                seen_by=await file.parties() if file is not None else [],
            )
            await self._desk.outbox.put(session, ALERTS_RAISED, "alert.settled", alert.id, settled)
            return alert


def _join(courses: Courses, event: EventUpdated, now: datetime) -> None:
    """Let the event that another has gone up in remember what people refused of that one."""
    part = courses.standings.get(event.id)
    if part is None or part.holding is None or event.merged_into is None:
        return
    whole = courses.standing(event.merged_into, now)
    before = Holding.of_json(whole.holding) if whole.holding is not None else Holding()
    whole.holding = join(before, Holding.of_json(part.holding)).as_json()


def settle_alert(alert: AlertRow, status: AlertStatus, by: str, at: datetime, reason: str = "") -> None:
    """Mark an alert as acknowledged or dismissed."""
    alert.status, alert.settled_at, alert.settled_by, alert.reason = status, at, by, reason
    alert.version += 1


async def _enter_settled(file: CaseFile, alert: AlertRow, status: AlertStatus, actor: Actor, reason: str) -> None:
    name = ROMAN[Level(alert.level)]
    if status is AlertStatus.ACKNOWLEDGED:
        met = await file.meet(ClockKind.ACKNOWLEDGE)
        ids = [clock.id for clock in met]
        await file.enter("alert_acknowledged", f"签收{name}级预警", actor, alert_id=alert.id, clocks=ids)
    else:
        await file.enter("alert_dismissed", f"驳回{name}级预警：{reason}", actor, alert_id=alert.id)
