"""Events as the tracker keeps them: loading, counting anew, describing, storing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.findings import PlaceMention
from contracts.messages import EventMetrics, EventUpdated
from contracts.words import Channel, IncidentType, Level, Sentiment, Stage, Tier
from kit.database import insert_ignoring
from services.analysis import models
from services.analysis.events.concern_tally import keys_of
from services.analysis.events.description import OPENING, READ, Story
from services.analysis.events.state import EventState, TrackedPost, townships_of
from services.analysis.events.vectors import MODEL, read_stored
from services.analysis.models import table
from services.analysis.store import concerns
from services.analysis.store.counters import counters_of
from services.analysis.store.statements import add, add_missing, among, change, rows_among

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_VECTORS: Final = table(models.StoryVector)
_VOICES: Final = table(models.EventVoice)
_SOURCES: Final = table(models.EventSource)
_TOPICS: Final = table(models.EventTopic)
_PLACES: Final = table(models.EventPlace)
#: what cases tell; not worked out here
_LEVELS: Final = ("alert_level", "case_level")
_TALLIES: Final = ("topics", "places", "townships", "keywords", "incidents", "concerns", "channels", "frozen")


async def events(session: AsyncSession, ids: Collection[str]) -> dict[str, EventState]:
    """Load events by id, locked until the transaction ends."""
    statement = sa.select(_EVENTS).order_by(_EVENTS.c.id).with_for_update()
    return await _loaded(session, await rows_among(session, statement, _EVENTS.c.id, sorted(ids)))


async def free_events(session: AsyncSession, ids: Collection[str]) -> dict[str, EventState]:
    """Load those of the events `ids` that nobody else has locked, and lock them; nothing is waited for."""
    statement = sa.select(_EVENTS).order_by(_EVENTS.c.id).with_for_update(skip_locked=True)
    return await _loaded(session, await rows_among(session, statement, _EVENTS.c.id, sorted(ids)))


async def cooling(session: AsyncSession, now: datetime, limit: int) -> dict[str, EventState]:
    """Load events whose figures are due to be worked out again, longest due first, locked."""
    due = sa.select(_EVENTS).where(_EVENTS.c.cools_at <= now).order_by(_EVENTS.c.cools_at, _EVENTS.c.id)
    rows = await session.execute(due.limit(limit).with_for_update(skip_locked=True))
    return await _loaded(session, list(rows))


async def _loaded(session: AsyncSession, rows: Sequence[sa.Row[Any]]) -> dict[str, EventState]:
    """Return stored events by id; those stored before concerns were counted get theirs from their posts."""
    states = {row.id: state_of(row) for row in rows}
    uncounted = sorted(row.id for row in rows if "concerns" not in row.tallies)
    for event, keys in await concerns.tallied(session, uncounted):
        states[event].concerns = keys
    return states


async def count_anew(session: AsyncSession, states: Mapping[str, EventState], *, confident: float) -> None:
    """Count everything about `states` anew from their stored posts, voices and sources included."""
    ids = sorted(states)
    if not ids:
        return
    for target in (_VOICES, _SOURCES, _TOPICS, _PLACES):
        await session.execute(sa.delete(target).where(among(session, target.c.event_id, ids)))
    for state in states.values():
        state.clear()
    voices: defaultdict[str, set[str]] = defaultdict(set)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    text_free = [column for column in _POSTS.columns if column.name not in {"text", "title", "url", "facts"}]
    asked = await concerns.of_events(session, ids)
    for row in await rows_among(session, sa.select(*text_free), _POSTS.c.event_id, ids):
        states[row.event_id].count(_tracked(row, asked.get(row.id, [])), confident=confident)
        if row.author_hash:
            voices[row.event_id].add(row.author_hash)
        if row.source:
            sources[row.event_id].add(row.source)
    for id_, state in states.items():
        state.voices, state.sources = len(voices[id_]), len(sources[id_])
        state.thaw(state.frozen)
    # an event that goes up in another keeps what erased posts counted for, and has it if it is taken out again
    gone_up = sa.select(_EVENTS.c.id, _EVENTS.c.merged_into, _EVENTS.c.tallies)
    for row in await rows_among(session, gone_up, _EVENTS.c.merged_into, ids):
        if row.id not in states:
            states[row.merged_into].thaw(row.tallies.get("frozen", {}))
    await add(session, _VOICES, [{"event_id": e, "author_hash": a} for e in ids for a in sorted(voices[e])])
    await add(session, _SOURCES, [{"event_id": e, "source": s} for e in ids for s in sorted(sources[e])])


async def count_distinct(
    session: AsyncSession, placed: Sequence[tuple[TrackedPost, str]], states: Mapping[str, EventState]
) -> None:
    """Add the voices and sources not met before to the events of `placed` posts."""
    voices = sorted({(event, post.author_hash) for post, event in placed if post.author_hash})
    sources = sorted({(event, post.source) for post, event in placed if post.source})
    voice_rows = [{"event_id": event, "author_hash": author} for event, author in voices]
    source_rows = [{"event_id": event, "source": source} for event, source in sources]
    for row in await insert_ignoring(session, models.EventVoice, voice_rows, returning=["event_id"]):
        states[row.event_id].voices += 1
    for row in await insert_ignoring(session, models.EventSource, source_rows, returning=["event_id"]):
        states[row.event_id].sources += 1


async def stories(session: AsyncSession, events: Collection[str]) -> dict[str, list[Story]]:
    """Return the texts that events are described by: the earliest different ones of each, erased ones left out."""
    if not events:
        return {}
    at = sa.func.min(_POSTS.c.published_at)
    place = sa.func.row_number().over(partition_by=_POSTS.c.event_id, order_by=(at, _POSTS.c.story_hash))
    ranked = (
        sa.select(
            _POSTS.c.event_id,
            _POSTS.c.story_hash,
            _POSTS.c.partition,
            at.label("at"),
            place.label("place"),
        )
        .where(among(session, _POSTS.c.event_id, sorted(events)), _POSTS.c.erased_at.is_(None))
        .group_by(_POSTS.c.event_id, _POSTS.c.story_hash, _POSTS.c.partition)
        .subquery()
    )
    first = sa.select(ranked).where(ranked.c.place <= READ).subquery()
    of_text = (_VECTORS.c.story_hash == first.c.story_hash) & (_VECTORS.c.partition == first.c.partition)
    post = (
        (_POSTS.c.story_hash == first.c.story_hash)
        & (_POSTS.c.published_at == first.c["at"])
        & (_POSTS.c.event_id == first.c.event_id)
        & _POSTS.c.erased_at.is_(None)
    )
    statement = sa.select(
        _POSTS.c.event_id,
        _POSTS.c.id,
        _POSTS.c.published_at,
        _POSTS.c.title,
        sa.func.substr(_POSTS.c.text, 1, OPENING).label("text"),
        _POSTS.c.story_hash,
        _VECTORS.c.vector,
    ).select_from(first.join(_POSTS, post).outerjoin(_VECTORS, of_text & (_VECTORS.c.model == MODEL)))
    found: defaultdict[str, dict[int, Story]] = defaultdict(dict)
    for row in sorted(await session.execute(statement), key=lambda row: (row.published_at, row.id)):
        vector = read_stored(row.vector) if row.vector is not None else None
        story = Story((row.published_at, row.id), row.title, row.text, vector)
        found[row.event_id].setdefault(row.story_hash, story)
    return {event: list(texts.values()) for event, texts in found.items()}


async def save_events(
    session: AsyncSession,
    changed: Sequence[tuple[EventState, EventUpdated]],
    now: datetime,
    cools_at: Mapping[str, datetime | None],
) -> None:
    """Store events as they stand, with what they are found by."""
    rows = [_row(state, told, now, cools_at[state.id]) for state, told in changed]
    await add(session, _EVENTS, [row for row in rows if row["version"] == 1])
    columns = [column.name for column in _EVENTS.columns if column.name not in {"id", *_LEVELS}]
    await change(session, _EVENTS, [row for row in rows if row["version"] > 1], columns)
    topics = [{"topic": topic, "event_id": state.id} for state, told in changed for topic in told.topics]
    places = [
        {"place": place, "event_id": state.id}
        for state, told in changed
        for place in (*told.places, *sorted(state.townships))
    ]
    await add_missing(session, _TOPICS, topics)
    await add_missing(session, _PLACES, places)


async def set_level(
    session: AsyncSession, event: str, told: Literal["alert_level", "case_level"], level: Level | None
) -> None:
    """Note the level at which an alert was raised on an event (the gravest stays) or a case on it is led.

    None: it is led no longer.
    """
    chosen = sa.select(_EVENTS.c[told]).where(_EVENTS.c.id == event).with_for_update()
    known = await session.scalar(chosen)
    if told == "alert_level" and known is not None and (level is None or Level(known).rank >= level.rank):
        return
    changed = (_EVENTS.c.id == event) & _EVENTS.c[told].is_distinct_from(level)
    values = {told: level, "version": _EVENTS.c.version + 1}
    await session.execute(sa.update(_EVENTS).where(changed).values(values))


async def close_merged(session: AsyncSession, merged: Mapping[str, str], now: datetime) -> None:
    """Note of events which other they have gone up in, and of those that had gone up in them likewise."""
    gone = await rows_among(session, sa.select(_EVENTS.c.id, _EVENTS.c.alert_level), _EVENTS.c.id, sorted(merged))
    for row in gone:
        if row.alert_level is not None:
            await set_level(session, merged[row.id], "alert_level", Level(row.alert_level))
    for event, into in sorted(merged.items()):
        await session.execute(
            sa.update(_EVENTS)
            .where(sa.or_(_EVENTS.c.id == event, _EVENTS.c.merged_into == event))
            .values(merged_into=into, version=_EVENTS.c.version + 1, updated_at=now, cools_at=None)
        )
        for target in (_VOICES, _SOURCES, _TOPICS, _PLACES):
            await session.execute(sa.delete(target).where(target.c.event_id == event))


async def updates(session: AsyncSession, ids: Collection[str]) -> list[EventUpdated]:
    """Return what others are told of events as they are stored, those that have gone up in another above all."""
    rows = await rows_among(session, sa.select(_EVENTS), _EVENTS.c.id, sorted(ids))
    return [state_of(row).told(EventMetrics.model_validate(row.metrics)) for row in rows]


def state_of(row: sa.Row[Any]) -> EventState:
    """Return a stored event."""
    return EventState(
        id=row.id,
        founder_id=row.founder_id,
        partition=row.partition,
        version=row.version,
        title=row.title,
        summary=row.summary,
        merged_into=row.merged_into,
        described_until=row.described_until,
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
        **{name: dict(row.tallies.get(name, {})) for name in _TALLIES},
    )


def _row(state: EventState, told: EventUpdated, now: datetime, cools_at: datetime | None) -> dict[str, Any]:
    return {
        "id": state.id,
        "founder_id": state.founder_id,
        "partition": state.partition,
        "version": state.version,
        "title": state.title,
        "summary": state.summary,
        "merged_into": state.merged_into,
        "described_until": state.described_until,
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
        "tallies": {name: getattr(state, name) for name in _TALLIES},
        "metrics": told.metrics.model_dump(mode="json"),
        "cools_at": cools_at,
        "updated_at": now,
    }


def _tracked(row: sa.Row[Any], asked: Sequence[tuple[str, str, str]]) -> TrackedPost:
    """Return a stored post as far as its event counts it."""
    return TrackedPost(
        id=row.id,
        title="",
        text="",
        published_at=row.published_at,
        counters=counters_of(row),
        counted_at=row.counted_at,
        sentiment=Sentiment(row.sentiment),
        incident_type=IncidentType(row.incident_type),
        incident_confidence=row.incident_confidence,
        topics=tuple(row.topics),
        places=tuple(row.places),
        townships=townships_of([PlaceMention.model_validate(one) for one in row.mentions]),
        keywords=tuple(row.keywords),
        story_hash=row.story_hash,
        concerns=keys_of(asked),
        channel=Channel(row.channel),
        source_tier=Tier(row.source_tier) if row.source_tier else None,
    )
