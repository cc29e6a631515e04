"""Whom a step tells at this moment: from roles, units and rosters to recipients. What is missing becomes a note."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import Recipient
from services.notify.duty import OnDutyLookup
from services.notify.escalation.policy import Step, StepTarget, TargetKind
from services.notify.recipients import ROLE_NAMES
from services.notify.telling import Telling


@dataclass
class Aim:
    """Whom to tell, and what was missing on the way there (one line each)."""

    recipients: list[Recipient] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


class TargetFinder:
    """Finds the recipients of a step. Where no roster answers, all who hold the role are told, and that is noted."""

    def __init__(self, telling: Telling, on_duty: OnDutyLookup) -> None:
        self._telling, self._on_duty = telling, on_duty

    async def find(self, session: AsyncSession, step: Step, now: datetime) -> Aim:
        """Return whom `step` tells at `now`."""
        aim = Aim()
        for target in step.targets:
            match target.kind:
                case TargetKind.CONTACT:
                    aim.recipients.append(Recipient(contact_id=target.contact_id))
                case TargetKind.ROLE:
                    aim.recipients.append(_holders(target))
                case TargetKind.DESK:
                    desk = await self._telling.desk(session)
                    aim.recipients.append(Recipient(contact_id=desk.id))
                case TargetKind.ON_DUTY | TargetKind.DEPUTY:
                    await self._by_roster(session, target, now, aim)
        return aim

    async def _by_roster(self, session: AsyncSession, target: StepTarget, now: datetime, aim: Aim) -> None:
        duties = await self._on_duty.at(session, now, target.unit, target.role)
        if target.kind is TargetKind.ON_DUTY:
            found = [duty.officer for duty in duties if duty.officer is not None]
        else:
            found = [deputy for duty in duties for deputy in duty.deputies]
        if found:
            aim.recipients += [Recipient(contact_id=id_, role=target.role) for id_ in dict.fromkeys(found)]
            return
        aim.recipients.append(_holders(target))
        what = "值班人员" if target.kind is TargetKind.ON_DUTY else "副班人员"
        where = f"（{target.unit}）" if target.unit else ""
        role = ROLE_NAMES[target.role] if target.role else ""
        aim.gaps.append(f"值班表无{what}：{role}{where}，改为通知担任该角色的全部人员")


def _holders(target: StepTarget) -> Recipient:
    return Recipient(role=target.role, unit=target.unit)
