"""The press conference (clause 五(三)3): who decides on it and designates who speaks, and what comes before what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.words import ClockKind, Level, Role
from services.cases.lifecycle import Refused
from services.cases.plan.schema import ROMAN, Plan
from services.cases.roles import list_roles

#: States as officers call them.
STATE_NAMES: Final = {
    "decided": "已决定召开",
    "announced": "已公告",
    "held": "已召开",
    "not_held": "决定不召开",
    "cancelled": "已取消",
}
#: What may be done with a conference in which states.
_STEPS: Final = {
    "designate": ("decided", "announced"),
    "prepare": ("decided", "announced"),
    "announce": ("decided", "announced"),
    "hold": ("decided", "announced"),
    "cancel": ("decided", "announced"),
}


def check_step(state: str, step: str) -> None:
    """Refuse a step that the conference's state forbids."""
    if state not in _STEPS[step]:
        raise Refused("conference_state", f"新闻发布会{STATE_NAMES[state]}", f"The press conference is {state}")


def designators(plan: Plan, level: Level) -> frozenset[Role]:
    """Return the roles that designate the spokesperson at a level; empty: whoever prepares the conference.

    Roles that the plan has nobody for are passed over.
    """
    held = {holder.role for holder in plan.organisation.roles}
    return frozenset(plan.press_conference.designated_by.get(level, ())) & held


def check_waiver(plan: Plan, level: Level, roles: frozenset[Role]) -> None:
    """Refuse a decision not to hold one that is owed, unless the plan allows it and a decider of the level takes it.

    Raises :class:`Refused`, which names the rule.
    """
    if level not in plan.press_conference.waivable:
        raise Refused(
            "conference_not_waivable",
            f"预案不允许在{ROMAN[level]}级免开新闻发布会（{rule_of(plan, level)}）",
            f"The plan lets no press conference be waived at level {level}",
        )
    deciders = plan.deciders(level)
    if not roles & deciders:
        raise Refused(
            "conference_waiver_role",
            f"{ROMAN[level]}级免开新闻发布会须由以下角色决定：{list_roles(deciders)}（{rule_of(plan, level)}）",
            f"At level {level} it is waived by: {', '.join(sorted(deciders))}",
        )


def rule_of(plan: Plan, level: Level) -> str:
    """Return where the duty to hold one at a level stands: the plan's clause, and the source of its time limit."""
    clause = plan.press_conference.clause
    limit = plan.limit(level, ClockKind.PRESS_CONFERENCE)
    found = [f"预案{clause}" if clause else "", limit.origin if limit is not None else ""]
    return "；".join(one for one in found if one)


def unapproved(questions: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of the Q&A paper's questions that have no approved answer."""
    return [one["number"] for one in questions if not one["approved_by"]]
