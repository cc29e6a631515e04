"""What became of telling one person after another (逐级通知), as entries of the case's timeline."""

from __future__ import annotations

from contracts.messages import EscalationChanged
from contracts.words import EscalationState
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile

_NOTIFY = Actor("machine", "通知服务")


async def enter_escalation(file: CaseFile, change: EscalationChanged) -> None:
    """Enter a step or the end of an escalation, in words."""
    kind, text = _said(change)
    await file.enter(
        kind,
        text,
        _NOTIFY,
        escalation_id=change.escalation_id,
        notification_id=change.notification_id,
        notice=str(change.kind),
        round=change.round,
        step=change.step,
        told=change.told,
        at=change.at.isoformat(),
    )


def _said(change: EscalationChanged) -> tuple[str, str]:
    by = change.by or ""
    match change.state:
        case EscalationState.RUNNING:
            handed = f"，由{by}转交" if by else ""
            gap = f"（{change.reason}）" if change.reason else ""
            told = "、".join(change.told) or "本步人员均已签收"
            return "escalated", f"逐级通知第 {change.round} 轮第 {change.step} 步{handed}：{told}{gap}"
        case EscalationState.ACKNOWLEDGED:
            return "escalation_taken", f"{by}签收，逐级通知结束"
        case EscalationState.UNANSWERED:
            return "escalation_unanswered", "逐级通知各步均已完成，无人签收，已通知值班席"
        case EscalationState.STOPPED:
            return "escalation_stopped", f"{by}终止逐级通知：{change.reason}"
        case EscalationState.SETTLED:
            who = f"（{by}）" if by else ""
            return "escalation_settled", f"逐级通知结束：{change.reason}{who}"
