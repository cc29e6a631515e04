"""Where a template stands: kind of notification, and maybe level, channel and language; and which one a letter gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from contracts.words import ChannelName, Level, NotificationKind
from services.notify.languages import Language

#: Between the parts of an id; no kind, level, channel or language has it.
_BETWEEN = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """What a template is for. Without a level or channel: for all."""

    kind: NotificationKind
    level: Level | None = None
    channel: ChannelName | None = None
    language: Language = Language.ZH

    @property
    def id(self) -> str:
        """Return how the API names the place: `alert_raised`, `alert_raised-II-sms`, `alert_raised-en`."""
        foreign = self.language if self.language is not Language.ZH else None
        parts = (self.kind, self.level, self.channel, foreign)
        return _BETWEEN.join(part.value for part in parts if part is not None)

    @classmethod
    def read(cls, id_: str) -> Self:
        """Return the place of that id; raises ValueError where a part is unknown or out of order."""
        kind, *rest = id_.split(_BETWEEN)
        place = cls(NotificationKind(kind))
        for part in rest:
            if part in set(Level):
                place = replace(place, level=Level(part))
            elif part in set(ChannelName):
                place = replace(place, channel=ChannelName(part))
            else:
                place = replace(place, language=Language(part))
        if place.id != id_:
            raise ValueError(f"the parts of {id_!r} are not in order")
        return place

    def from_here_up(self) -> Iterator[Place]:
        """Give the places whose template this place's letters may have, the closest first.

        Kind, level and channel; then kind and channel, for a text message is short at every level; then kind and level;
        then the kind alone. Always of the same language.
        """
        seen: dict[str, Place] = {}
        for level, channel in (
            (self.level, self.channel),
            (None, self.channel),
            (self.level, None),
            (None, None),
        ):
            place = replace(self, level=level, channel=channel)
            seen.setdefault(place.id, place)
        yield from seen.values()
