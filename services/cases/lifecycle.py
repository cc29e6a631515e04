"""The lifecycle of a case: which steps there are, who may take them, and what each still lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from statemachine import State, StateMachine

from contracts.words import CaseState, Level, Role
from services.cases.labels import STATE_NAMES as STATE_NAMES
from services.cases.plan.steps import WHO as WHO
from services.cases.plan.steps import StepRule
from services.cases.plan.steps import who_may as who_may
from services.cases.roles import list_roles

#: States of a case that is still being worked; an event has at most one case in one of these.
OPEN_STATES: Final = frozenset(CaseState) - {CaseState.CLOSED, CaseState.DISMISSED}
#: States in which the response is under way or still to come.
WORKING: Final = (CaseState.REPORTED, CaseState.ASSESSING, CaseState.RESPONDING)


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that a step still lacks. `by_reason`: giving a reason makes up for it, and is recorded."""

    rule: str
    zh: str
    en: str
    by_reason: bool = False

    def as_json(self) -> dict[str, object]:
        """Return it as a refusal and a case's `next_steps` show it."""
        return {"rule": self.rule, "text": self.zh, "text_en": self.en, "by_reason": self.by_reason}


class Refused(Exception):
    """A rule of the domain forbids it: `rule` names the rule, `zh` and `en` say why, `lacks` is everything missing."""

    def __init__(self, rule: str, zh: str, en: str, lacks: Sequence[Lack] = ()) -> None:
        super().__init__(en)
        self.rule, self.zh, self.en, self.lacks = rule, zh, en, tuple(lacks)


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of a case that is still open, as its noun's module reports it before a step.

    `excusable`: the step may pass over it where a reason is given.
    """

    rule: str
    zh: str
    en: str
    excusable: bool = True


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the guards look at when a step is asked for.

    `level_active`: the case's level has been approved by its chain. `release_settled`: something has been published.
    `aftercare_over`: the plan's days of monitoring have passed. `proposal_pending`: a proposed level awaits a decision.
    `open_duties`: what else is owed before this very step. `roles`: those of the person who asks, None where the plan
    or the machine does. `level` and `rules`: the case's level and how its plan narrows the steps.
    """

    reason: str = ""
    level_active: bool = False
    release_settled: bool = False
    aftercare_over: bool = False
    proposal_pending: bool = False
    open_duties: Sequence[Duty] = ()
    roles: frozenset[Role] | None = None
    level: Level = Level.IV
    rules: Sequence[StepRule] = field(default=())


def _level_is_active(now: Circumstances) -> Iterable[Lack]:
    """Ask for the level's activation by its approval chain (clause 四)."""
    if not now.level_active:
        yield Lack(
            "level_not_active",
            "响应级别尚未按审批程序启动",
            "the response level has not been activated by its approval chain",
        )


def _something_was_released(now: Circumstances) -> Iterable[Lack]:
    """Ask for a publication, or the reason why none is needed (principle 二(一))."""
    if not now.release_settled:
        yield Lack(
            "nothing_released",
            "尚未对外发布信息；确无需发布的，须说明理由",
            "nothing has been published; give the reason why nothing needs to be",
            by_reason=True,
        )


def _aftercare_is_over(now: Circumstances) -> Iterable[Lack]:
    """Ask for the end of aftercare, or the reason for cutting it short (clause 六(一))."""
    if not now.aftercare_over:
        yield Lack(
            "aftercare_running",
            "持续关注期未满；提前结束须说明理由",
            "the days of monitoring are not over; give the reason for ending them early",
            by_reason=True,
        )


def _nothing_is_pending(now: Circumstances) -> Iterable[Lack]:
    """Ask that no proposed level awaits its decision."""
    if now.proposal_pending:
        yield Lack("proposal_pending", "尚有待审批的级别建议，请先审批", "a proposed level awaits its decision")


def _duties_are_done(now: Circumstances) -> Iterable[Lack]:
    """Name every open duty."""
    for duty in now.open_duties:
        yield Lack(duty.rule, duty.zh, duty.en, by_reason=duty.excusable)


def _closing_says_what_was_found(_now: Circumstances) -> Iterable[Lack]:
    """Ask for the review's conclusion (clause 六(二))."""
    yield Lack("conclusion_missing", "办结须写明总结评估结论", "closing needs the review's conclusion", by_reason=True)


def _reason_is_given(_now: Circumstances) -> Iterable[Lack]:
    """Ask for a reason."""
    yield Lack("reason_missing", "此操作须说明理由", "this step needs a reason", by_reason=True)


