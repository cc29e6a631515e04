"""What a plan says of the work on a case: whom it concerns, what waits for what, information passed on, conferences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal, Protocol

from pydantic import Field

from contracts.words import IncidentType, Level, Role
from services.cases.plan.figures import Limit, Sourced, Strict

#: A record that is evidence of a playbook task: once it is made, the task is done (see `PlaybookTask.met_by`).
#: A statement counts once it is handed in for approval (an answer alone does not), a correction once its letter is out.
Evidence = Literal[
    "consultation",
    "media_contact",
    "information",
    "press_conference",
    "statement",
    "spokesperson",
    "report",
    "correction",
]

#: From when a task's time counts: from the case's detection, or from when nothing that it waits for is left.
DueFrom = Literal["opening", "free"]


class Concerns(Strict):
    """What a unit is concerned with: it takes part in a case that is about any of these.

    `topics` are keys of `scope.topics`, `places` names or aliases of `scope.places`.
    """

    incident_types: tuple[IncidentType, ...] = ()
    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class ConferenceRule(Sourced):
    """Who designates the spokesperson (clause 五(三)3: 由市委、市政府指定的专人), and where none need be held.

    At the levels of `waivable` a decision not to hold a conference, taken by a role that decides at the level, ends
    the clock `press_conference`; at others, and by others, such a decision is refused.
    """

    designated_by: dict[Level, tuple[Role, ...]] = Field(default_factory=dict)
    waivable: tuple[Level, ...] = ()
    clause: str = ""


#: Where a plan says nothing: the city designates at the two graver levels, and no conference may be waived.
NO_CONFERENCE_RULE: Final = ConferenceRule(
    designated_by={Level.I: (Role.CITY_LEADER,), Level.II: (Role.CITY_LEADER,)}, default="project"
)
#: Within what time information that was passed on is acknowledged, where a plan says nothing.
RECEIPT: Final = Limit(within=timedelta(hours=2), default="project")


class Waiting(Protocol):
    """A task of the playbook as the check for rings sees it."""

    @property
    def key(self) -> str:
        """Return the task's key."""

    @property
    def after(self) -> tuple[str, ...]:
        """Return the keys of what it waits for."""


def ring(tasks: Iterable[Waiting]) -> list[str]:
    """Return the keys of a ring of tasks that wait for each other, in its order; empty where there is none."""
    waits = {task.key: task.after for task in tasks}
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        # depth first without recursion: a hand-made chain may be longer than the stack
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            key, at = stack.pop()
            if at == 0:
                if key in done:
                    continue
                path.append(key)
            following = waits.get(key, ())
            if at == len(following):
                done.add(key)
                path.pop()
                continue
            stack.append((key, at + 1))
            following_key = following[at]
            if following_key in path:
                return path[path.index(following_key) :]
            if following_key not in done:
                stack.append((following_key, 0))
    return []
