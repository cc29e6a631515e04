"""Approval chains: who must request, who decides, and that two people do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from contracts.words import Level, Role
from services.cases.lifecycle import Refused
from services.cases.plan.schema import Approval, Plan
from services.cases.roles import list_roles


class ApprovalState(StrEnum):
    """What has become of a proposal."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class ProposalKind(StrEnum):
    """What is proposed of a case's level: to start it, to raise it, to lower it."""

    ACTIVATE = "activate"
    RAISE = "raise"
    LOWER = "lower"


Decision = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's act at one step of a chain."""

    step: int
    person_id: str
    person: str
    role: Role
    decision: Decision
    at: str
    comment: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the signature ready for JSON."""
        return {
            "step": self.step,
            "person_id": self.person_id,
            "person": self.person,
            "role": str(self.role),
            "decision": self.decision,
            "at": self.at,
            "comment": self.comment,
        }

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Signature:
        """Read what :meth:`as_json` wrote."""
        return cls(**{**data, "role": Role(data["role"])})


def kind_of(current: Level, active: bool, proposed: Level) -> ProposalKind:
    """Return what proposing a level amounts to; raises :class:`Refused` where the case has it already."""
    if proposed.rank > current.rank:
        return ProposalKind.RAISE
    if proposed.rank < current.rank:
        return ProposalKind.LOWER
    if active:
        raise Refused("level_unchanged", f"处置单已是 {current} 级", f"The case already is at level {current}")
    return ProposalKind.ACTIVATE


def chain_for(plan: Plan, current: Level, active: bool, proposed: Level) -> Approval:
    """Return the chain that decides: the proposed level's; when an active level is lowered, that of the level left."""
    lowering = active and proposed.rank < current.rank
    return plan.levels[current if lowering else proposed].approval


def first_step(approval: Approval, person_id: str | None, roles: frozenset[Role]) -> int:
    """Return the step that a new proposal stands at: its own request counts where the proposer may request."""
    first = approval.steps[0]
    return 1 if person_id and first.kind == "request" and roles & set(first.roles) else 0


def sign(
    approval: Approval,
    step: int,
    signatures: Sequence[Signature],
    *,
    proposer_id: str | None,
    person_id: str,
    person: str,
    roles: frozenset[Role],
    decision: Decision,
    at: str,
    comment: str = "",
) -> tuple[ApprovalState, Signature]:
    """Decide at the step that a proposal stands at; returns its state afterwards and the signature.

    Raises :class:`Refused` where the person holds none of the step's roles, or proposed or requested it themselves and
    the chain wants two people, or rejects without saying why.
    """
    current = approval.steps[step]
    holds = sorted(roles & set(current.roles))
    if not holds:
        names = ", ".join(current.roles)
        raise Refused(
            "not_your_step", f"此步骤须由以下角色办理：{list_roles(current.roles)}", f"This step belongs to: {names}"
        )
    earlier = {signature.person_id for signature in signatures} | ({proposer_id} if proposer_id else set())
    if approval.two_people and current.kind == "decide" and decision == "approve" and person_id in earlier:
        raise Refused(
            "two_people", "提出人与批准人不能是同一人", "Whoever proposed or requested it cannot also approve it"
        )
    if decision == "reject" and not comment.strip():
        raise Refused("comment_missing", "不同意须说明理由", "A rejection needs its reason")
    signature = Signature(step, person_id, person, holds[0], decision, at, comment)
    if decision == "reject":
        return ApprovalState.REJECTED, signature
    return (ApprovalState.APPROVED if step == len(approval.steps) - 1 else ApprovalState.PENDING), signature
