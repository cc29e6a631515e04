"""The press conference (clause 五(三)3): who decides on it and designates who speaks, and what comes before what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from contracts.words import Level, Role
from services.cases.lifecycle import Refused
from services.cases.plan.schema import Plan

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


def waives(plan: Plan, level: Level, roles: frozenset[Role]) -> bool:
    """Tell whether a decision not to hold one ends the duty: the plan allows it, and a decider of the level took it."""
    return level in plan.press_conference.waivable and bool(roles & plan.deciders(level))


def unapproved(questions: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of the Q&A paper's questions that have no approved answer."""
    return [one["number"] for one in questions if not one["approved_by"]]
