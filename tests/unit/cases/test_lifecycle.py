"""A case moves only along its lifecycle, and a refusal says which rule forbids the step."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.words import CaseState, Level, Role
from services.cases.lifecycle import (
    OPEN_STATES,
    STATE_NAMES,
    STEPS,
    WHO,
    Circumstances,
    Duty,
    Refused,
    lacking,
    move,
    passed_over,
    steps_from,
    who_may,
)
from services.cases.plan.steps import StepRule

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


RULES = (StepRule(step="close", levels=(Level.I, Level.II), roles=(Role.GROUP_LEADER, Role.CITY_LEADER)),)
OPEN = (
    Duty("task_open", "任务“核实”尚未完成", "the task is open"),
    Duty("correction_open", "更正请求待审批", "a correction request is pending", excusable=False),
)


def test_a_refusal_says_all_that_is_missing_at_once() -> None:
    now = Circumstances(proposal_pending=True, open_duties=OPEN, roles=frozenset({Role.EXPERT}))
    with pytest.raises(Refused) as refused:
        move(CaseState.RESPONDING, CaseState.MONITORING, now)
    assert [lack.rule for lack in refused.value.lacks] == [
        "role_missing",
        "proposal_pending",
        "nothing_released",
        "task_open",
        "correction_open",
    ]
    assert refused.value.rule == "role_missing"
    assert refused.value.zh.startswith("还缺：①此步骤须由以下角色办理：")
    assert "；⑤更正请求待审批" in refused.value.zh


def test_a_reason_passes_over_what_is_excusable_and_nothing_else() -> None:
    given = Circumstances(reason="情况已明", open_duties=OPEN, release_settled=True)
    assert [lack.rule for lack in lacking("monitor", given)] == ["correction_open"]
    assert [lack.rule for lack in passed_over("monitor", given)] == ["task_open"]
    assert passed_over("monitor", Circumstances(open_duties=OPEN)) == []
    assert passed_over("reopen", given) == []


def test_a_plan_narrows_who_may_take_a_step_and_never_widens_it() -> None:
    assert who_may("close", Level.I, RULES) == {Role.GROUP_LEADER}
    assert who_may("close", Level.III, RULES) == WHO["close"]
    assert set(WHO) == set(STEPS.values())


@given(
    st.sampled_from(sorted(WHO)),
    st.sampled_from(Level),
    st.frozensets(st.sampled_from(Role)),
    st.lists(
        st.builds(
            StepRule,
            step=st.sampled_from(sorted(WHO)),
            levels=st.sets(st.sampled_from(Level), min_size=1).map(tuple),
            roles=st.sets(st.sampled_from(Role), min_size=1).map(tuple),
        ),
        max_size=4,
    ),
)
def test_nobody_takes_a_step_without_a_role_for_it(
    step: str, level: Level, roles: frozenset[Role], rules: list[StepRule]
) -> None:
    may = who_may(step, level, rules)
    assert may <= WHO[step]
    now = Circumstances("x", True, True, True, roles=roles, level=level, rules=rules)
    assert bool(lacking(step, now)) == (not roles & may)
    assert lacking(step, Circumstances("x", True, True, True, level=level, rules=rules)) == []


class Lifecycle(RuleBasedStateMachine):
    """A case that anybody pushes anywhere under any circumstances, beside the table of DOMAIN.md."""

    def __init__(self) -> None:
        super().__init__()
        self.state = CaseState.REPORTED

    @rule(
        to=STATES,
        reason=st.sampled_from(["", "理由"]),
        active=st.booleans(),
        released=st.booleans(),
        over=st.booleans(),
        pending=st.booleans(),
        duties=st.lists(st.sampled_from(OPEN), max_size=2),
        roles=st.none() | st.frozensets(st.sampled_from(Role), max_size=2),
        level=st.sampled_from(Level),
    )
    def push(
        self,
        to: CaseState,
        reason: str,
        active: bool,
        released: bool,
        over: bool,
        pending: bool,
        duties: list[Duty],
        roles: frozenset[Role] | None,
        level: Level,
    ) -> None:
        now = Circumstances(reason, active, released, over, pending, duties, roles, level, RULES)
        before = self.state
        try:
            step = move(before, to, now)
        except Refused as refused:
            lacks = refused.lacks
            assert bool(lacks) == ((str(before), str(to)) in DOMAIN)
            return
        self.state = to
        assert (str(before), str(to)) in DOMAIN
        assert roles is None or roles & who_may(step, level, RULES)
        assert step != "respond" or active
        assert step not in ("monitor", "close") or not pending
        assert step not in ("close", "dismiss", "reopen") or reason
        assert step == "reopen" or all(duty.excusable and reason for duty in duties)

    @invariant()
    def what_is_left_is_declared(self) -> None:
        assert {(str(self.state), str(to)) for to in steps_from(self.state)} <= DOMAIN


Lifecycle.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLifecycle = Lifecycle.TestCase
