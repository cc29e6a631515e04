"""Chains of approval with delegates, deputies and climbing: never completed by fewer people than they want."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.words import Role
from services.cases.approvals import ApprovalState, ProposalKind, Signature, sign
from services.cases.delegations import Leave, LeaveKind, mandates, may_delegate, vacant_from
from services.cases.lifecycle import Refused
from services.cases.plan.figures import Limit
from services.cases.plan.schema import Approval, ApprovalStep
from services.cases.plan.waiting import Delegation, Deputies, TellAfter, Waiting
from services.cases.waiting import LADDER, Overdue, Wait, stand_ins, tick
from tests.unit.cases.seed import START

ROLES = (*LADDER, Role.PROPAGANDA)
PEOPLE = tuple(f"p{i}" for i in range(5))
WAITING = Waiting(
    remind_after=Limit(within=timedelta(minutes=10), default="project"),
    escalate=TellAfter(after=timedelta(minutes=20), roles=(Role.CITY_LEADER,), default="project"),
    expires_after=Limit(within=timedelta(minutes=40), default="project"),
)
DEPUTIES = st.sets(st.sampled_from(ROLES), min_size=1, max_size=2).map(
    lambda roles: Deputies(roles=tuple(sorted(roles)), after=timedelta(minutes=15), default="project")
)


def steps(kind: str) -> st.SearchStrategy[ApprovalStep]:
    """Return steps of a kind, by one or two roles, with deputies or without."""
    roles = st.sets(st.sampled_from(ROLES), min_size=1, max_size=2).map(lambda found: tuple(sorted(found)))
    return st.builds(ApprovalStep, kind=st.just(kind), roles=roles, deputies=st.none() | DEPUTIES)


class Chains(RuleBasedStateMachine):
    """One proposal that five people, who hold any roles and delegate them, try to sign in any order."""

    @initialize(
        requests=st.lists(steps("request"), max_size=2),
        decision=steps("decide"),
        two_people=st.booleans(),
        kind=st.sampled_from(ProposalKind),
        proposer=st.none() | st.sampled_from(PEOPLE),
        roles=st.lists(st.frozensets(st.sampled_from(ROLES), max_size=3), min_size=len(PEOPLE), max_size=len(PEOPLE)),
    )
    def begin(
        self,
        requests: list[ApprovalStep],
        decision: ApprovalStep,
        two_people: bool,
        kind: ProposalKind,
        proposer: str | None,
        roles: list[frozenset[Role]],
    ) -> None:
        self.approval = Approval(steps=(*requests, decision), two_people=two_people, waiting=WAITING)
        self.roles = dict(zip(PEOPLE, roles, strict=True))
        self.kind, self.proposer, self.now = kind, proposer, START
        self.state, self.step, self.wait = ApprovalState.PENDING, 0, Wait(START)
        self.signatures: list[Signature] = []
        self.leaves: list[Leave] = []
        self.said: list[tuple[int, int, Overdue]] = []

    def _pending(self) -> bool:
        return getattr(self, "state", None) is ApprovalState.PENDING

    def _vacant(self):  # type: ignore[no-untyped-def]
        barred = set().union(*(one.people for one in self.signatures)) | ({self.proposer} if self.proposer else set())
        current = self.approval.steps[self.step]
        return vacant_from(self.leaves, current.roles, barred if self.approval.two_people else (), self.now)

    @rule(
        giver=st.sampled_from(PEOPLE), to=st.sampled_from(PEOPLE), role=st.sampled_from(ROLES), hours=st.integers(0, 3)
    )
    def delegate(self, giver: str, to: str, role: Role, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        try:
            may_delegate(
                Delegation(),
                role=role,
                holder_id=giver,
                roles=self.roles[giver],
                delegate_id=to,
                starts_at=self.now,
                ends_at=until,
                now=self.now,
            )
        except Refused:
            assert role not in self.roles[giver] or giver == to or hours == 0
            return
        assert role in self.roles[giver]
        id_ = f"d{len(self.leaves)}"
        self.leaves.append(Leave(id_, LeaveKind.DELEGATION, role, giver, giver, self.now, until, to, to))

    @rule(role=st.sampled_from(ROLES), hours=st.integers(1, 3))
    def absent(self, role: Role, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        self.leaves.append(Leave(f"a{len(self.leaves)}", LeaveKind.ABSENCE, role, "", "", self.now, until))

    @precondition(_pending)
    @rule(by=st.integers(0, 30))
    def time_passes(self, by: int) -> None:
        self.now += timedelta(minutes=by)
        current = self.approval.steps[self.step]
        before = self.wait
        more = {"known": ROLES, "vacant_from": self._vacant()}
        self.wait, told = tick(before, self.kind, current, WAITING, self.now, **more)
        self.said += [(self.step, len(before.climbed), what) for what in told if what is not Overdue.DEPUTIES]
        if Overdue.EXPIRY in told:
            climbed = set(self.wait.climbed) - set(before.climbed)
            assert not climbed or self.kind is not ProposalKind.LOWER
            assert all(LADDER.index(role) >= 0 for role in climbed)
            if self.kind is ProposalKind.LOWER:
                self.state = ApprovalState.LAPSED
        assert tick(self.wait, self.kind, current, WAITING, self.now, **more)[1] == []

    @precondition(_pending)
    @rule(person=st.sampled_from(PEOPLE), approve=st.booleans())
    def sign(self, person: str, approve: bool) -> None:
        current = self.approval.steps[self.step]
        others = stand_ins(self.wait, current, self.now, vacant_from=self._vacant())
        held = mandates(self.leaves, person, self.now)
        allowed = {*current.roles, *others}
        try:
            state, signature = sign(
                self.approval,
                self.step,
                self.signatures,
                proposer_id=self.proposer,
                person_id=person,
                person=person,
                roles=self.roles[person],
                decision="approve" if approve else "reject",
                at=self.now.isoformat(),
                comment="理由",
                mandates=held,
                stand_ins=others,
            )
        except Refused as refused:
            rule_ = refused.rule
            may = bool(self.roles[person] & allowed) or any(one.role in allowed for one in held)
            assert rule_ == ("two_people" if may else "not_your_step")
            return
        assert signature.role in allowed
        # a delegate signs in a role that a person who really holds it gave them, and that is in force
        holder = signature.holder_id or person
        assert signature.role in self.roles[holder]
        if signature.holder_id is not None:
            leave = next(one for one in self.leaves if one.id == signature.delegation_id)
            assert leave.in_force(self.now)
            assert (leave.holder_id, leave.delegate_id) == (signature.holder_id, person)
        assert Signature.of_json(signature.as_json()) == signature
        self.signatures.append(signature)
        self.state = state
        if state is ApprovalState.PENDING:
            self.step += 1
            self.wait = Wait(self.now)

    @invariant()
    def as_many_people_have_signed_as_the_chain_wants(self) -> None:
        if getattr(self, "state", None) is not ApprovalState.APPROVED:
            return
        *requests, decision = self.signatures
        assert len(self.signatures) == len(self.approval.steps)
        assert [one.step for one in self.signatures] == list(range(len(self.signatures)))
        if self.approval.two_people:
            earlier = set().union(*(one.people for one in requests)) | ({self.proposer} if self.proposer else set())
            assert not decision.people & earlier
            assert len({one.person_id for one in self.signatures}) == len(self.signatures)

    @invariant()
    def each_thing_is_said_once_of_a_step_and_a_rung(self) -> None:
        said = getattr(self, "said", [])
        assert len(said) == len(set(said))


Chains.TestCase.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
TestChains = Chains.TestCase
