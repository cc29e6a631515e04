"""The posts of the story: the same seed gives the same texts, sources and hours."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from huiying.mock.events import FRESH, TAILS, Event
from huiying.mock.people import SOURCES

_NEWS = frozenset({"news"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A post to be pushed `hours` before the present."""

    hours: float
    event: str
    body: dict[str, Any]

    def at(self, present: datetime) -> dict[str, Any]:
        """Return it as the API takes it, where `present` is the end of the story."""
        return {**self.body, "published_at": (present - timedelta(hours=self.hours)).isoformat()}


def plan_posts(events: Iterable[Event], seed: int, share: float = 1.0) -> list[Planned]:
    """Return every post of `events`, the oldest first; `share` of them where fewer will do (five an event at least)."""
    found = [one for event in events for one in _of(event, random.Random(f"{seed}/{event.key}"), share)]
    return sorted(found, key=lambda one: -one.hours)


def _of(event: Event, rng: random.Random, share: float) -> list[Planned]:
    count = max(5, round(event.posts * share))
    span = event.began - event.ended
    found = []
    for number in range(count):
        # most of it soon after the beginning; the first few at once, so that the story is seen
        lapse = 0.0 if number < 3 else span * rng.betavariate(1.2, 2.2)
        sources = event.sources if lapse < span * 0.25 else event.sources + event.late
        key = event.sources[number % len(event.sources)] if number < 3 else rng.choice(sources)
        if event.late and number == 3:  # the press is quick
            key, lapse = event.late[0], 0.1
        hours = event.began - lapse - number * 0.0005
        found.append(Planned(hours, event.key, compose(event, key, number, rng)))
    return found


def compose(event: Event, source: str, number: int, rng: random.Random) -> dict[str, Any]:
    """Write one post of `event` as `source` would carry it."""
    name, channel, _ = SOURCES[source]
    details = rng.sample(event.details, k=rng.randint(1, 3))
    text = event.openers[0 if number < 3 else rng.randrange(2)] + "".join(details)
    reads = int(rng.lognormvariate(3.6, 1.0))
    body = {
        "url": f"https://{channel}.example.com/{event.key}/{number}",
        "text": text if channel in _NEWS else text + rng.choice(TAILS[event.mood]),
        "channel": channel,
        "source": name,
        "author": f"示例网友{rng.randrange(4000)}",
        "metrics": {
            "reads": reads,
            "likes": rng.randrange(1 + reads // 20),
            "comments": rng.randrange(1 + reads // 30),
            "reposts": rng.randrange(1 + reads // 60),
        },
    }
    if channel in _NEWS:
        body["title"] = event.openers[1].rstrip("。！")
    return body


def invent(rng: random.Random, number: int) -> Event:
    """Make up an event that begins now, for the life after the story."""
    place = rng.choice(("澜沧县", "孟连县", "景谷县", "宁洱县", "墨江县", "景东县", "镇沅县", "江城县", "西盟县"))
    village = rng.choice("南勐曼芒龙文") + rng.choice("安平和兴旺泉岗坝") + "塆村"
    opener, details = rng.choice(FRESH)
    told = opener.format(p=place, v=village)
    sources = rng.choice((("论坛", "微博"), ("微博", "视频"), ("社区",), ("论坛",)))
    return Event(f"live-{number}", place, village, 0, 0, 0, sources, (told, told), details)
