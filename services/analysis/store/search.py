"""Finding posts. No statement here reads or compares an author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.analysis import models
from services.analysis.models import table
from services.analysis.search import wanted as filters
from services.analysis.search.positions import first_at
from services.analysis.search.relevance import score
from services.analysis.search.wanted import PostFilter, Wanted, reading
from services.analysis.store import fulltext
from services.analysis.store.fulltext import Span, labels_of
from services.analysis.store.statements import among

#: posts that one page may read again, before it is handed out as far as it came
READ_AGAIN: Final = 2_000
#: newest hits among which the best are shown first
RANKED: Final = 300
#: newest hits that are counted, and fewer where each must be read again
COUNTED: Final = 10_000
#: an event of so many posts is read through rather than looked up
_SMALL_EVENT: Final = 2_000
_STEP: Final = 500
_SECOND: Final = timedelta(seconds=1)

_POSTS: Final = table(models.Post)
#: Every column of a post but the author's hash.
_SHOWN: Final = tuple(column for column in _POSTS.columns if column.name not in {"author_hash", "story_hash"})
_COUNTED: Final = ("sentiment", "channel", "incident_type", "topics")

Row = sa.Row[Any]
#: What a page ends with: when the last post was published, and its id.
Key = tuple[datetime, str]
#: What a page of the best ends with: the newest position looked at, the last score and position.
RankedKey = tuple[int, float, int]
_Candidates = Callable[[Row | None, int], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Found:
    """Posts of one page, and the key that the next one begins after; None where there is no more.

    A page may be short, or empty, and yet not the last: where many posts had to be read again to find few.
    """

    rows: list[Row]
    after: Key | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best posts of one page, and the key that the next one begins after."""

    rows: list[Row]
    after: RankedKey | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the newest hits have which value of a field; `bounded` where there are more hits."""

    posts: int
    bounded: bool
    by: Mapping[str, Mapping[str, int]]


async def posts(session: AsyncSession, wanted: PostFilter, limit: int, after: Key | None) -> Found:
    """Return up to `limit` posts, latest published first, beginning after a key. Raises QueryError for a bad `q`."""
    read = filters.read(wanted)
    if not read.indexed:
        rows = list(await session.execute(_listed(wanted, after).limit(limit + 1)))
        return Found(rows[:limit], _key(rows[limit - 1]) if len(rows) > limit else None)
    if await _by_event(session, read):
        kept, end = await _sifted(_of_event(session, read, after), read, limit, indexed=False)
    else:
        span = await _span(session, wanted, after)
        kept, end = await _sifted(_of_index(session, read, span), read, limit, indexed=True)
    return Found(await _whole(session, kept), end)


async def best_posts(session: AsyncSession, wanted: PostFilter, limit: int, after: RankedKey | None) -> Ranked:
    """Return up to `limit` of the newest hits, those that answer `q` best first. Raises QueryError for a bad `q`."""
    read = filters.read(wanted)
    assert read.asked is not None, "there is no relevance without a query"
    by_event = await _by_event(session, read)
    if by_event:
        candidates = _of_event(session, read, None, upto=Span().end if after is None else after[0])
    else:
        span = await _span(session, wanted, None)
        if after is not None:
            span = Span(span.first, min(span.end, after[0] + 1))
        candidates = _of_index(session, read, span, words=True)
    found, _ = await _sifted(candidates, read, RANKED, indexed=not by_event)
    scored = {row.position: score(read.asked.node, reading(row._mapping, frozenset())) for row in found}
    ordered = sorted(found, key=lambda row: (-scored[row.position], -row.position))
    if after is not None:
        ordered = [row for row in ordered if (-scored[row.position], -row.position) > (-after[1], -after[2])]
    rows = await _whole(session, ordered[:limit])
    if len(ordered) <= limit:
        return Ranked(rows, None)
    newest, last = after[0] if after is not None else max(scored), rows[-1].position
    return Ranked(rows, (newest, scored[last], last))


async def counts(session: AsyncSession, wanted: PostFilter) -> Counts:
    """Count the newest hits by sentiment, channel, incident type and topic. Raises QueryError for a bad `q`."""
    read = filters.read(wanted)
    by_index = read.indexed and not await _by_event(session, read)
    words = read.reads_words(indexed=by_index)
    limit = READ_AGAIN if words else COUNTED
    names = (*(column.name for column in _to_read(read, indexed=by_index)), *_COUNTED)
    columns = [_POSTS.c[name] for name in dict.fromkeys(names)]
    if by_index:
        positions = await fulltext.find(session, read.ask, await _span(session, wanted, None), limit + 1)
        chosen = sa.select(*columns).where(among(session, _POSTS.c.position, positions[:limit]))
        bounded = len(positions) > limit
        rows = list(await session.execute(chosen))
    else:
        chosen = _listed(wanted, None).with_only_columns(*columns).limit(limit + 1)
        rows = list(await session.execute(chosen))
        bounded, rows = len(rows) > limit, rows[:limit]
    if read.indexed:
        rows = [row for row in rows if _passes(read, row, indexed=by_index)]
    by: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    for row in rows:
        for name in _COUNTED:
            value = row._mapping[name]
            by[name].update(value if name == "topics" else [value])
    return Counts(len(rows), bounded, by)


async def post(session: AsyncSession, id_: str) -> Row | None:
    """Return one post."""
    return (await session.execute(sa.select(*_SHOWN).where(_POSTS.c.id == id_))).first()


async def _sifted(candidates: _Candidates, read: Wanted, limit: int, *, indexed: bool) -> tuple[list[Row], Key | None]:
    """Return the first of the candidates that pass, and the key after which more may be."""
    kept: list[Row] = []
    last: Row | None = None
    looked, step = 0, limit + 1
    while looked < READ_AGAIN:
        rows = await candidates(last, step)
        for row in rows:
            if _passes(read, row, indexed=indexed):
                if len(kept) == limit:
                    return kept, _key(kept[-1])
                kept.append(row)
            last = row
        if len(rows) < step:
            return kept, None
        looked += len(rows)
        step = _STEP
    return kept, None if last is None else _key(last)


def _passes(read: Wanted, row: Row, *, indexed: bool) -> bool:
    stored = row._mapping
    labels = labels_of(stored) if read.reads_labels(indexed=indexed) else frozenset()
    return read.passes(stored, labels, indexed=indexed)


def _of_index(session: AsyncSession, read: Wanted, span: Span, *, words: bool = False) -> _Candidates:
    wanted = _to_read(read, indexed=True, words=words)

    async def candidates(last: Row | None, limit: int) -> Sequence[Row]:
        left = span if last is None else Span(span.first, last.position)
        positions = await fulltext.find(session, read.ask, left, limit)
        found = sa.select(*wanted).where(among(session, _POSTS.c.position, positions))
        return sorted(await session.execute(found), key=lambda row: -row.position)

    return candidates


def _of_event(session: AsyncSession, read: Wanted, after: Key | None, *, upto: int | None = None) -> _Candidates:
    """Read an event through; with `upto` only what the index has, up to that position."""
    wanted = _to_read(read, indexed=False)

    async def candidates(last: Row | None, limit: int) -> Sequence[Row]:
        statement = _listed(read.filter, after if last is None else _key(last)).with_only_columns(*wanted)
        if upto is not None:
            statement = statement.where(_POSTS.c.position <= upto)
        return list(await session.execute(statement.limit(limit)))

    return candidates


def _to_read(read: Wanted, *, indexed: bool, words: bool = False) -> list[sa.Column[Any]]:
    """Return the columns that a candidate is judged by."""
    names = ["id", "position", "published_at", "event_id"]
    if words or read.reads_words(indexed=indexed):
        names += ["title", "text", "channel"]
    if read.reads_labels(indexed=indexed):
        names += ["title", "text", *fulltext.LABELLED]
    return [_POSTS.c[name] for name in dict.fromkeys(names)]


async def _whole(session: AsyncSession, kept: Sequence[Row]) -> list[Row]:
    """Return posts with all that is shown of them, in the order given."""
    found = sa.select(*_SHOWN).where(among(session, _POSTS.c.id, [row.id for row in kept]))
    by_id = {row.id: row for row in await session.execute(found)}
    return [by_id[row.id] for row in kept]


def _listed(wanted: PostFilter, after: Key | None) -> sa.Select[Any]:
    """Return the posts of an event and a time, of which an index gives the order."""
    at, id_ = _POSTS.c.published_at, _POSTS.c.id
    statement = sa.select(*_SHOWN).order_by(at.desc(), id_.desc())
    if wanted.event is not None:
        statement = statement.where(_POSTS.c.event_id == wanted.event)
    if wanted.since is not None:
        statement = statement.where(at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(at < wanted.until)
    if after is not None:
        # the first half alone is what an index can seek to
        statement = statement.where(at <= after[0], sa.or_(at < after[0], id_ < after[1]))
    return statement


async def _by_event(session: AsyncSession, read: Wanted) -> bool:
    """Tell whether the posts of one event are wanted, and are better read through than looked up.

    So they are where they are few, and where the index has more hits in the event's time than are read for a page:
    those may all be of other events.
    """
    if read.filter.event is None:
        return False
    if await _is_small(session, read.filter.event):
        return True
    span = await _span(session, read.filter, None)
    return len(await fulltext.find(session, read.ask, span, READ_AGAIN + 1)) > READ_AGAIN


async def _is_small(session: AsyncSession, event: str) -> bool:
    some = sa.select(_POSTS.c.id).where(_POSTS.c.event_id == event).limit(_SMALL_EVENT + 1).subquery()
    return int(await session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= _SMALL_EVENT


async def _span(session: AsyncSession, wanted: PostFilter, after: Key | None) -> Span:
    """Return the positions in question, in whole seconds; :meth:`Wanted.passes` looks at the rest."""
    span = Span()
    since, until = wanted.since, wanted.until
    if wanted.event is not None:
        first, last = await _lifetime(session, wanted.event)
        since = first if since is None else max(since, first)
        until = last + _SECOND if until is None else min(until, last + _SECOND)
    if since is not None:
        span = Span(first_at(since), span.end)
    if until is not None:
        span = Span(span.first, first_at(until + _SECOND))
    if after is not None:
        position = await session.scalar(sa.select(_POSTS.c.position).where(_POSTS.c.id == after[1]))
        span = Span(span.first, min(span.end, first_at(after[0]) if position is None else position))
    return span


async def _lifetime(session: AsyncSession, event: str) -> tuple[datetime, datetime]:
    """Return when the first and the last post of an event that has some were published."""
    # one by one, for each is read off an end of the index
    ends: list[sa.ScalarSelect[Any]] = [
        sa.select(which(_POSTS.c.published_at)).where(_POSTS.c.event_id == event).scalar_subquery()
        for which in (sa.func.min, sa.func.max)
    ]
    found: sa.Select[Any] = sa.select(*(end.label(name) for end, name in zip(ends, ("first", "last"), strict=True)))
    row = (await session.execute(found)).one()
    return row.first, row.last


def _key(row: Row) -> Key:
    return row.published_at, row.id
