"""The lifecycle of a case: which steps there are, and why one may be refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from statemachine import State, StateMachine

from contracts.words import CaseState

#: States as officers call them.
STATE_NAMES: Final = {
    CaseState.REPORTED: "上报",
    CaseState.ASSESSING: "研判",
    CaseState.RESPONDING: "处置",
    CaseState.MONITORING: "持续关注",
    CaseState.REVIEWING: "总结评估",
    CaseState.CLOSED: "办结",
    CaseState.DISMISSED: "不予立案",
}
#: States of a case that is still being worked; an event has at most one case in one of these.
OPEN_STATES: Final = frozenset(CaseState) - {CaseState.CLOSED, CaseState.DISMISSED}


class Refused(Exception):
    """A rule of the domain forbids it: `rule` names the rule, `zh` and `en` say why."""

    def __init__(self, rule: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.rule, self.zh, self.en = rule, zh, en


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the guards look at when a step is asked for.

    `level_active`: the case's level has been approved by its chain. `release_settled`: something has been published.
    `aftercare_over`: the plan's days of monitoring have passed. `proposal_pending`: a proposed level awaits a decision.
    """

    reason: str = ""
    level_active: bool = False
    release_settled: bool = False
    aftercare_over: bool = False
    proposal_pending: bool = False


class CaseMachine(StateMachine):
    """The states of a case and the steps between them; validators raise :class:`Refused`."""

    #: a case under way can only come to rest in `closed`, which can be reopened and is therefore not final
    validate_final_reachability = False

    reported = State(value=CaseState.REPORTED, initial=True)
    assessing = State(value=CaseState.ASSESSING)
    responding = State(value=CaseState.RESPONDING)
    monitoring = State(value=CaseState.MONITORING)
    reviewing = State(value=CaseState.REVIEWING)
    closed = State(value=CaseState.CLOSED)
    dismissed = State(value=CaseState.DISMISSED, final=True)

    assess = reported.to(assessing)
    respond = assessing.to(responding, validators="level_is_active")
    monitor = responding.to(monitoring, validators=["nothing_is_pending", "something_was_released"])
    review = monitoring.to(reviewing, validators="aftercare_is_over")
    close = reviewing.to(closed, validators=["nothing_is_pending", "closing_says_what_was_found"])
    dismiss = reported.to(dismissed, validators="reason_is_given") | assessing.to(
        dismissed, validators="reason_is_given"
    )
    reopen = (
        monitoring.to(responding, validators="reason_is_given")
        | reviewing.to(responding, validators="reason_is_given")
        | closed.to(responding, validators="reason_is_given")
    )

    def __init__(self, state: CaseState, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        super().__init__(start_value=state)

    def level_is_active(self) -> None:
        """Refuse to respond before the level's approval chain has activated it (clause 四)."""
        if not self.circumstances.level_active:
            raise Refused(
                "level_not_active",
                "响应级别尚未按审批程序启动，不能进入处置",
                "The response level has not been activated by its approval chain",
            )

    def something_was_released(self) -> None:
        """Ask for a reason where a response ends with nothing published (principle 二(一))."""
        if not self.circumstances.release_settled and not self.circumstances.reason:
            raise Refused(
                "nothing_released",
                "尚未对外发布信息；确无需发布的，须说明理由",
                "Nothing has been published; give the reason why nothing needs to be",
            )

    def aftercare_is_over(self) -> None:
        """Ask for a reason where aftercare is cut short (clause 六(一))."""
        if not self.circumstances.aftercare_over and not self.circumstances.reason:
            raise Refused(
                "aftercare_running",
                "持续关注期未满；提前结束须说明理由",
                "The days of monitoring are not over; give the reason for ending them early",
            )

    def nothing_is_pending(self) -> None:
        """Refuse to end the response or to close while a proposed level awaits its decision."""
        if self.circumstances.proposal_pending:
            raise Refused("proposal_pending", "尚有待审批的级别建议，请先审批", "A proposed level awaits its decision")

    def closing_says_what_was_found(self) -> None:
        """Refuse to close without the review's conclusion (clause 六(二))."""
        if not self.circumstances.reason:
            raise Refused("conclusion_missing", "办结须写明总结评估结论", "Closing needs the review's conclusion")

    def reason_is_given(self) -> None:
        """Refuse to dismiss or reopen without a reason."""
        if not self.circumstances.reason:
            raise Refused("reason_missing", "此操作须说明理由", "This step needs a reason")


#: (from, to) -> name of the step. Read off the machine, so that there is one list of steps.
STEPS: Final[dict[tuple[CaseState, CaseState], str]] = {
    (state.value, transition.target.value): str(transition.event)
    for state in CaseMachine.states
    for transition in state.transitions
    if transition.target is not None
}


def steps_from(state: CaseState) -> list[CaseState]:
    """Return the states that a case in `state` may be moved to."""
    return [to for start, to in STEPS if start is state]


def move(state: CaseState, to: CaseState, circumstances: Circumstances) -> str:
    """Take the step from `state` to `to`; returns its name. Raises :class:`Refused` with the reason."""
    step = STEPS.get((state, to))
    if step is None:
        ways = [STATE_NAMES[way] for way in steps_from(state)]
        raise Refused(
            "no_such_step",
            f"处置单处于“{STATE_NAMES[state]}”，不能转为“{STATE_NAMES[to]}”；可转为：{'、'.join(ways) or '无'}",
            f"A case in {state} cannot go to {to}; it can go to: {', '.join(steps_from(state)) or 'nothing'}",
        )
    machine = CaseMachine(state, circumstances)
    machine.send(step)
    return step
