"""What is watched and what is not: topics by channels by places. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.words import Channel
from services.ingest.collecting.health import Condition

#: channels on which the plan wants a watch (clause 七(二): 重点网站、论坛、微博); "other" is no channel to cover
CHANNELS: Final = tuple(channel for channel in Channel if channel is not Channel.OTHER)
_AUTONOMOUS: Final = re.compile(r"^(\w{2,}?)(?:\w{1,4}?族)+自治([县州区旗])$")
_HEARD: Final = frozenset({Condition.HEALTHY, Condition.DEGRADED})


class Watched(StrEnum):
    """How well a cell is watched."""

    #: by a source that is heard
    YES = "yes"
    #: by sources of which none is heard at present
    SILENT = "silent"
    #: by none
    NO = "no"


@dataclass(frozen=True, slots=True)
class WatchedSource:
    """A source as far as coverage needs it. Without topics or places it is kept for all."""

    channel: Channel
    topics: Sequence[str]
    places: Sequence[str]
    condition: Condition


@dataclass(frozen=True, slots=True)
class TopicPlaces:
    """A topic of the plan and the places that it names."""

    key: str
    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One topic on one channel in one place. `place` is empty where the topic names none."""

    topic: str
    channel: Channel
    place: str
    sources: int
    heard: int

    @property
    def watched(self) -> Watched:
        """Return how well the cell is watched."""
        if self.heard:
            return Watched.YES
        return Watched.SILENT if self.sources else Watched.NO


def place_key(name: str) -> str:
    """Return what is the same for a county's full and usual names: 宁洱哈尼族彝族自治县 and 宁洱县."""
    return _AUTONOMOUS.sub(r"\1\2", name.strip())


def cells(topics: Iterable[TopicPlaces], sources: Sequence[WatchedSource]) -> list[Cell]:
    """Return every cell, by topic, then channel, then place as the topic lists them."""
    by_channel: Mapping[Channel, list[WatchedSource]] = {
        channel: [one for one in sources if one.channel is channel] for channel in CHANNELS
    }
    found: list[Cell] = []
    for topic in topics:
        for channel in CHANNELS:
            kept = [one for one in by_channel[channel] if not one.topics or topic.key in one.topics]
            for place in topic.places or ("",):
                key = place_key(place)
                there = [one for one in kept if not one.places or not key or key in map(place_key, one.places)]
                heard = sum(one.condition in _HEARD for one in there)
                found.append(Cell(topic.key, channel, place, len(there), heard))
    return found
