"""Counts of all posts over time, told apart by topic, place, channel or sentiment; read from buckets.

Where a window does not end with an hour, the posts between its end and the end of that hour are counted from an index
(:mod:`services.analysis.store.buckets` says how windows are added up).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import Sentiment
from services.analysis import models
from services.analysis.calendar import DAY, HOUR, LENGTHS, day_of, hour_of
from services.analysis.models import table
from services.analysis.store.statements import among

_POSTS: Final = table(models.Post)
_POST_TOPICS: Final = table(models.PostTopic)
_POST_PLACES: Final = table(models.PostPlace)
_EVENTS: Final = table(models.Event)
_HOURS: Final = table(models.TrendHour)
_DAYS: Final = table(models.TrendDay)
_TONES: Final = tuple(tone.value for tone in Sentiment)

Kind = Literal["all", "topic", "place", "channel"]
By = Literal["topic", "place", "channel", "sentiment"]
Row = sa.Row[Any]
#: what an index over (word, time) tells posts apart by
_WORDS: Final[dict[By, tuple[sa.Column[Any], sa.Column[Any]]]] = {
    "topic": (_POST_TOPICS.c.topic, _POST_TOPICS.c.published_at),
    "place": (_POST_PLACES.c.place, _POST_PLACES.c.published_at),
    "channel": (_POSTS.c.channel, _POSTS.c.published_at),
    "sentiment": (_POSTS.c.sentiment, _POSTS.c.published_at),
}


@dataclass(slots=True)
class Compared:
    """Posts of the last 24 hours and of the 24 before, by what they are told apart by, and within that by key."""

    last: dict[By, dict[str, int]] = field(default_factory=dict)
    before: dict[By, dict[str, int]] = field(default_factory=dict)


async def last_days(session: AsyncSession, now: datetime, topics: Collection[str]) -> Compared:
    """Count the posts of the 24 hours up to `now` and of the 24 hours before them; of topics, those of `topics`."""
    middle, first = now - DAY, now - 2 * DAY
    late = _HOURS.c.hour > hour_of(middle)
    sums = [
        sa.func.sum(sa.case((chosen, _HOURS.c[tone]), else_=0)).label(f"{name}_{tone}")
        for name, chosen in (("last", late), ("before", ~late))
        for tone in _TONES
    ]
    statement = (
        sa.select(_HOURS.c.kind, _HOURS.c.key, *sums)
        .where(
            _HOURS.c.kind.in_(("all", "topic", "place", "channel")),
            _HOURS.c.hour > hour_of(first),
            _HOURS.c.hour <= hour_of(now),
        )
        .group_by(_HOURS.c.kind, _HOURS.c.key)
    )
    found = Compared({by: {} for by in _WORDS}, {by: {} for by in _WORDS})
    for row in await session.execute(statement):
        for name, counted in (("last", found.last), ("before", found.before)):
            tones = {tone: int(row._mapping[f"{name}_{tone}"]) for tone in _TONES}
            if row.kind == "all":
                counted["sentiment"] = tones
            elif row.kind != "topic" or row.key in topics:
                counted[row.kind][row.key] = sum(tones.values())
    keys: dict[By, Collection[str]] = {"topic": topics, "place": found.last["place"]}
    # the hour that a window begins in gives it its end, the hour that it ends in loses its end
    corrections = ((first, 0, 1), (middle, 1, -1), (now, -1, 0))
    instants = [at for at, _, _ in corrections]
    each = {by: await _tails(session, by, words, instants) for by, words in keys.items()}
    each |= await _tails_of_posts(session, instants)
    for by, tails in each.items():
        for (_, to_last, to_before), tail in zip(corrections, tails, strict=True):
            for word, posts in tail.items():
                found.last[by][word] = found.last[by].get(word, 0) + to_last * posts
                found.before[by][word] = found.before[by].get(word, 0) + to_before * posts
    return found


async def stages(session: AsyncSession, since: datetime) -> dict[str, int]:
    """Count the events with a post since an instant, by their stage."""
    kinds = sa.select(_EVENTS.c.stage, sa.func.count().label("events"))
    chosen = _EVENTS.c.stage.in_(("latent", "growing", "bursting", "fading")) & (_EVENTS.c.last_seen > since)
    return {row.stage: int(row.events) for row in await session.execute(kinds.where(chosen).group_by(_EVENTS.c.stage))}


async def greatest(
    session: AsyncSession, kind: Kind, bucket: str, since: datetime, until: datetime, limit: int
) -> list[str]:
    """Return the keys of a kind with most posts in the buckets that begin in [since, until), most first."""
    buckets, at = _buckets(bucket)
    posts = sa.func.sum(sum((buckets.c[tone] for tone in _TONES), sa.literal(0)))
    statement = sa.select(buckets.c.key).where(buckets.c.kind == kind, at >= since, at < until)
    ordered = statement.group_by(buckets.c.key).order_by(posts.desc(), buckets.c.key).limit(limit)
    return [row.key for row in await session.execute(ordered)]


async def points(
    session: AsyncSession, kind: Kind, keys: Sequence[str], bucket: str, since: datetime, until: datetime
) -> Sequence[Row]:
    """Return key, `at` and the counts by sentiment of the buckets that begin in [since, until), in order."""
    buckets, at = _buckets(bucket)
    statement = sa.select(buckets.c.key, at.label("at"), *(buckets.c[tone] for tone in _TONES))
    chosen = (buckets.c.kind == kind) & among(session, buckets.c.key, keys) & (at >= since) & (at < until)
    return (await session.execute(statement.where(chosen).order_by(buckets.c.key, at))).fetchall()


async def totals(
    session: AsyncSession, kind: Kind, keys: Sequence[str], since: datetime, until: datetime
) -> dict[str, dict[str, int]]:
    """Return the posts by key and sentiment from `since`, a start of an hour, up to `until`; exact to the instant.

    Whole days are added up from days, the hours before and after them from hours.
    """
    first_day = since if day_of(since) == since else day_of(since) + DAY
    last_day = max(first_day, day_of(until))
    found: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_TONES, 0))
    spans = [("1d", first_day, last_day)] if last_day <= until else []
    if spans:
        spans += [("1h", since, first_day), ("1h", last_day, hour_of(until) + HOUR)]
    else:
        spans += [("1h", since, hour_of(until) + HOUR)]
    for bucket, start, end in spans:
        if start < end:
            for row in await points(session, kind, keys, bucket, start, end):
                for tone in _TONES:
                    found[row.key][tone] += row._mapping[tone]
    for key, tone, posts in await _toned_tail(session, kind, keys, until):
        found[key][tone] -= posts
    return dict(found)


def _buckets(bucket: str) -> tuple[sa.Table, sa.Column[Any]]:
    return (_DAYS, _DAYS.c.day) if LENGTHS[bucket] == DAY else (_HOURS, _HOURS.c.hour)


async def _tails(
    session: AsyncSession, by: By, words: Collection[str], instants: Sequence[datetime]
) -> list[dict[str, int]]:
    """Count the posts after each of `instants` within its hour, by word."""
    word, published = _WORDS[by]
    each = [
        sa.select(sa.literal(number).label("number"), word.label("word"), sa.func.count().label("posts"))
        .where(among(session, word, words), published > at, published < hour_of(at) + HOUR)
        .group_by(word)
        for number, at in enumerate(instants)
    ]
    found: list[dict[str, int]] = [{} for _ in instants]
    for row in await session.execute(sa.union_all(*each)):
        found[row.number][row.word] = int(row.posts)
    return found


async def _tails_of_posts(session: AsyncSession, instants: Sequence[datetime]) -> dict[By, list[dict[str, int]]]:
    """Count the posts after each of `instants` within its hour, by channel and by sentiment."""
    word, tone, published = _POSTS.c.channel, _POSTS.c.sentiment, _POSTS.c.published_at
    parts = [
        sa.select(sa.literal(number).label("number"), word, tone, sa.func.count().label("posts"))
        .where(published > at, published < hour_of(at) + HOUR)
        .group_by(word, tone)
        for number, at in enumerate(instants)
    ]
    channels: list[dict[str, int]] = [{} for _ in instants]
    tones: list[dict[str, int]] = [{} for _ in instants]
    for row in await session.execute(sa.union_all(*parts)):
        channels[row.number][row.channel] = channels[row.number].get(row.channel, 0) + int(row.posts)
        tones[row.number][row.sentiment] = tones[row.number].get(row.sentiment, 0) + int(row.posts)
    return {"channel": channels, "sentiment": tones}


async def _toned_tail(
    session: AsyncSession, kind: Kind, keys: Sequence[str], at: datetime
) -> list[tuple[str, str, int]]:
    """Return key, sentiment and number of the posts after `at` within its hour."""
    if kind == "all":
        (tail,) = await _tails(session, "sentiment", _TONES, [at])
        return [("", tone, posts) for tone, posts in tail.items()]
    word, published = _WORDS[kind]
    source: sa.FromClause = _POSTS
    if word.table is not _POSTS:
        source = word.table.join(_POSTS, word.table.c.post_id == _POSTS.c.id)
    statement = (
        sa.select(word.label("word"), _POSTS.c.sentiment, sa.func.count().label("posts"))
        .select_from(source)
        .where(among(session, word, keys), published > at, published < hour_of(at) + HOUR)
        .group_by(word, _POSTS.c.sentiment)
    )
    return [(row.word, row.sentiment, int(row.posts)) for row in await session.execute(statement)]
