"""Find gaps in what a plan says of waiting decisions, delegation, paused clocks and who takes which step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.words import ClockKind, Level, Role
from services.cases.plan.loader import Document, Finding
from services.cases.plan.schema import Plan
from services.cases.plan.steps import who_may

#: What the State Council's limits bind: 国办发〔2016〕61号 and the 实施细则 of November 2016 know no pause.
_UNPAUSABLE = frozenset({ClockKind.FIRST_RELEASE, ClockKind.PRESS_CONFERENCE})


def gaps(plan: Plan, document: Document) -> Iterator[Finding]:
    """Return the findings on deputies, escalation, delegation, pauses and steps of the lifecycle."""
    yield from _waiting(plan, document)
    yield from _pauses(plan, document)
    yield from _steps(plan, document)
    signing = {role for spec in plan.levels.values() for step in spec.approval.steps for role in step.roles}
    for i, role in enumerate(plan.delegation.roles):
        if role not in signing:
            message = f"{role} 不参与审批，委托不起作用 / {role} signs nothing, so that delegating it does nothing"
            yield document.finding(("delegation", "roles", i), message, "warning")


def _waiting(plan: Plan, document: Document) -> Iterator[Finding]:
    for level, spec in plan.levels.items():
        at = ("levels", level.value, "approval")
        for i, step in enumerate(spec.approval.steps):
            if step.deputies is None:
                continue
            here = (*at, "steps", i, "deputies")
            yield from _known(plan, document, (*here, "roles"), step.deputies.roles)
            expires = spec.approval.waiting.expires_after
            if expires is not None and step.deputies.after >= expires.within:
                message = "代行审批不早于失效时间 / deputies are called no earlier than the proposal expires"
                yield document.finding(here, message, "warning")
        escalate = spec.approval.waiting.escalate
        if escalate is not None:
            yield from _known(plan, document, (*at, "waiting", "escalate", "roles"), escalate.roles)


def _pauses(plan: Plan, document: Document) -> Iterator[Finding]:
    for i, rule in enumerate(plan.clocks.pause):
        at = ("clocks", "pause", i)
        yield from _known(plan, document, (*at, "roles"), rule.roles)
        for kind in rule.kinds:
            if kind in _UNPAUSABLE:
                message = (
                    f"{kind} 的时限由国办发〔2016〕61号及实施细则规定，不得暂停 / "
                    f"the regulation that limits {kind} knows no pause"
                )
                yield document.finding((*at, "kinds"), message)


def _steps(plan: Plan, document: Document) -> Iterator[Finding]:
    known = {holder.role for holder in plan.organisation.roles}
    for i, rule in enumerate(plan.lifecycle):
        at = ("lifecycle", i)
        yield from _known(plan, document, (*at, "roles"), rule.roles)
        for role in rule.roles:
            if role not in who_may(rule.step, Level.IV):
                message = f"{role} 本来就不能办理 {rule.step} / {role} may not take the step {rule.step} in any plan"
                yield document.finding((*at, "roles"), message)
        for level in rule.levels:
            if not who_may(rule.step, level, plan.lifecycle) & known:
                message = f"{level} 级无人可办理 {rule.step} / nobody may take the step {rule.step} at level {level}"
                yield document.finding(at, message)


def _known(plan: Plan, document: Document, at: tuple[str | int, ...], roles: Iterable[Role]) -> Iterator[Finding]:
    known = {holder.role for holder in plan.organisation.roles}
    for role in roles:
        if role not in known:
            yield document.finding(at, f"预案未设角色 {role} / the plan has no role {role}")
