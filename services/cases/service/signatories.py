"""Who may sign a proposal's step now, and how its row remembers that it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.words import Level, Role
from kit.problems import Problem
from services.cases.approvals import ApprovalState, Mandate, Signature
from services.cases.delegations import Leave, mandates, vacant_from
from services.cases.models import ApprovalRow
from services.cases.plan import Plan
from services.cases.plan.schema import ROMAN, Approval, ApprovalStep
from services.cases.roles import list_roles
from services.cases.service.actors import Actor
from services.cases.service.case_file import CaseFile
from services.cases.store import delegations
from services.cases.waiting import Overdue, Wait, next_instant, stand_ins


@dataclass(frozen=True, slots=True)
class Standing:
    """A pending proposal with its chain, and who of it is away, at the instant `now`."""

    row: ApprovalRow
    approval: Approval
    leaves: list[Leave]
    now: datetime

    @classmethod
    async def of(cls, file: CaseFile, row: ApprovalRow) -> Standing:
        """Look up how a proposal stands."""
        return cls(row, chain_of(file.plan, row), await delegations.standing(file.session, file.now), file.now)

    @property
    def step(self) -> ApprovalStep:
        """Return the step that it stands at."""
        return self.approval.steps[self.row.step]

    @property
    def signatures(self) -> list[Signature]:
        """Return who has signed."""
        return [Signature.of_json(item) for item in self.row.signatures]

    @property
    def vacant_from(self) -> datetime | None:
        """Return from when on nobody of the step's roles is on duty who may sign it."""
        barred: set[str] = set()
        if self.approval.two_people:
            barred = set().union(*(signature.people for signature in self.signatures))
            if self.step.kind == "decide" and self.row.proposer_id:
                barred.add(self.row.proposer_id)
        return vacant_from(self.leaves, self.step.roles, barred, self.now)

    @property
    def stand_ins(self) -> tuple[Role, ...]:
        """Return the roles that may sign beside those of the step."""
        return stand_ins(wait_of(self.row), self.step, self.now, vacant_from=self.vacant_from)

    def mandates(self, person_id: str) -> list[Mandate]:
        """Return the roles that a person may act in for others."""
        return mandates(self.leaves, person_id, self.now)

    def acting(self) -> list[str]:
        """Return who acts for whom in the step's roles, as officers read it."""
        return [
            f"{leave.delegate}代{leave.holder}"
            for leave in self.leaves
            if leave.role in self.step.roles and leave.delegate and leave.in_force(self.now)
        ]

    def keep(self, wait: Wait) -> None:
        """Let the row remember how its step waits, and when there will next be something to say."""
        row = self.row
        row.waiting_since, row.climbed = wait.since, [str(role) for role in wait.climbed]
        row.told = sorted(str(what) for what in wait.told)
        row.next_at = next_instant(wait, self.step, self.approval.waiting, vacant_from=self.vacant_from)

    def begin_to_wait(self) -> None:
        """Let the step that the proposal has come to begin to wait."""
        self.keep(Wait(self.now))


async def mandate_of(file: CaseFile, actor: Actor) -> Mandate | None:
    """Return by whose delegation an actor decides on what is said, None where by a role of their own.

    403 where they neither hold a role that decides at the case's level nor act for a holder of one.
    """
    deciders = file.plan.deciders(file.level)
    if actor.roles & deciders:
        return None
    leaves = await delegations.standing(file.session, file.now)
    for mandate in mandates(leaves, actor.id or "", file.now):
        if mandate.role in deciders:
            return mandate
    raise Problem(
        403,
        "statement.role",
        zh=f"{ROMAN[file.level]}级口径须由以下角色审批：{list_roles(deciders)}",
        en=f"A statement at level {file.level} is approved by: {', '.join(sorted(deciders))}",
        roles=sorted(deciders),
    )


def chain_of(plan: Plan, row: ApprovalRow) -> Approval:
    """Return the chain that decides on a proposal."""
    return plan.levels[Level(row.chain_level)].approval


def wait_of(row: ApprovalRow) -> Wait:
    """Return how the step waits that a proposal stands at, as its row remembers it."""
    told = frozenset(Overdue(what) for what in row.told)
    return Wait(row.waiting_since or row.proposed_at, told, tuple(Role(role) for role in row.climbed))


def settle(row: ApprovalRow, state: ApprovalState, at: datetime) -> None:
    """End a proposal: it awaits nobody any more."""
    row.state, row.seat, row.decided_at, row.next_at = state, None, at, None
