"""Posts that are stored and counted without the tracker, so that tests know every one of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from contracts.words import Channel, Sentiment
from kit.database import Database
from services.analysis import models
from services.analysis.calendar import DAY, HOUR, hour_of
from services.analysis.models import table
from services.analysis.store import buckets

#: 10:20 in Shanghai
NOW = datetime(2026, 3, 2, 2, 20, tzinfo=UTC)
EVENTS = ("e1", "e2", "e3")
TOPICS = ("quake", "resettlement")


@dataclass(frozen=True)
class Dated:
    id: str
    published_at: datetime
    sentiment: Sentiment
    channel: Channel
    topics: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    post: Dated
    event_id: str


def some(number: int, seed: int) -> list[Placed]:
    """Return posts of the last three days and some of the next three hours, many on the edges of hours."""
    chance = random.Random(seed)
    placed = []
    for i in range(number):
        at = NOW - timedelta(minutes=chance.uniform(-180, 3 * 24 * 60))
        if chance.random() < 0.2:
            at = chance.choice([hour_of(at), NOW, NOW - HOUR, NOW - DAY, hour_of(at) - timedelta(microseconds=1)])
        post = Dated(
            f"p{i:05}",
            at,
            chance.choice(tuple(Sentiment)),
            chance.choice((Channel.WEIBO, Channel.NEWS)),
            tuple(chance.sample(TOPICS, chance.randint(0, 2))),
            tuple(chance.sample(("澜沧县", "景谷县"), chance.randint(0, 2))),
        )
        placed.append(Placed(post, chance.choice(EVENTS)))
    return placed


async def store(database: Database, placed: Sequence[Placed]) -> None:
    """Store posts and count them, as the tracker does."""
    async with database.writing() as session:
        rows = [row_of(one) for one in placed]
        await session.execute(sa.insert(table(models.Post)), rows)
        for model, kind in ((models.PostTopic, "topic"), (models.PostPlace, "place")):
            pairs = [
                {kind: word, "published_at": one.post.published_at, "post_id": one.post.id}
                for one in placed
                for word in getattr(one.post, f"{kind}s")
            ]
            if pairs:
                await session.execute(sa.insert(table(model)), pairs)
        await buckets.count(session, placed)


def row_of(one: Placed) -> dict[str, Any]:
    """Return a stored post; what counts do not depend on is nothing in particular."""
    post = one.post
    texts = dict.fromkeys(("title", "text", "model"), "")
    numbers = dict.fromkeys(("reads", "likes", "comments", "reposts", "score", "negative", "neutral", "positive"), 0)
    lists: dict[str, list[Any]] = {name: [] for name in ("topics", "places", "keywords", "mentions", "facts")}
    times = {"published_at": post.published_at, "collected_at": NOW, "counted_at": NOW}
    words = {"sentiment": post.sentiment.value, "channel": post.channel.value, "incident_type": "other"}
    rest = {"story_hash": 1, "incident_confidence": 0.0, "partition": 0}
    return {"id": post.id, "event_id": one.event_id, **texts, **numbers, **lists, **times, **words, **rest}
