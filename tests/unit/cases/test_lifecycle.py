"""A case moves only along its lifecycle, and a refusal says which rule forbids the step."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import CaseState
from services.cases.lifecycle import OPEN_STATES, STATE_NAMES, STEPS, Circumstances, Refused, move, steps_from

ALL_WELL = Circumstances(reason="理由", level_active=True, release_settled=True, aftercare_over=True)
STATES = st.sampled_from(list(CaseState))

#: The lifecycle as DOMAIN.md has it.
DOMAIN = {
    ("reported", "assessing"),
    ("assessing", "responding"),
    ("responding", "monitoring"),
    ("monitoring", "reviewing"),
    ("reviewing", "closed"),
    ("reported", "dismissed"),
    ("assessing", "dismissed"),
    ("monitoring", "responding"),
    ("reviewing", "responding"),
    ("closed", "responding"),
}


def test_the_steps_are_those_of_the_domain() -> None:
    assert {(str(start), str(to)) for start, to in STEPS} == DOMAIN
    assert set(STATE_NAMES) == set(CaseState)


@pytest.mark.parametrize(("start", "to"), list(product(CaseState, CaseState)))
def test_every_pair_of_states_is_either_a_step_or_refused(start: CaseState, to: CaseState) -> None:
    if (str(start), str(to)) in DOMAIN:
        assert move(start, to, ALL_WELL) == STEPS[start, to]
    else:
        with pytest.raises(Refused) as refused:
            move(start, to, ALL_WELL)
        assert refused.value.rule == "no_such_step"
        assert STATE_NAMES[start] in refused.value.zh


@pytest.mark.parametrize(
    ("start", "to", "circumstances", "rule"),
    [
        ("assessing", "responding", Circumstances(reason="x"), "level_not_active"),
        ("responding", "monitoring", Circumstances(level_active=True), "nothing_released"),
        ("responding", "monitoring", Circumstances(reason="x", proposal_pending=True), "proposal_pending"),
        ("monitoring", "reviewing", Circumstances(), "aftercare_running"),
        ("reviewing", "closed", Circumstances(), "conclusion_missing"),
        ("reviewing", "closed", Circumstances(reason="x", proposal_pending=True), "proposal_pending"),
        ("reported", "dismissed", Circumstances(), "reason_missing"),
        ("closed", "responding", Circumstances(), "reason_missing"),
    ],
)
def test_guards_say_why(start: str, to: str, circumstances: Circumstances, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        move(CaseState(start), CaseState(to), circumstances)
    assert refused.value.rule == rule
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize(
    ("start", "to", "circumstances"),
    [
        ("responding", "monitoring", Circumstances(reason="无需发布")),
        ("responding", "monitoring", Circumstances(release_settled=True)),
        ("monitoring", "reviewing", Circumstances(aftercare_over=True)),
        ("monitoring", "reviewing", Circumstances(reason="提前结束")),
    ],
)
def test_a_reason_or_the_fact_itself_is_enough(start: str, to: str, circumstances: Circumstances) -> None:
    assert move(CaseState(start), CaseState(to), circumstances)


@given(st.lists(STATES, max_size=30))
def test_however_it_is_pushed_a_case_stays_in_the_lifecycle(pushes: list[CaseState]) -> None:
    state, been = CaseState.REPORTED, [CaseState.REPORTED]
    for to in pushes:
        try:
            move(state, to, ALL_WELL)
        except Refused:
            assert to not in steps_from(state)
            continue
        state = to
        been.append(to)
    if CaseState.CLOSED in been:
        assert been.index(CaseState.RESPONDING) < been.index(CaseState.CLOSED)
    if CaseState.DISMISSED in been:
        assert been[-1] is CaseState.DISMISSED
        assert CaseState.RESPONDING not in been


def test_open_states_are_all_but_the_two_ends() -> None:
    assert frozenset(CaseState) - OPEN_STATES == {CaseState.CLOSED, CaseState.DISMISSED}
