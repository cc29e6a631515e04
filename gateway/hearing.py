"""Who may hear which message of the live stream: the same table of rights as for reading what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from contracts.envelope import Message
from contracts.messages import Party
from contracts.permissions import ACTIONS, Reach
from contracts.streams import (
    ALERTS_RAISED,
    CASES_CHANGED,
    EVENTS_UPDATED,
    NOTIFICATIONS_CHANGED,
    SOURCES_CHANGED,
    TYPES,
)
from contracts.words import Role
from kit.auth import Principal

#: What reading takes, for what the messages of each stream are about.
_READING: Final = {
    ALERTS_RAISED: "alerts.read",
    EVENTS_UPDATED: "events.read",
    CASES_CHANGED: "cases.read",
    NOTIFICATIONS_CHANGED: "notifications.read",
    SOURCES_CHANGED: "sources.read",
}
_ACTION_OF: Final = {type_: action for stream, action in _READING.items() for type_ in TYPES[stream]}
_PARTIES: Final = TypeAdapter(list[Party])


@dataclass(frozen=True, slots=True)
class Audience:
    """Listeners who hear the very same messages: they asked for the same types and have the same rights.

    Those whose every right goes to everything are one audience, whoever they are; of those who hear only of their own,
    people of one unit and role differ by their login names, by which they may take part.
    """

    types: frozenset[str]
    reaches: tuple[tuple[str, Reach], ...]
    roles: frozenset[Role] = frozenset()
    unit: str | None = None
    login: str = ""

    def hears(self, message: Message) -> bool:
        """Tell whether this audience is told of a message.

        Where they may read only their own, the message must name them (`seen_by`); one that names nobody is not told.
        """
        action = _ACTION_OF.get(message.type)
        if action is None or message.type not in self.types:
            return False
        reach = dict(self.reaches).get(action)
        if reach is not Reach.OWN:
            return reach is Reach.ALL
        try:
            parties = _PARTIES.validate_python(message.data.get("seen_by", ()))
        except ValidationError:
            return False
        roles = ACTIONS[action].own & self.roles
        return any(party.is_of(roles, self.unit, self.login) for party in parties)


def audience(principal: Principal, types: frozenset[str]) -> Audience:
    """Return the audience that a listener belongs to, who asked for `types`."""
    wanted = sorted({action for type_, action in _ACTION_OF.items() if type_ in types})
    reaches = tuple((action, reach) for action in wanted if (reach := principal.reach(action)) is not None)
    if all(reach is Reach.ALL for _, reach in reaches):
        return Audience(types, reaches)
    return Audience(types, reaches, principal.roles, principal.unit, principal.login)
