"""Running escalations: starts them, takes their steps when they are due, and ends them.

State is in rows, and each step lies in one transaction: the call, its deliveries, what the bus is told and what comes
next stand or fall together. So it may be cut short anywhere and begun anew by any replica.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts import streams
from contracts.envelope import Message
from contracts.messages import AlertSettled, CaseChanged, EscalationChanged, NotificationRequested, Recipient
from contracts.words import AlertStatus, CaseState, ChannelName, EscalationState, Level, NotificationKind
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.inbox import Inbox
from kit.metrics import PASS_FAILED
from kit.outbox import Outbox
from kit.transient import passes
from services.notify.escalation import notes, store
from services.notify.escalation.models import Escalation, EscalationCall, Settlement
from services.notify.escalation.policy import Policy
from services.notify.escalation.progress import Call, Progress, answered_step, begin, follow
from services.notify.escalation.targets import TargetFinder
from services.notify.models import Delivery, Notification
from services.notify.recipients import Addressee
from services.notify.remembering import bring, remembering
from services.notify.service import Acknowledgement
from services.notify.telling import Telling

log = structlog.get_logger(__name__)

#: Escalations that one pass looks at; the rest wait for the next.
_BATCH: Final = 200
#: Escalations that one transaction moves on.
_TOGETHER: Final = 20
_OVER: Final = frozenset({CaseState.CLOSED, CaseState.DISMISSED})


@dataclass(frozen=True)
class _Known:
    """Who has acknowledged a notification, and whom it itself went to."""

    acknowledged: set[str]
    told_at_once: set[str]


class Escalating:
    """Moves escalations on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        inbox: Inbox,
        outbox: Outbox,
        telling: Telling,
        finder: TargetFinder,
        deliver: asyncio.Event,
    ) -> None:
        self._database, self._clock, self._inbox, self._outbox = database, clock, inbox, outbox
        self._telling, self._finder, self._deliver = telling, finder, deliver

    async def start(self, session: AsyncSession, request: NotificationRequested) -> None:
        """Start the escalation of a notification that a policy names and that asks to be acknowledged."""
        if not request.requires_acknowledgement or request.level is None:
            return
        chosen = await store.policy_for(session, request.kind.value, request.level.value)
        if chosen is None:
            return
        now = self._clock.now()
        progress = begin(Policy.model_validate(chosen.body), now)
        await store.start(
            session,
            {
                "id": new_id(),
                "notification_id": request.id,
                "policy_id": chosen.id,
                "policy_version": chosen.version,
                "policy": chosen.body,
                "state": EscalationState.RUNNING.value,
                "round": progress.round,
                "step": progress.step,
                "due_at": progress.due_at,
                "set_at": progress.set_at,
                "started_at": now,
                "reason": "",
                "version": 1,
            },
        )

    async def run(self) -> int:
        """Take every step that is due, those of a few escalations in one transaction; returns how many were taken.

        One that cannot be moved on for a fault of its own is logged, looked at again, and holds up no other: where a
        transaction fails, each of its escalations is moved on in one of its own.
        """
        async with self._database.reading() as session:
            due = await store.due(session, self._clock.now(), _BATCH)
        taken = 0
        for start in range(0, len(due), _TOGETHER):
            some = due[start : start + _TOGETHER]
            try:
                taken += await self._move(some)
            except Exception as error:
                if passes(error):
                    raise
                taken += await self._move_alone(some)
        if due:
            self._deliver.set()
        return taken

    async def _move_alone(self, escalation_ids: Sequence[str]) -> int:
        taken = 0
        for escalation_id in escalation_ids:
            try:
                taken += await self._move([escalation_id])
            except Exception as error:
                if passes(error):
                    raise
                PASS_FAILED.labels("escalate").inc()
                log.exception("escalation.failed", escalation_id=escalation_id)
        return taken

    async def acknowledged(self, session: AsyncSession, delivery: Delivery, made: Acknowledgement) -> None:
        """End the escalation of the notification where its people have now acknowledged."""
        for row in await store.running_of(session, notification_id=made.notification_id):
            # what a step sent to this person while they acknowledged must not go out any more
            await store.acknowledge_pending(session, delivery)
            policy, now = Policy.model_validate(row.policy), self._clock.now()
            receipts = (await store.acknowledged_by(session, [row.notification_id]))[row.notification_id]
            told = _by_call((await store.calls(session, [row.id]))[row.id])
            named = {
                number: [addressee.person.id for addressee in await self._aimed(session, policy, number, now)]
                for number, step in enumerate(policy.steps)
                if not step.everyone
            }
            step = answered_step(policy, told, named, {receipt.contact_id for receipt in receipts})
            if step is None:
                continue
            by = made.contact_name
            if policy.steps[step].everyone:
                asked = {id_ for call, people in told.items() if call.step == step for id_ in people}
                by = "、".join(receipt.contact_name for receipt in receipts if receipt.contact_id in asked)
            await self.end(session, row, EscalationState.ACKNOWLEDGED, by=by, via=made.via)

    async def heard(self, messages: Sequence[Message]) -> None:
        """Take in what is settled elsewhere: alerts acknowledged or dismissed in the system, cases closed."""
        async with self._database.writing() as session:
            for message in await self._inbox.unseen(session, messages, self._clock.now()):
                if message.type == "alert.settled":
                    alert = AlertSettled.model_validate(message.data)
                    reason = "预警已在系统中签收"
                    if alert.status is AlertStatus.DISMISSED:
                        reason = f"预警已驳回：{alert.reason}"
                    settled = Settlement(subject=f"alert:{alert.id}", at=alert.at, by=alert.by, reason=reason)
                    await self._settle(session, settled, alert_id=alert.id)
                elif message.type == "case.changed":
                    case = CaseChanged.model_validate(message.data)
                    if case.state in _OVER:
                        reason = "处置单已办结" if case.state is CaseState.CLOSED else "已决定不予立案"
                        settled = Settlement(subject=f"case:{case.case_id}", at=case.at, by=None, reason=reason)
                        await self._settle(session, settled, case_id=case.case_id)

    async def end(
        self,
        session: AsyncSession,
        row: Escalation,
        state: EscalationState,
        *,
        by: str | None = None,
        via: str | None = None,
        reason: str = "",
    ) -> None:
        """End a running escalation that is held, tell the bus, and tell those whom its steps told in vain."""
        now = self._clock.now()
        row.state, row.ended_at, row.ended_by, row.ended_via, row.reason = state.value, now, by, via, reason
        row.version += 1
        await session.flush()
        notification = await session.get_one(Notification, row.notification_id)
        rows = (await store.calls(session, [row.id]))[row.id]
        await self._tell_bus(session, row, notification, rows=[], by=by, reason=reason)
        if state is EscalationState.UNANSWERED:
            desk = await self._telling.desk(session)
            await self._tell(session, notification, notes.unanswered(notification, rows), [desk.id], now)
        else:
            receipts = (await store.acknowledged_by(session, [row.notification_id]))[row.notification_id]
            know = {receipt.contact_id for receipt in receipts}
            others = list(dict.fromkeys(call.contact_id for call in rows if call.told and call.contact_id not in know))
            if others:
                await self._tell(session, notification, notes.ended(notification, row), others, now)
        log.info("escalation.ended", escalation_id=row.id, state=state.value, by=by)

    async def _move(self, escalation_ids: Sequence[str]) -> int:
        """Take what is due in escalations, in one transaction; returns how many steps were taken."""
        now = self._clock.now()
        taken = 0
        async with self._database.writing() as session:
            rows = await store.running(session, escalation_ids, skip=True)
            about = [row.notification_id for row in rows]
            await bring(remembering(session), notifications=about)
            receipts = await store.acknowledged_by(session, about)
            at_once = await store.told_at_once(session, about)
            with session.no_autoflush:  # what the steps come to is written at the end, of all at once
                for row in rows:
                    id_ = row.notification_id
                    known = _Known({receipt.contact_id for receipt in receipts[id_]}, at_once[id_])
                    while row.state == EscalationState.RUNNING.value and await self._step(session, row, known, now):
                        taken += 1
        return taken

    async def _step(self, session: AsyncSession, row: Escalation, known: _Known, now: datetime) -> bool:
        """Take what is due next in one running escalation; tells whether somebody was told."""
        notification = await session.get_one(Notification, row.notification_id)
        settled = await store.settlement(session, notification)
        if settled is not None:
            await self.end(session, row, EscalationState.SETTLED, by=settled.by, reason=settled.reason)
            return False
        policy = Policy.model_validate(row.policy)
        call, progress = follow(policy, Progress(row.round, row.step, row.due_at, row.set_at), now)
        row.round, row.step, row.due_at, row.set_at = (
            progress.round,
            progress.step,
            progress.due_at,
            progress.set_at,
        )
        if progress.over:
            await self.end(session, row, EscalationState.UNANSWERED, reason="各步均已通知，无人签收")
            return False
        if call is None:
            return False
        await self._call(session, row, notification, policy, call, known, now)
        return True

    async def _call(
        self,
        session: AsyncSession,
        row: Escalation,
        notification: Notification,
        policy: Policy,
        call: Call,
        known: _Known,
        now: datetime,
    ) -> None:
        """Tell the people of one step, once each, passing over who has acknowledged or has the letter already."""
        aim = await self._finder.find(session, policy.steps[call.step], now)
        # whoever did not answer by their first way is tried by every way they have
        channels = [channel.value for channel in ChannelName] if call.round else []
        resolution = await self._telling.resolve(session, aim.recipients, channels)
        gaps = [*aim.gaps, *resolution.gaps]
        for gap in gaps:
            log.warning("escalation.gap", escalation_id=row.id, step=call.step + 1, gap=gap)
        at_once = call.turn == 1 and not policy.steps[0].delay_minutes
        have = known.told_at_once if at_once else set()
        note = notes.of_call(call, row.handed_on_by)
        await self._telling.tell_again(
            session,
            notification.id,
            resolution.addressees,
            turn=call.turn,
            note=note,
            without=known.acknowledged | have,
        )
        told = [
            EscalationCall(
                escalation_id=row.id,
                turn=call.turn,
                contact_id=addressee.person.id,
                round=call.round,
                step=call.step,
                contact_name=addressee.person.name,
                role=addressee.role.value if addressee.role else None,
                note="；".join((*addressee.notes, *aim.gaps)),
                told=addressee.person.id not in known.acknowledged,
                at=now,
            )
            for addressee in resolution.addressees
        ]
        session.add_all(told)
        row.version += 1
        by, row.handed_on_by = row.handed_on_by, None
        await self._tell_bus(session, row, notification, rows=told, by=by, reason="；".join(gaps), call=call)
        log.info("escalation.step", escalation_id=row.id, round=call.round + 1, step=call.step + 1, people=len(told))

    async def _aimed(self, session: AsyncSession, policy: Policy, step: int, now: datetime) -> list[Addressee]:
        aim = await self._finder.find(session, policy.steps[step], now)
        return (await self._telling.resolve(session, aim.recipients)).addressees

    async def _settle(
        self,
        session: AsyncSession,
        settled: Settlement,
        *,
        case_id: str | None = None,
        alert_id: str | None = None,
    ) -> None:
        await store.settle(session, settled)
        for row in await store.running_of(session, case_id=case_id, alert_id=alert_id):
            notification = await session.get_one(Notification, row.notification_id)
            if notification.requested_at <= settled.at:
                await self.end(session, row, EscalationState.SETTLED, by=settled.by, reason=settled.reason)

    async def _tell(
        self, session: AsyncSession, about: Notification, said: notes.Said, contact_ids: Sequence[str], now: datetime
    ) -> None:
        request = NotificationRequested(
            id=new_id(),
            kind=said.kind,
            level=Level(about.level) if about.level else None,
            subject=said.subject,
            body=said.body,
            case_id=about.case_id,
            case_number=about.case_number,
            alert_id=about.alert_id,
            recipients=[Recipient(contact_id=id_) for id_ in contact_ids],
            drill=about.drill,
            requested_at=now,
        )
        await self._telling.accept(session, request)

    async def _tell_bus(
        self,
        session: AsyncSession,
        row: Escalation,
        about: Notification,
        *,
        rows: Sequence[EscalationCall],
        by: str | None,
        reason: str,
        call: Call | None = None,
    ) -> None:
        payload = EscalationChanged(
            escalation_id=row.id,
            notification_id=about.id,
            kind=NotificationKind(about.kind),
            level=Level(about.level) if about.level else None,
            case_id=about.case_id,
            alert_id=about.alert_id,
            state=EscalationState(row.state),
            round=(call.round if call else row.round) + 1,
            step=call.step + 1 if call else row.step,
            told=[one.contact_name for one in rows if one.told],
            by=by,
            reason=reason,
            at=self._clock.now(),
            drill=about.drill,
        )
        await self._outbox.put(session, streams.NOTIFICATIONS_CHANGED, "escalation.changed", row.id, payload)


def _by_call(rows: Sequence[EscalationCall]) -> dict[Call, list[str]]:
    found: dict[Call, list[str]] = {}
    for row in rows:
        found.setdefault(Call(row.round, row.step, row.turn), []).append(row.contact_id)
    return found
