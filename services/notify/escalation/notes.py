"""What an escalation writes to people, in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.words import EscalationState, NotificationKind
from services.notify.escalation.models import Escalation, EscalationCall
from services.notify.escalation.progress import Call
from services.notify.models import Notification
from services.notify.texts import beijing


@dataclass(frozen=True)
class Said:
    """A notification about an escalation."""

    kind: NotificationKind
    subject: str
    body: str


def of_call(call: Call, handed_on_by: str | None) -> str:
    """Return the note in the letter of one call."""
    where = f"逐级通知第 {call.round + 1} 轮第 {call.step + 1} 步"
    if handed_on_by:
        return f"{where}，由{handed_on_by}转交"
    return where if call.turn == 1 else f"{where}，此前无人签收"


def ended(notification: Notification, row: Escalation) -> Said:
    """Return what those are told who were told in vain, once nobody need act on it any more."""
    by = row.ended_by or ""
    if row.state == EscalationState.ACKNOWLEDGED:
        head, what = f"{by}已签收", f"下列通知已由{by}签收并负责处理，您无需再签收。"
    elif row.state == EscalationState.STOPPED:
        head, what = "已终止", f"{by}终止了下列通知的逐级通知，原因：{row.reason}。"
    else:
        who = f"（{by}）" if by else ""
        head, what = "已处理", f"{row.reason}{who}，下列通知无需再签收。"
    return Said(NotificationKind.NOTICE_TAKEN, f"{head}：{notification.subject}", f"{what}\n\n{notification.subject}")


def unanswered(notification: Notification, rows: Sequence[EscalationCall]) -> Said:
    """Return what the duty desk is told when nobody has acknowledged."""
    lines = [
        f"第 {row.round + 1} 轮第 {row.step + 1} 步，{beijing(row.at)}：{row.contact_name}" for row in rows if row.told
    ]
    body = "\n".join(
        [
            "逐级通知的各步均已完成，仍无人签收，请立即电话联系，直至有人负责。",
            "",
            "已通知：",
            *lines,
            "",
            "原通知内容：",
        ]
    )
    return Said(NotificationKind.NOTICE_UNANSWERED, f"无人签收：{notification.subject}", f"{body}\n{notification.body}")