#: What each step asks for besides a role, in the order in which it is told.
NEEDS: Final[Mapping[str, tuple[Callable[[Circumstances], Iterable[Lack]], ...]]] = {
    "assess": (_duties_are_done,),
    "respond": (_level_is_active, _duties_are_done),
    "monitor": (_nothing_is_pending, _something_was_released, _duties_are_done),
    "review": (_aftercare_is_over, _duties_are_done),
    "close": (_nothing_is_pending, _closing_says_what_was_found, _duties_are_done),
    "dismiss": (_reason_is_given, _duties_are_done),
    "reopen": (_reason_is_given,),
}


def lacking(step: str, now: Circumstances) -> list[Lack]:
    """Return everything that a step lacks as things are; a reason that is given makes up for what it can."""
    lacks: list[Lack] = []
    may = who_may(step, now.level, now.rules)
    if now.roles is not None and not now.roles & may:
        names = ", ".join(sorted(may))
        lacks.append(
            Lack("role_missing", f"此步骤须由以下角色办理：{list_roles(may)}", f"this step belongs to: {names}")
        )
    for need in NEEDS[step]:
        lacks += [lack for lack in need(now) if not (lack.by_reason and now.reason)]
    return lacks


def passed_over(step: str, now: Circumstances) -> list[Lack]:
    """Return the open duties that a step passes over because of its reason; they belong in the timeline."""
    if not now.reason or _duties_are_done not in NEEDS[step]:
        return []
    return [lack for lack in _duties_are_done(now) if lack.by_reason]


class CaseMachine(StateMachine):
    """The states of a case and the steps between them; a step that lacks something raises :class:`Refused`."""

    #: a case under way can only come to rest in `closed`, which can be reopened and is therefore not final
    validate_final_reachability = False

    reported = State(value=CaseState.REPORTED, initial=True)
    assessing = State(value=CaseState.ASSESSING)
    responding = State(value=CaseState.RESPONDING)
    monitoring = State(value=CaseState.MONITORING)
    reviewing = State(value=CaseState.REVIEWING)
    closed = State(value=CaseState.CLOSED)
    dismissed = State(value=CaseState.DISMISSED, final=True)

    assess = reported.to(assessing, validators="nothing_is_lacking")
    respond = assessing.to(responding, validators="nothing_is_lacking")
    monitor = responding.to(monitoring, validators="nothing_is_lacking")
    review = monitoring.to(reviewing, validators="nothing_is_lacking")
    close = reviewing.to(closed, validators="nothing_is_lacking")
    dismiss = reported.to(dismissed, validators="nothing_is_lacking") | assessing.to(
        dismissed, validators="nothing_is_lacking"
    )
    reopen = (
        monitoring.to(responding, validators="nothing_is_lacking")
        | reviewing.to(responding, validators="nothing_is_lacking")
        | closed.to(responding, validators="nothing_is_lacking")
    )

    def __init__(self, state: CaseState, circumstances: Circumstances) -> None:
        self.circumstances = circumstances
        super().__init__(start_value=state)

    def nothing_is_lacking(self, event: str) -> None:
        """Refuse the step while it lacks anything, and say all of it at once."""
        lacks = lacking(str(event), self.circumstances)
        if lacks:
            raise refuse(lacks)


def refuse(lacks: Sequence[Lack]) -> Refused:
    """Return the refusal that names everything missing; its rule is that of the first."""
    return Refused(
        lacks[0].rule,
        "还缺：" + "；".join(f"{_circled(i)}{lack.zh}" for i, lack in enumerate(lacks, 1)),
        "Still missing: " + "; ".join(f"({i}) {lack.en}" for i, lack in enumerate(lacks, 1)),
        lacks,
    )


def _circled(number: int) -> str:
    return chr(0x245F + number) if number <= 20 else f"（{number}）"


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


def step_between(state: CaseState, to: CaseState) -> str:
    """Return the name of the step from `state` to `to`; raises :class:`Refused` where there is none."""
    step = STEPS.get((state, to))
    if step is None:
        ways = [STATE_NAMES[way] for way in steps_from(state)]
        raise Refused(
            "no_such_step",
            f"处置单处于“{STATE_NAMES[state]}”，不能转为“{STATE_NAMES[to]}”；可转为：{'、'.join(ways) or '无'}",
            f"A case in {state} cannot go to {to}; it can go to: {', '.join(steps_from(state)) or 'nothing'}",
        )
    return step


def move(state: CaseState, to: CaseState, circumstances: Circumstances) -> str:
    """Take the step from `state` to `to`; returns its name. Raises :class:`Refused` with everything that is missing."""
    step = step_between(state, to)
    CaseMachine(state, circumstances).send(step)
    return step
