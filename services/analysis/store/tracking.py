"""What the tracker reads and writes, always for a whole batch."""

from __future__ import annotations

from collections import Counter as Tallying
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import Counters, EventUpdated, PostAnalyzed
from contracts.words import Stage, Tier
from kit.database import insert_ignoring
from services.analysis import models
from services.analysis.events.grouping import Candidates
from services.analysis.events.state import EventState, TrackedPost, Window
from services.analysis.models import table
from services.analysis.store.prototypes import load_prototypes
from services.analysis.store.statements import add, add_missing, add_up, change, rows_among

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_EARLY: Final = table(models.EarlyRecount)
_COUNTERS: Final = ("reads", "likes", "comments", "reposts")
_TALLIES: Final = ("topics", "places", "keywords", "incidents")


@dataclass(frozen=True, slots=True)
class StoredCounters:
    """A stored post's counters, when they were observed, and its event."""

    post_id: str
    event_id: str
    counters: Counters
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """A post, what came over the bus of it, and the event that it was assigned to."""

    post: TrackedPost
    message: PostAnalyzed
    event_id: str


async def known_posts(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """Return the events of those of `ids` that are stored."""
    rows = await rows_among(session, sa.select(_POSTS.c.id, _POSTS.c.event_id), _POSTS.c.id, ids)
    return {row.id: row.event_id for row in rows}


async def candidates(session: AsyncSession, posts: Sequence[TrackedPost], known: Mapping[str, str]) -> Candidates:
    """Load every event that one of `posts` could join, locked, with what joining is decided by."""
    found = Candidates(posts=dict(known))
    linked = {post.id for post in posts} | {post.repost_of for post in posts if post.repost_of}
    repeats = sa.select(_POSTS.c.repost_of, _POSTS.c.event_id).where(_POSTS.c.repost_of.is_not(None)).distinct()
    for row in await rows_among(session, repeats, _POSTS.c.repost_of, linked):
        found.repeats[row.repost_of].add(row.event_id)
    texts = sa.select(_POSTS.c.story_hash, _POSTS.c.event_id).distinct()
    for row in await rows_among(session, texts, _POSTS.c.story_hash, {post.story_hash for post in posts}):
        found.texts[row.story_hash].add(row.event_id)
    await load_prototypes(session, posts, found)
    ids = {p.event_id for near in found.prototypes.values() for p in near} | set(found.posts.values())
    ids.update(*found.repeats.values(), *found.texts.values())
    found.events = await events(session, ids)
    return found


async def events(session: AsyncSession, ids: Collection[str]) -> dict[str, EventState]:
    """Load events by id, locked until the transaction ends."""
    statement = sa.select(_EVENTS).order_by(_EVENTS.c.id).with_for_update()
    return {row.id: state_of(row) for row in await rows_among(session, statement, _EVENTS.c.id, sorted(ids))}


async def cooling(session: AsyncSession, now: datetime, limit: int) -> dict[str, EventState]:
    """Load events whose figures are due to be worked out again, longest due first, locked."""
    due = sa.select(_EVENTS).where(_EVENTS.c.cools_at <= now).order_by(_EVENTS.c.cools_at, _EVENTS.c.id)
    rows = await session.execute(due.limit(limit).with_for_update(skip_locked=True))
    return {row.id: state_of(row) for row in rows}


async def stored_counters(session: AsyncSession, ids: Collection[str]) -> dict[str, StoredCounters]:
    """Return the counters of those of the posts `ids` that are stored."""
    statement = sa.select(_POSTS.c.id, _POSTS.c.event_id, _POSTS.c.counted_at, *(_POSTS.c[name] for name in _COUNTERS))
    return {
        row.id: StoredCounters(row.id, row.event_id, _counters_of(row), row.counted_at)
        for row in await rows_among(session, statement, _POSTS.c.id, ids)
    }


async def early_recounts(session: AsyncSession, ids: Collection[str]) -> dict[str, tuple[Counters, datetime]]:
    """Return the counters that came before their posts `ids`."""
    rows = await rows_among(session, sa.select(_EARLY), _EARLY.c.post_id, ids)
    return {row.post_id: (_counters_of(row), row.observed_at) for row in rows}


async def replace_early_recounts(
    session: AsyncSession,
    used: Collection[str],
    early: Mapping[str, tuple[Counters, datetime]],
    now: datetime,
) -> None:
    """Drop the early counters of the posts `used` and keep those of `early`."""
    gone = [*used, *early]
    for start in range(0, len(gone), 1000):
        await session.execute(sa.delete(_EARLY).where(_EARLY.c.post_id.in_(gone[start : start + 1000])))
    await add(
        session,
        _EARLY,
        [
            {"post_id": id_, "observed_at": at, "seen_at": now, **_counter_columns(counters)}
            for id_, (counters, at) in early.items()
        ],
    )


async def save_counters(session: AsyncSession, changed: Iterable[StoredCounters]) -> None:
    """Replace the counters of stored posts."""
    rows = [{"id": c.post_id, "counted_at": c.counted_at, **_counter_columns(c.counters)} for c in changed]
    await change(session, _POSTS, rows, (*_COUNTERS, "counted_at"))


async def save_posts(session: AsyncSession, placed: Sequence[Placed]) -> None:
    """Store new posts with their topics and places, and count them into their hours."""
    await add(session, _POSTS, [_post_row(one) for one in placed])
    topics = [_association("topic", topic, one.post) for one in placed for topic in one.post.topics]
    places = [_association("place", place, one.post) for one in placed for place in one.post.places]
    await add_missing(session, table(models.PostTopic), topics)
    await add_missing(session, table(models.PostPlace), places)
    by_event: defaultdict[tuple[str, datetime], list[int]] = defaultdict(lambda: [0, 0])
    by_topic: Tallying[tuple[str, datetime, str]] = Tallying()
    for one in placed:
        hour = hour_of(one.post.published_at)
        counts = by_event[one.event_id, hour]
        counts[0] += 1
        counts[1] += one.post.sentiment == "negative"
        by_topic.update((topic, hour, one.post.sentiment.value) for topic in ("", *one.post.topics))
    hours = [
        {"event_id": event, "hour": hour, "posts": posts, "negatives": negatives}
        for (event, hour), (posts, negatives) in sorted(by_event.items())
    ]
    trends = [
        {"topic": topic, "hour": hour, "sentiment": sentiment, "posts": posts}
        for (topic, hour, sentiment), posts in sorted(by_topic.items())
    ]
    await add_up(session, table(models.EventHour), hours, ("posts", "negatives"))
    await add_up(session, table(models.TrendHour), trends, ("posts",))


async def count_distinct(session: AsyncSession, placed: Sequence[Placed], states: Mapping[str, EventState]) -> None:
    """Add the voices and sources not met before to the events of `placed`."""
    voices = {(one.event_id, one.post.author_hash) for one in placed if one.post.author_hash}
    sources = {(one.event_id, one.post.source) for one in placed if one.post.source}
    voice_rows = [{"event_id": event, "author_hash": author} for event, author in voices]
    source_rows = [{"event_id": event, "source": source} for event, source in sources]
    for row in await insert_ignoring(session, models.EventVoice, voice_rows, returning=["event_id"]):
        states[row.event_id].voices += 1
    for row in await insert_ignoring(session, models.EventSource, source_rows, returning=["event_id"]):
        states[row.event_id].sources += 1


async def windows(session: AsyncSession, ids: Collection[str], now: datetime) -> dict[str, Window]:
    """Count the posts of events within the hour and the 24 hours before `now`."""
    hour_ago = now - timedelta(hours=1)
    statement = (
        sa.select(
            _POSTS.c.event_id,
            sa.func.count().label("day"),
            sa.func.sum(sa.case((_POSTS.c.published_at > hour_ago, 1), else_=0)).label("hour"),
        )
        .where(_POSTS.c.published_at > now - timedelta(hours=24))
        .group_by(_POSTS.c.event_id)
    )
    rows = await rows_among(session, statement, _POSTS.c.event_id, ids)
    return {row.event_id: Window(int(row.hour), int(row.day)) for row in rows}


async def save_events(
    session: AsyncSession,
    changed: Sequence[tuple[EventState, EventUpdated]],
    now: datetime,
    cools_at: Mapping[str, datetime | None],
) -> None:
    """Store events as they stand, with what they are found by."""
    rows = [_event_row(state, told, now, cools_at[state.id]) for state, told in changed]
    await add(session, _EVENTS, [row for row in rows if row["version"] == 1])
    columns = [column.name for column in _EVENTS.columns if column.name != "id"]
    await change(session, _EVENTS, [row for row in rows if row["version"] > 1], columns)
    topics = [{"topic": topic, "event_id": state.id} for state, told in changed for topic in told.topics]
    places = [{"place": place, "event_id": state.id} for state, told in changed for place in told.places]
    await add_missing(session, table(models.EventTopic), topics)
    await add_missing(session, table(models.EventPlace), places)


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour of an instant."""
    return at.replace(minute=0, second=0, microsecond=0)


def state_of(row: sa.Row[Any]) -> EventState:
    """Return a stored event."""
    return EventState(
        id=row.id,
        version=row.version,
        title=row.title,
        summary=row.summary,
        lead=(row.lead_repost, row.lead_at, row.lead_id),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        posts_total=row.posts_total,
        negatives=row.negatives,
        reads=row.reads,
        interactions=row.interactions,
        voices=row.voices,
        sources=row.sources,
        top_tier=Tier(row.top_tier) if row.top_tier else None,
        stage=Stage(row.stage),
        prototypes=row.prototypes,
        **{name: dict(row.tallies.get(name, {})) for name in _TALLIES},
    )


def _event_row(state: EventState, told: EventUpdated, now: datetime, cools_at: datetime | None) -> dict[str, Any]:
    assert state.lead is not None, "an event has at least one post"
    return {
        "id": state.id,
        "version": state.version,
        "title": state.title,
        "summary": state.summary,
        "lead_repost": state.lead[0],
        "lead_at": state.lead[1],
        "lead_id": state.lead[2],
        "first_seen": state.first_seen,
        "last_seen": state.last_seen,
        "stage": state.stage.value,
        "incident_type": told.incident_type.value,
        "posts_total": state.posts_total,
        "negatives": state.negatives,
        "reads": state.reads,
        "interactions": state.interactions,
        "voices": state.voices,
        "sources": state.sources,
        "top_tier": state.top_tier.value if state.top_tier else None,
        "heat": told.metrics.heat,
        "prototypes": state.prototypes,
        "tallies": {name: getattr(state, name) for name in _TALLIES},
        "metrics": told.metrics.model_dump(mode="json"),
        "cools_at": cools_at,
        "updated_at": now,
    }


def _post_row(one: Placed) -> dict[str, Any]:
    post, came, analysis = one.post, one.message.post, one.message.analysis
    chances = analysis.sentiment.probabilities
    return {
        "id": post.id,
        "event_id": one.event_id,
        "url": came.url,
        "title": post.title,
        "text": post.text,
        "channel": came.channel.value,
        "source": post.source,
        "source_name": came.source_name,
        "source_tier": post.source_tier.value if post.source_tier else None,
        "author_hash": post.author_hash,
        "published_at": post.published_at,
        "collected_at": came.collected_at,
        "counted_at": post.counted_at,
        "same_text_as": post.same_text_as,
        "near_duplicate_of": post.near_duplicate_of,
        "repost_of": post.repost_of,
        "story_hash": post.story_hash,
        "sentiment": post.sentiment.value,
        "score": analysis.sentiment.score,
        **{label.value: chances.get(label, 0.0) for label in type(post.sentiment)},
        "incident_type": post.incident_type.value,
        "incident_confidence": post.incident_confidence,
        "topics": list(post.topics),
        "places": list(post.places),
        "keywords": list(post.keywords),
        "model": analysis.model,
        "erased_at": None,
        **_counter_columns(post.counters),
    }


def _association(kind: str, word: str, post: TrackedPost) -> dict[str, Any]:
    return {kind: word, "published_at": post.published_at, "post_id": post.id}


def _counters_of(row: sa.Row[Any]) -> Counters:
    return Counters(reads=row.reads, likes=row.likes, comments=row.comments, reposts=row.reposts)


def _counter_columns(counters: Counters) -> dict[str, int]:
    return {name: getattr(counters, name) for name in _COUNTERS}
