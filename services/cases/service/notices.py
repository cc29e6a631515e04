"""Asks notify to tell people, by the plan's matrix; bodies that are confined to their own cases hear of those only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import Audience, NotificationRequested, Recipient
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
        topics: Sequence[str] = (),
    ) -> list[str]:
        """Ask for one notification for each row of the matrix, so that each row keeps its channels and its receipt.

        Whoever has subscribed to one of `topics` (those of the event) is told besides, but not of what is for `only`.

        Those of `only` or `also` whom no row names are told in one more, with `receipt` as given. Of a case with the
        participants `present`, departments, counties and experts hear only where they take part in it (see
        :func:`narrowed`). Returns the ids of what was asked for.
        """
        wanted = told_by_plan(self._plan, kind, level, present) if only is None else []
        told = [recipient for one in wanted for recipient in one.audience.recipients]
        extra: list[Recipient] = []
        for one in narrowed(only if only is not None else also, present):
            if one not in extra and not any(_covers(other, one) for other in told):
                extra.append(one)
        audiences = [one.audience for one in wanted]
        if extra:
            audiences.append(Audience(recipients=extra, requires_acknowledgement=receipt))
        if only is None:
            audiences = with_subscribers(audiences, topics)
        asked = [self._ask(kind, level, subject, body, audience, case, alert_id) for audience in audiences]
        payloads = [(one.id, one) for one in asked]
        await self._outbox.put_each(self._session, NOTIFICATIONS_REQUESTED, "notification.requested", payloads)
        return [one.id for one in asked]

    def _ask(
        self,
        kind: NotificationKind,
        level: Level,
        subject: str,
        body: str,
        audience: Audience,
        case: CaseRow | None,
        alert_id: str | None,
    ) -> NotificationRequested:
        notice = NoticeRow(
            id=new_id(),
            case_id=case.id if case else None,
            alert_id=alert_id,
            kind=kind,
            level=level,
            requires_acknowledgement=audience.requires_acknowledgement,
            requested_at=self._now,
        )
        self._session.add(notice)
        return NotificationRequested(
            **dict(audience),
            id=notice.id,
            kind=kind,
            level=level,
            subject=subject,
            body=body,
            case_id=notice.case_id,
            case_number=case.number if case else None,
            alert_id=alert_id,
            drill=case.drill if case else False,
            requested_at=self._now,
        )


@dataclass(frozen=True, slots=True)
class MatrixNotice:
    """Whom a row of the plan's matrix names; `number` is the row's, from 1 (None: no row, only subscribers)."""

    number: int | None
    clause: str
    audience: Audience


def told_by_plan(
    plan: Plan, kind: NotificationKind, level: Level, present: Sequence[ParticipantRow]
) -> list[MatrixNotice]:
    """Return whom the plan's matrix names for `kind` at `level`, row by row; rows that come to nobody are left out.

    `present` are the participants of the case (see :func:`narrowed`).
    """
    found = []
    for number, row in enumerate(plan.notices, start=1):
        if level not in row.levels or kind not in row.kinds:
            continue
        recipients = narrowed([Recipient(role=role, on_duty=row.on_duty) for role in row.roles], present)
        if recipients:
            audience = Audience(
                recipients=recipients,
                channels=list(row.channels),
                requires_acknowledgement=row.requires_acknowledgement,
            )
            found.append(MatrixNotice(number, row.clause, audience))
    return found


def with_subscribers(audiences: Sequence[Audience], topics: Sequence[str]) -> list[Audience]:
    """Return the audiences of one happening, the first of which brings in those who have subscribed to its topics.

    Whoever is told by another of them is named there, so that a subscriber is told once. Where nobody is told
    otherwise, there is one for the subscribers alone.
    """
    if not topics:
        return list(audiences)
    first, *others = audiences or [Audience(recipients=[])]
    elsewhere = [recipient for other in others for recipient in other.recipients]
    return [first.model_copy(update={"topics": list(topics), "told_elsewhere": elsewhere}), *others]


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
        found += [recipient] if "" in units else [recipient.model_copy(update={"unit": unit}) for unit in units]
    return [one for i, one in enumerate(found) if one not in found[:i]]


def _covers(told: Recipient, one: Recipient) -> bool:
    """Tell whether whoever is `one` is among those told as `told`: of whom only those on duty are, another is not."""
    if told.on_duty and not one.on_duty:
        return False
    return one.contact_id is None and told.role == one.role and (told.unit is None or told.unit == one.unit)
