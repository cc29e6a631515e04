"""Storing posts with what they are found and joined by, always for a whole batch."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import PostAnalyzed
from contracts.streams import ANALYZED_PARTITIONS
from kit.database import insert_ignoring
from services.analysis import models
from services.analysis.events.index import StoryIndex, Text
from services.analysis.events.linking import Link
from services.analysis.events.state import TrackedPost
from services.analysis.events.vectors import MODEL, read_stored, stored
from services.analysis.models import table
from services.analysis.store import fulltext
from services.analysis.store.concerns import save_concerns
from services.analysis.store.counters import counter_columns
from services.analysis.store.statements import add, add_missing, change, dialect_of, rows_among

_POSTS: Final = table(models.Post)
_VECTORS: Final = table(models.StoryVector)
_PARTITIONS: Final = table(models.TrackerPartition)


@dataclass(frozen=True, slots=True)
class Placed:
    """A post, what came over the bus of it, the event that it was assigned to, and why."""

    post: TrackedPost
    message: PostAnalyzed
    event_id: str
    link: Link | None


async def known_posts(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Return those of `ids` that are stored."""
    return {row.id for row in await rows_among(session, sa.select(_POSTS.c.id), _POSTS.c.id, ids)}


async def save_posts(session: AsyncSession, placed: Sequence[Placed], partition: int) -> None:
    """Store new posts with their topics, places, concerns and words."""
    rows = [_post_row(one, partition) for one in placed]
    await fulltext.index(session, rows)
    await add(session, _POSTS, rows)
    topics = [_association("topic", topic, one.post) for one in placed for topic in one.post.topics]
    places = [_association("place", place, one.post) for one in placed for place in one.post.places]
    await add_missing(session, table(models.PostTopic), topics)
    await add_missing(session, table(models.PostPlace), places)
    await save_concerns(session, [(one.post.id, one.message.analysis.concerns) for one in placed])


async def relink(session: AsyncSession, links: Mapping[str, Link], moved: Mapping[str, str]) -> None:
    """Give stored posts other parents, and move stored posts to other events."""
    await change(session, _POSTS, [{"id": id_, **_link_columns(link)} for id_, link in links.items()], _LINK)
    await change(session, _POSTS, [{"id": id_, "event_id": event} for id_, event in moved.items()], ("event_id",))


async def revision_of(session: AsyncSession, partition: int) -> int:
    """Return a partition's revision without locking it; -1 before its first batch."""
    found = await session.scalar(sa.select(_PARTITIONS.c.revision).where(_PARTITIONS.c.partition == partition))
    return -1 if found is None else int(found)


async def take_partition(session: AsyncSession, partition: int) -> int:
    """Lock a partition until the transaction ends; returns its revision."""
    await insert_ignoring(session, _PARTITIONS, [{"partition": partition, "revision": 0}])
    chosen = sa.select(_PARTITIONS.c.revision).where(_PARTITIONS.c.partition == partition).with_for_update()
    return int(await session.scalar(chosen) or 0)


async def take_all_partitions(session: AsyncSession) -> list[int]:
    """Lock every partition, so that no post is joined to an event until the transaction ends; returns the revisions."""
    rows = [{"partition": partition, "revision": 0} for partition in range(ANALYZED_PARTITIONS)]
    await insert_ignoring(session, _PARTITIONS, rows)
    chosen = sa.select(_PARTITIONS.c.revision).order_by(_PARTITIONS.c.partition).with_for_update()
    return list(await session.scalars(chosen))


async def raise_revision(session: AsyncSession, partition: int) -> None:
    """Let whoever takes the partition next see that it has changed."""
    await session.execute(
        sa.update(_PARTITIONS).where(_PARTITIONS.c.partition == partition).values(revision=_PARTITIONS.c.revision + 1)
    )


