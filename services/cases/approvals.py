"""Approval chains: who must request, who decides, and that two people do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal

from contracts.words import Level, Role
from services.cases.lifecycle import Refused
from services.cases.plan.schema import ROMAN, Approval, ApprovalStep, Plan
from services.cases.roles import list_roles


class ApprovalState(StrEnum):
    """What has become of a proposal."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    #: a lowering on which nobody decided in time
    LAPSED = "lapsed"


class ProposalKind(StrEnum):
    """What is proposed of a case's level: to start it, to raise it, to lower it."""

    ACTIVATE = "activate"
    RAISE = "raise"
    LOWER = "lower"


Decision = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Mandate:
    """A role that a person may act in because a holder of it, `holder`, has delegated it to them."""

    role: Role
    delegation_id: str
    holder_id: str
    holder: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's act at one step of a chain.

    `holder` is the person for whom a delegate signed (代), `deputy` marks a role that stood in for those of the step.
    """

    step: int
    person_id: str
    person: str
    role: Role
    decision: Decision
    at: str
    comment: str = ""
    holder_id: str | None = None
    holder: str | None = None
    delegation_id: str | None = None
    deputy: bool = False

    @property
    def people(self) -> set[str]:
        """Return the ids of all whose authority the signature uses up: who signed, and for whom."""
        return {self.person_id} | ({self.holder_id} if self.holder_id else set())

    @property
    def signed(self) -> str:
        """Return the signature as officers read it, such as `李四（代赵局长）`."""
        return f"{self.person}（代{self.holder}）" if self.holder else self.person

    def as_json(self) -> dict[str, Any]:
        """Return the signature ready for JSON."""
        return {**asdict(self), "role": str(self.role)}

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
        raise Refused("level_unchanged", f"处置单已是{ROMAN[current]}级", f"The case already is at level {current}")
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
    mandates: Sequence[Mandate] = (),
    stand_ins: Sequence[Role] = (),
) -> tuple[ApprovalState, Signature]:
    """Decide at the step that a proposal stands at; returns its state afterwards and the signature.

    `mandates` are roles delegated to the person, `stand_ins` roles that may sign beside those of the step: deputies,
    and higher ones to which an expired proposal has gone. Raises :class:`Refused` where the person may act in none of
    them, or rejects without saying why, or where the chain wants two people and the person, or whoever they sign for,
    proposed or signed it before.
    """
    current = approval.steps[step]
    capacities = _capacities(current, roles, mandates, stand_ins)
    if not capacities:
        wanted = [*current.roles, *stand_ins]
        names = ", ".join(dict.fromkeys(wanted))
        raise Refused(
            "not_your_step", f"此步骤须由以下角色办理：{list_roles(wanted)}", f"This step belongs to: {names}"
        )
    if approval.two_people and decision == "approve":
        earlier: set[str] = set().union(*(signature.people for signature in signatures))
        if current.kind == "decide" and proposer_id:
            earlier.add(proposer_id)
        capacities = [
            (role, mandate)
            for role, mandate in capacities
            if person_id not in earlier and (mandate is None or mandate.holder_id not in earlier)
        ]
        if not capacities:
            raise Refused(
                "two_people",
                "提出人、请示人与批准人不能是同一人，也不能由受其委托的人代签",
                "Whoever proposed or requested it cannot also approve it, nor can their delegate for them",
            )
    if decision == "reject" and not comment.strip():
        raise Refused("comment_missing", "不同意须说明理由", "A rejection needs its reason")
    role, mandate = capacities[0]
    signature = Signature(
        step,
        person_id,
        person,
        role,
        decision,
        at,
        comment,
        holder_id=mandate.holder_id if mandate else None,
        holder=mandate.holder if mandate else None,
        delegation_id=mandate.delegation_id if mandate else None,
        deputy=role not in current.roles,
    )
    if decision == "reject":
        return ApprovalState.REJECTED, signature
    return (ApprovalState.APPROVED if step == len(approval.steps) - 1 else ApprovalState.PENDING), signature


def _capacities(
    step: ApprovalStep, roles: frozenset[Role], mandates: Sequence[Mandate], stand_ins: Sequence[Role]
) -> list[tuple[Role, Mandate | None]]:
    """Return in what capacities a person may sign: own roles before delegated ones, the step's before stand-ins."""
    wanted = [*sorted(step.roles), *(role for role in stand_ins if role not in step.roles)]
    own: list[tuple[Role, Mandate | None]] = [(role, None) for role in wanted if role in roles]
    return own + [(role, mandate) for role in wanted for mandate in mandates if mandate.role is role]
