"""What escalation takes in and gives out over HTTP; a policy is taken in as it stands in the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.words import EscalationState, Level, NotificationKind, Role
from kit.inputs import WITHOUT_NUL
from services.notify.escalation.models import EscalationCall, EscalationPolicy
from services.notify.escalation.policy import Policy
from services.notify.escalation.service import Course
from services.notify.models import Delivery


class PolicyOut(BaseModel):
    """A stored policy. `shipped`: it came with the system, and its figures are the project's own."""

    id: str
    policy: Policy
    shipped: bool
    version: int
    created_at: datetime
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, row: EscalationPolicy) -> Self:
        """Show a stored policy."""
        return cls(
            id=row.id,
            policy=Policy.model_validate(row.body),
            shipped=row.shipped,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
        )


class EscalationReceiptOut(BaseModel):
    """Who acknowledged, when and by which way."""

    contact_id: str
    contact_name: str
    role: Role | None
    acknowledged_at: datetime
    acknowledged_via: str | None
    acknowledged_by: str | None

    @classmethod
    def of(cls, row: Delivery) -> Self:
        """Show an acknowledged delivery."""
        assert row.acknowledged_at is not None
        return cls(
            contact_id=row.contact_id,
            contact_name=row.contact_name,
            role=Role(row.role) if row.role else None,
            acknowledged_at=row.acknowledged_at,
            acknowledged_via=row.acknowledged_via,
            acknowledged_by=row.acknowledged_by,
        )


class CalledOut(BaseModel):
    """One person of a call. `told` is off for those who had acknowledged before and were left alone."""

    contact_id: str
    contact_name: str
    role: Role | None
    told: bool
    note: str
    acknowledged_at: datetime | None
    acknowledged_via: str | None


class CallOut(BaseModel):
    """One step of one round, both from 1. `turn` is that of its deliveries in the notification."""

    round: int
    step: int
    turn: int
    at: datetime
    people: list[CalledOut]


class EscalationOut(BaseModel):
    """An escalation: the copy of the policy that it goes by, the calls made, who acknowledged, what comes next.

    `next_round` and `next_step` (from 1) are what is due at `next_at`; `next_step` past the last step is the next
    round, or the end. All three are null once it has ended.
    """

    id: str
    notification_id: str
    kind: NotificationKind
    level: Level | None
    subject: str
    case_id: str | None
    case_number: str | None
    alert_id: str | None
    drill: bool
    state: EscalationState
    policy_id: str
    policy_version: int
    policy: Policy
    next_round: int | None
    next_step: int | None
    next_at: datetime | None
    handed_on_by: str | None
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    ended_via: str | None
    reason: str
    version: int
    calls: list[CallOut]
    acknowledgements: list[EscalationReceiptOut]

    @classmethod
    def of(cls, course: Course) -> Self:
        """Show an escalation."""
        row, notification = course.escalation, course.notification
        running = row.state == EscalationState.RUNNING
        return cls(
            id=row.id,
            notification_id=notification.id,
            kind=NotificationKind(notification.kind),
            level=Level(notification.level) if notification.level else None,
            subject=notification.subject,
            case_id=notification.case_id,
            case_number=notification.case_number,
            alert_id=notification.alert_id,
            drill=notification.drill,
            state=EscalationState(row.state),
            policy_id=row.policy_id,
            policy_version=row.policy_version,
            policy=Policy.model_validate(row.policy),
            next_round=row.round + 1 if running else None,
            next_step=row.step + 1 if running else None,
            next_at=row.due_at if running else None,
            handed_on_by=row.handed_on_by,
            started_at=row.started_at,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            ended_via=row.ended_via,
            reason=row.reason,
            version=row.version,
            calls=_calls(course.calls, course.receipts),
            acknowledgements=[EscalationReceiptOut.of(receipt) for receipt in course.receipts],
        )


class StopIn(BaseModel):
    """Why an escalation is stopped."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), WITHOUT_NUL] = Field(
        examples=["已电话确认，由办公室处理"]
    )


def _calls(rows: Sequence[EscalationCall], receipts: Sequence[Delivery]) -> list[CallOut]:
    by_contact = {receipt.contact_id: receipt for receipt in receipts}
    found: dict[int, CallOut] = {}
    for row in rows:
        call = found.setdefault(
            row.turn, CallOut(round=row.round + 1, step=row.step + 1, turn=row.turn, at=row.at, people=[])
        )
        receipt = by_contact.get(row.contact_id)
        call.people.append(
            CalledOut(
                contact_id=row.contact_id,
                contact_name=row.contact_name,
                role=Role(row.role) if row.role else None,
                told=row.told,
                note=row.note,
                acknowledged_at=receipt.acknowledged_at if receipt else None,
                acknowledged_via=receipt.acknowledged_via if receipt else None,
            )
        )
    return list(found.values())