async def load_index(session: AsyncSession, partition: int, since: datetime) -> StoryIndex:
    """Return the index of a partition's texts that have been used since; tens of thousands are read a second."""
    index = StoryIndex()
    chosen = (_VECTORS.c.partition == partition) & (_VECTORS.c.used_at >= since) & (_VECTORS.c.model == MODEL)
    columns = (_VECTORS.c.story_hash, _VECTORS.c.vector, _VECTORS.c.where)
    texts = {
        row.story_hash: Text(row.story_hash, read_stored(row.vector), row.where)
        for row in await session.execute(sa.select(*columns).where(chosen))
    }
    same = (_POSTS.c.story_hash == _VECTORS.c.story_hash) & (_POSTS.c.partition == _VECTORS.c.partition)
    times = sa.select(_POSTS.c.story_hash, _POSTS.c.published_at).select_from(_VECTORS.join(_POSTS, same)).where(chosen)
    rows = await session.stream(times.execution_options(yield_per=5_000))
    async for part in rows.partitions():
        # one stored since the texts were read is not among them; whoever is told the revision loads anew
        known = [row for row in part if row.story_hash in texts]
        posts = [(texts[row.story_hash], row.published_at.timestamp()) for row in known]
        await asyncio.to_thread(index.add, posts)
    return index


async def save_vectors(session: AsyncSession, posts: Iterable[TrackedPost], partition: int, now: datetime) -> None:
    """Store the vectors of posts' texts, once a text, and when each was last published."""
    latest: dict[int, TrackedPost] = {}
    for post in posts:
        if post.vector is not None:
            known = latest.get(post.story_hash)
            latest[post.story_hash] = post if known is None else max(known, post, key=lambda one: one.order)
    rows = [
        {
            "partition": partition,
            "story_hash": story,
            "vector": stored(post.vector) if post.vector is not None else b"",
            "model": MODEL,
            "where": post.where,
            "last_at": post.published_at,
            "used_at": max(post.published_at, now),
        }
        for story, post in sorted(latest.items())
    ]
    if not rows:
        return
    make = postgresql.insert if dialect_of(session) == "postgresql" else sqlite.insert
    greatest = sa.func.greatest if dialect_of(session) == "postgresql" else sa.func.max
    statement = make(_VECTORS)
    later: dict[str, sa.ColumnElement[Any]] = {
        name: greatest(_VECTORS.c[name], statement.excluded[name], type_=_VECTORS.c[name].type)
        for name in ("last_at", "used_at")
    }
    later |= {name: statement.excluded[name] for name in ("vector", "model")}
    keys = list(_VECTORS.primary_key.columns)
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=later), rows)


_LINK: Final = ("parent_id", "link", "likeness")


def _link_columns(link: Link | None) -> dict[str, Any]:
    if link is None:
        return dict.fromkeys(_LINK)
    return {"parent_id": link.parent_id, "link": link.kind.value, "likeness": link.likeness}


def _post_row(one: Placed, partition: int) -> dict[str, Any]:
    post, came, analysis = one.post, one.message.post, one.message.analysis
    chances = analysis.sentiment.probabilities
    return {
        "id": post.id,
        "event_id": one.event_id,
        "partition": partition,
        "url": came.url,
        "title": post.title,
        "text": post.text,
        "channel": came.channel.value,
        "source": post.source,
        "source_name": came.source_name,
        "source_tier": post.source_tier.value if post.source_tier else None,
        "outlet": came.outlet,
        "author_hash": post.author_hash,
        "published_at": post.published_at,
        "collected_at": came.collected_at,
        "counted_at": post.counted_at,
        "same_text_as": post.same_text_as,
        "near_duplicate_of": post.near_duplicate_of,
        "repost_of": post.repost_of,
        "repeats": post.repeats,
        "story_hash": post.story_hash,
        "sentiment": post.sentiment.value,
        "score": analysis.sentiment.score,
        **{label.value: chances.get(label, 0.0) for label in type(post.sentiment)},
        "incident_type": post.incident_type.value,
        "incident_confidence": post.incident_confidence,
        "topics": list(post.topics),
        "places": list(post.places),
        "keywords": list(post.keywords),
        "mentions": [mention.model_dump(mode="json") for mention in analysis.mentions],
        "facts": [fact.model_dump(mode="json", exclude_none=True) for fact in analysis.facts],
        "model": analysis.model,
        "erased_at": None,
        **_link_columns(one.link),
        **counter_columns(post.counters),
    }


def _association(kind: str, word: str, post: TrackedPost) -> dict[str, Any]:
    return {kind: word, "published_at": post.published_at, "post_id": post.id}
