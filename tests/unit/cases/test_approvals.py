"""Who may decide, that two people do, and whose chain applies when a level is left."""

from __future__ import annotations

import pytest

from contracts.words import Level, Role
from services.cases.approvals import ApprovalState, ProposalKind, Signature, chain_for, first_step, kind_of, sign
from services.cases.lifecycle import Refused
from tests.unit.cases.seed import PLAN

ONE = PLAN.levels[Level.I].approval
TWO = PLAN.levels[Level.II].approval
FOUR = PLAN.levels[Level.IV].approval


def decide(approval: object, step: int, person: str, *roles: Role, **more: object) -> tuple[ApprovalState, Signature]:
    """Sign a step; nobody proposed and nobody has signed, unless `more` says so."""
    values: dict[str, object] = {"signatures": [], "proposer_id": None, "decision": "approve", "at": "now", **more}
    signatures = values.pop("signatures")
    return sign(
        approval,
        step,
        signatures,
        person_id=person,
        person=person,
        roles=frozenset(roles),
        **values,  # type: ignore[arg-type]
    )


def test_level_one_is_requested_by_the_leader_and_decided_by_the_city() -> None:
    state, request = decide(ONE, 0, "leader", Role.GROUP_LEADER)
    assert state is ApprovalState.PENDING
    state, _ = decide(ONE, 1, "mayor", Role.CITY_LEADER, signatures=[request])
    assert state is ApprovalState.APPROVED


@pytest.mark.parametrize(
    ("approval", "step", "role"),
    [(ONE, 0, Role.CITY_LEADER), (ONE, 1, Role.GROUP_LEADER), (TWO, 0, Role.PROPAGANDA), (FOUR, 0, Role.ADMIN)],
)
def test_a_step_belongs_to_its_roles(approval: object, step: int, role: Role) -> None:
    with pytest.raises(Refused) as refused:
        decide(approval, step, "anyone", role)
    assert refused.value.rule == "not_your_step"


def test_nobody_decides_on_what_they_proposed_or_requested() -> None:
    with pytest.raises(Refused) as refused:
        decide(TWO, 0, "leader", Role.GROUP_LEADER, proposer_id="leader")
    assert refused.value.rule == "two_people"
    _, request = decide(ONE, 0, "both", Role.GROUP_LEADER)
    with pytest.raises(Refused):
        decide(ONE, 1, "both", Role.GROUP_LEADER, Role.CITY_LEADER, signatures=[request])
    # whoever proposed may withdraw it by rejecting
    state, _ = decide(TWO, 0, "leader", Role.GROUP_LEADER, proposer_id="leader", decision="reject", comment="误报")
    assert state is ApprovalState.REJECTED


def test_the_office_starts_level_four_alone() -> None:
    state, signature = decide(FOUR, 0, "office", Role.OFFICE, proposer_id="office")
    assert state is ApprovalState.APPROVED
    assert signature.role is Role.OFFICE
    assert Signature.of_json(signature.as_json()) == signature


def test_a_rejection_says_why() -> None:
    with pytest.raises(Refused) as refused:
        decide(TWO, 0, "leader", Role.GROUP_LEADER, decision="reject", comment="  ")
    assert refused.value.rule == "comment_missing"


def test_a_requester_who_proposes_has_requested() -> None:
    assert first_step(ONE, "leader", frozenset({Role.GROUP_LEADER})) == 1
    assert first_step(ONE, "office", frozenset({Role.OFFICE})) == 0
    assert first_step(ONE, None, frozenset({Role.GROUP_LEADER})) == 0
    assert first_step(TWO, "leader", frozenset({Role.GROUP_LEADER})) == 0


def test_lowering_takes_the_chain_of_the_level_that_is_left() -> None:
    assert chain_for(PLAN, Level.I, True, Level.III) == ONE
    assert chain_for(PLAN, Level.III, True, Level.I) == ONE
    assert chain_for(PLAN, Level.I, False, Level.III) == PLAN.levels[Level.III].approval


def test_kinds_of_proposals() -> None:
    assert kind_of(Level.III, True, Level.II) is ProposalKind.RAISE
    assert kind_of(Level.III, True, Level.IV) is ProposalKind.LOWER
    assert kind_of(Level.III, False, Level.III) is ProposalKind.ACTIVATE
    with pytest.raises(Refused):
        kind_of(Level.III, True, Level.III)
