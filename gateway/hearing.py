"""Who may hear which message of the live stream: the same table of rights as for reading what it is about."""

from __future__ import annotations

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


def hears(principal: Principal, message: Message) -> bool:
    """Tell whether a listener may be told of a message.

    Where they may read only their own, the message must name them (`seen_by`); one that names nobody is not told.
    """
    action = _ACTION_OF.get(message.type)
    if action is None:
        return False
    reach = principal.reach(action)
    if reach is not Reach.OWN:
        return reach is Reach.ALL
    try:
        parties = _PARTIES.validate_python(message.data.get("seen_by", ()))
    except ValidationError:
        return False
    roles = ACTIONS[action].own & principal.roles
    return any(party.is_of(roles, principal.unit, principal.login) for party in parties)
