"""Asks notify to tell people, by the plan's matrix; bodies that are confined to their own cases hear of those only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import NotificationRequested, Recipient
from contracts.permissions import CONFINED
from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import Level, NotificationKind, Role
from kit.ids import new_id
from kit.outbox import Outbox
from services.cases.models import CaseRow, NoticeRow, ParticipantRow
from services.cases.plan import Plan


class Notices:
    """Asks notify to tell people, by the plan's matrix."""

    def __init__(self, session: AsyncSession, outbox: Outbox, plan: Plan, now: datetime) -> None:
        self._session, self._outbox, self._plan, self._now = session, outbox, plan, now

    async def send(
        self,
        kind: NotificationKind,
        level: Level,
        subject: str,
        body: str,
        *,
        case: CaseRow | None = None,
        present: Sequence[ParticipantRow] = (),
        alert_id: str | None = None,
        also: Iterable[Role | Recipient] = (),
        only: Iterable[Role | Recipient] | None = None,
        receipt: bool = False,
    ) -> list[str]:
        """Ask for one notification for each row of the matrix, so that each row keeps its channels and its receipt.

        Those of `only` or `also` whom no row names are told in one more, with `receipt` as given. Of a case with the
        participants `present`, departments, counties and experts hear only where they take part in it (see
        :func:`narrowed`). Returns the ids of what was asked for.
        """
        wanted: list[tuple[list[Recipient], list[str], bool]] = []
        told: list[Recipient] = []
        if only is None:
            for row in self._plan.notices_for(level, kind):
                recipients = narrowed(row.roles, present)
                told += recipients
                wanted.append((recipients, list(row.channels), row.requires_acknowledgement))
        extra: list[Recipient] = []
        for one in narrowed(only if only is not None else also, present):
            if one not in extra and not any(_covers(other, one) for other in told):
                extra.append(one)
        wanted.append((extra, [], receipt))
        asked = [
            self._ask(kind, level, subject, body, recipients, channels, must, case, alert_id)
            for recipients, channels, must in wanted
            if recipients
        ]
        payloads = [(one.id, one) for one in asked]
        await self._outbox.put_each(self._session, NOTIFICATIONS_REQUESTED, "notification.requested", payloads)
        return [one.id for one in asked]

    def _ask(
        self,
        kind: NotificationKind,
        level: Level,
        subject: str,
        body: str,
        recipients: list[Recipient],
        channels: list[str],
        receipt: bool,
        case: CaseRow | None,
        alert_id: str | None,
    ) -> NotificationRequested:
        notice = NoticeRow(
            id=new_id(),
            case_id=case.id if case else None,
            alert_id=alert_id,
            kind=kind,
            level=level,
            requires_acknowledgement=receipt,
            requested_at=self._now,
        )
        self._session.add(notice)
        return NotificationRequested(
            id=notice.id,
            kind=kind,
            level=level,
            subject=subject,
            body=body,
            case_id=notice.case_id,
            case_number=case.number if case else None,
            alert_id=alert_id,
            recipients=recipients,
            channels=channels,
            requires_acknowledgement=receipt,
            drill=case.drill if case else False,
            requested_at=self._now,
        )


def narrowed(wanted: Iterable[Role | Recipient], participants: Sequence[ParticipantRow]) -> list[Recipient]:
    """Return whom to tell of a case, each once.

    Of a role that sees only what it takes part in (:data:`contracts.permissions.CONFINED`) only the units that take
    part are told; nobody where none does. A recipient who is given with a unit, or by name, stays as given. Without
    any participants (no case, or one not yet formed) a role is told as a whole: better one too many than none.
    """
    found: list[Recipient] = []
    for one in wanted:
        recipient = one if isinstance(one, Recipient) else Recipient(role=one)
        role = recipient.role
        if role not in CONFINED or recipient.unit or recipient.contact_id or not participants:
            found.append(recipient)
            continue
        units = [row.unit for row in participants if row.role == role and row.left_at is None]
        found += [Recipient(role=role)] if "" in units else [Recipient(role=role, unit=unit) for unit in units]
    return [one for i, one in enumerate(found) if one not in found[:i]]


def _covers(told: Recipient, one: Recipient) -> bool:
    """Tell whether whoever is `one` is among those told as `told`."""
    return one.contact_id is None and told.role == one.role and (told.unit is None or told.unit == one.unit)
