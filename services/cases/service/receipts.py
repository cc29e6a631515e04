"""What became of notifications: receipts are evidence, failures are entries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import EscalationChanged, NotificationChanged
from contracts.words import AlertStatus, ChannelName, ClockKind, DeliveryState, NotificationKind
from services.cases import store
from services.cases.models import NoticeRow
from services.cases.service.actors import Actor
from services.cases.service.alerting import settle_alert
from services.cases.service.case_file import CaseFile
from services.cases.service.desk import Desk
from services.cases.service.escalations import enter_escalation
from services.cases.service.handovers import accept_by_receipt
from services.cases.service.information import receive
from services.cases.service.levels import role_name
from services.cases.store import work

#: Receipts of these say that somebody has their work, not that the case has been received: they meet no clock of it.
_OF_WORK = frozenset(
    {
        NotificationKind.TASK_ASSIGNED,
        NotificationKind.CONSULTATION_CALLED,
        NotificationKind.INFORMATION_PASSED,
        NotificationKind.HANDED_OVER,
    }
)
_CHANNELS = {channel.value: channel.chinese for channel in ChannelName}


class Receipts:
    """Takes in what notify says of the notifications that were asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def take_in(self, messages: Sequence[Message]) -> None:
        """Enter acknowledgements, failures and escalations of a batch, once each, in one transaction.

        An acknowledgement (签收) of a notice that wanted one meets the case's clock `acknowledge`, if that clock had
        started when the notice was sent, and acknowledges the alert that the notice told of.
        """
        now = self._desk.clock.now()
        async with self._desk.database.writing() as session:
            fresh = await self._desk.inbox.unseen(session, messages, now)
            wanted = [change for message in fresh if (change := _read(message)) is not None]
            if not wanted:
                return
            notices = await store.notices(session, [change.notification_id for change in wanted])
            files: dict[str, CaseFile] = {}
            handed = {one.notice_id: one for one in await work.handovers_of_notices(session, notices)}
            ids = {change.case_id for change in wanted if change.case_id}
            for case_id in sorted(ids.union(*(one.cases for one in handed.values()))):
                row = await store.lock_case(session, case_id)
                if row is not None:
                    files[case_id] = await self._desk.file(session, row)
            for change in wanted:
                file = files.get(change.case_id or "")
                if isinstance(change, EscalationChanged):
                    if file is not None:
                        await enter_escalation(file, change)
                    continue
                notice = notices.get(change.notification_id)
                if change.state is DeliveryState.FAILED:
                    if file is not None:
                        await _enter_failure(file, change)
                    continue
                if file is not None:
                    await _enter_receipt(file, change, notice)
                if change.notification_id in handed:
                    handover = handed[change.notification_id]
                    await accept_by_receipt(session, files, handover.id, change, _actor(change), now)
                await self._acknowledge_alert(session, change, notice)

    async def _acknowledge_alert(
        self, session: AsyncSession, change: NotificationChanged, notice: NoticeRow | None
    ) -> None:
        if notice is None or not notice.requires_acknowledgement or notice.alert_id is None:
            return
        alert = await store.alert(session, notice.alert_id, lock=True)
        if alert is not None and alert.status == AlertStatus.OPEN:
            settle_alert(alert, AlertStatus.ACKNOWLEDGED, change.contact_name, change.at)
            session.add(alert)


def _read(message: Message) -> NotificationChanged | EscalationChanged | None:
    """Return what a message tells of that belongs into a timeline; None where nothing of it does."""
    if message.type == "escalation.changed":
        return EscalationChanged.model_validate(message.data)
    if message.type == "notification.changed":
        change = NotificationChanged.model_validate(message.data)
        return change if change.state in (DeliveryState.ACKNOWLEDGED, DeliveryState.FAILED) else None
    return None


async def _enter_receipt(file: CaseFile, change: NotificationChanged, notice: NoticeRow | None) -> None:
    counts = notice is not None and notice.requires_acknowledgement and notice.case_id == file.row.id
    counts = counts and change.kind not in _OF_WORK
    met = await file.meet(ClockKind.ACKNOWLEDGE, since=notice.requested_at) if counts and notice else []
    role = f"（{role_name(file, change.role)}）" if change.role else ""
    way = {"link": "链接", "api": "系统"}.get(change.acknowledged_via or "", "")
    await file.enter(
        "acknowledged",
        f"{change.contact_name}{role}签收通知" + (f"，经{way}" if way else ""),
        _actor(change),
        notification_id=change.notification_id,
        notice=str(change.kind),
        channel=change.channel,
        at=change.at.isoformat(),
        clocks=[clock.id for clock in met],
    )
    await receive(file, change, _actor(change))


def _actor(change: NotificationChanged) -> Actor:
    roles = frozenset([change.role] if change.role else [])
    return Actor("person", change.contact_name, change.contact_id, roles, login=change.contact_login or "")


async def _enter_failure(file: CaseFile, change: NotificationChanged) -> None:
    way = _CHANNELS.get(change.channel, change.channel)
    await file.enter(
        "notice_failed",
        f"未能经{way}通知{change.contact_name}：{change.error or '原因不明'}",
        Actor("machine", "通知服务"),
        notification_id=change.notification_id,
        notice=str(change.kind),
        channel=change.channel,
    )
