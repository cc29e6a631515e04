"""The index of posts' words: FTS5 on SQLite, tsvector with GIN on PostgreSQL, both by position and of the same tokens.

SQLite reads the newest hits off the index in order and stops. PostgreSQL's GIN knows no order, so the newest posts are
looked through first, which finds words that are common, and the index is asked for what is before them, where a word
that did not fill the page is rare.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.analysis import models
from services.analysis.enrich.query.gazetteer import CITY_NAME
from services.analysis.models import table
from services.analysis.search import spelling, tokens
from services.analysis.search.asking import Ask
from services.analysis.search.positions import position_of
from services.analysis.search.tokens import Indexed, Label
from services.analysis.store.statements import dialect_of

#: posts that PostgreSQL looks through for each that is wanted before it asks the index, and the most of them
LOOKED_THROUGH: Final = 80
_MOST_LOOKED_THROUGH: Final = 40_000

_POSTS: Final = table(models.Post)
_INDEX: Final = table(models.SearchIndex)
_STEP: Final = 1_000
#: columns that :func:`labels_of` reads
LABELLED: Final = ("topics", "places", "mentions", "sentiment", "incident_type", "channel", "source", "source_name")
_INDEXED: Final = ("id", "position", "title", "text", "published_at", *LABELLED)
_LEAST, _GREATEST = -(2**63), 2**63 - 1

_ADD: Final = {
    "sqlite": sa.text("INSERT INTO post_words (rowid, words) VALUES (:position, :words)"),
    "postgresql": sa.text(
        "INSERT INTO post_words (position, words) VALUES (:position, CAST(CAST(:words AS TEXT) AS TSVECTOR))"
    ),
}
_REMOVE: Final = {
    "sqlite": sa.text("INSERT INTO post_words (post_words, rowid, words) VALUES ('delete', :position, :words)"),
    "postgresql": sa.text("DELETE FROM post_words WHERE position = :position"),
}
_STREAM: Final = sa.text(
    "SELECT rowid FROM post_words WHERE post_words MATCH :ask AND rowid >= :first AND rowid < :end"
    " ORDER BY rowid DESC LIMIT :limit"
)
_LOOK_THROUGH: Final = sa.text(
    "SELECT position FROM (SELECT position, words FROM post_words WHERE position >= :first AND position < :end"
    " ORDER BY position DESC LIMIT :window) AS newest"
    " WHERE words @@ CAST(CAST(:ask AS TEXT) AS TSQUERY) ORDER BY position DESC LIMIT :limit"
)
#: every query would read the list of what is not yet in its place: half a second where that is 4 MB, as it may be
_GIN: Final = sa.text("CREATE INDEX ix_post_words_words ON post_words USING gin (words) WITH (fastupdate = off)")
_LAST_LOOKED: Final = sa.text(
    "SELECT position FROM post_words WHERE position >= :first AND position < :end"
    " ORDER BY position DESC OFFSET :window LIMIT 1"
)
# ordered by an expression, so that the planner does not walk back through the primary key
_PLAN_ANEW: Final = sa.text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)
_LOOK_UP: Final = sa.text(
    "SELECT position FROM post_words WHERE words @@ CAST(CAST(:ask AS TEXT) AS TSQUERY)"
    " AND position >= :first AND position < :end ORDER BY position + 0 DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Positions from `first` on and before `end`."""

    first: int = _LEAST
    end: int = _GREATEST


async def index(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Give new posts, as rows of their table, their `position`, and make them findable.

    To be called before the rows are stored, in the same transaction.
    """
    await (await session.connection()).run_sync(add, rows)


async def forget(session: AsyncSession, ids: Collection[str]) -> None:
    """Take the words of posts out of the index, leaving what they are listed by.

    To be called before their texts are erased, in the same transaction.
    """
    await (await session.connection()).run_sync(_forget, list(ids))


async def rebuild(session: AsyncSession) -> None:
    """Make the index anew from the stored posts: one transaction, and memory for one step of it."""
    await (await session.connection()).run_sync(fill)


async def refresh(session: AsyncSession) -> bool:
    """Bring the index up to date: make it anew where tokens have changed, else add posts that it lacks.

    Tells whether there was anything to do. One transaction, and memory for one step of it.
    """
    return await (await session.connection()).run_sync(_refresh)


async def find(session: AsyncSession, ask: Ask, span: Span, limit: int) -> list[int]:
    """Return the positions of up to `limit` posts that `ask` holds for, newest first."""
    values: dict[str, Any] = {"first": span.first, "end": span.end, "limit": limit}
    if dialect_of(session) == "sqlite":
        return list(await session.scalars(_STREAM, {**values, "ask": spelling.fts5(ask)}))
    # a plan for any query and limit is a bad one for most, and compiling it takes longer than running it
    await session.execute(_PLAN_ANEW)
    spelled = spelling.tsquery(ask)
    window = min(LOOKED_THROUGH * limit, _MOST_LOOKED_THROUGH)
    found = list(await session.scalars(_LOOK_THROUGH, {**values, "ask": spelled, "window": window}))
    if len(found) == limit:
        return found
    edge = await session.scalar(_LAST_LOOKED, {"first": span.first, "end": span.end, "window": window - 1})
    if edge is not None:
        rest = {"first": span.first, "end": edge, "limit": limit - len(found), "ask": spelled}
        found.extend(await session.scalars(_LOOK_UP, rest))
    return found


def labels_of(row: Mapping[Any, Any]) -> frozenset[tuple[Label, str]]:
    """Return what a stored post is listed by."""
    places = {*row["places"]}
    for mention in row["mentions"]:
        places.update(filter(None, (mention.get("county"), mention.get("township"), mention.get("quote"))))
    if places or any(CITY_NAME in row[field] for field in ("title", "text")):
        places.add(CITY_NAME)
    named = [
        *((Label.TOPIC, topic) for topic in row["topics"]),
        *((Label.PLACE, place) for place in places),
        *((Label.SOURCE, source) for source in (row["source"], row["source_name"]) if source),
        (Label.SENTIMENT, row["sentiment"]),
        (Label.INCIDENT, row["incident_type"]),
        (Label.CHANNEL, row["channel"]),
    ]
    return frozenset(named)


def indexed(row: Mapping[Any, Any], *, words: bool = True) -> Indexed:
    """Return what a stored post is found by, with or without its words."""
    return Indexed(row["title"] if words else "", row["text"] if words else "", labels_of(row))


def add(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Give new posts their positions and index them, on a plain connection."""
    _give_positions(connection, rows)
    _write(connection, rows)


def fill(connection: sa.Connection) -> None:
    """Make the index anew from the stored posts, in steps, on a plain connection."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.execute(sa.text("INSERT INTO post_words (post_words) VALUES ('delete-all')"))
    else:
        # an index made at the end takes a fraction of the time
        connection.execute(sa.text("DROP INDEX ix_post_words_words"))
        connection.execute(sa.text("TRUNCATE post_words"))
    _number(connection)
    last = _LEAST
    while rows := _read(connection, _POSTS.c.position > last, _POSTS.c.position):
        _write(connection, rows)
        last = rows[-1]["position"]
    if not sqlite:
        connection.execute(_GIN)
    connection.execute(sa.delete(_INDEX))
    connection.execute(sa.insert(_INDEX).values(id=1, version=tokens.VERSION))


def _refresh(connection: sa.Connection) -> bool:
    version = connection.scalar(sa.select(_INDEX.c.version).with_for_update())
    if version != tokens.VERSION:
        fill(connection)
        return True
    lacking = sa.select(_POSTS.c.id).where(_POSTS.c.position.is_(None)).limit(1)
    if connection.scalar(lacking) is None:
        return False
    _number(connection, index=True)
    return True


def _number(connection: sa.Connection, *, index: bool = False) -> None:
    """Give every post that lacks one its position; with `index`, index those."""
    change = sa.update(_POSTS).where(_POSTS.c.id == sa.bindparam("_id")).values(position=sa.bindparam("_position"))
    ids = sa.select(_POSTS.c.id, _POSTS.c.position).order_by(_POSTS.c.id).limit(_STEP)
    last = ""
    # by id, for those that lack a position leave dead rows behind that would be met again and again
    while page := connection.execute(ids.where(_POSTS.c.id > last)).fetchall():
        last = page[-1].id
        lacking = [row.id for row in page if row.position is None]
        rows = _read(connection, _POSTS.c.id.in_(lacking), _POSTS.c.id) if lacking else []
        _give_positions(connection, rows)
        if rows:
            connection.execute(change, [{"_id": row["id"], "_position": row["position"]} for row in rows])
        if index:
            _write(connection, rows)


def _forget(connection: sa.Connection, ids: Sequence[str]) -> None:
    dialect = connection.dialect.name
    for start in range(0, len(ids), _STEP):
        some = _POSTS.c.id.in_(ids[start : start + _STEP])
        known = _POSTS.c.position.is_not(None) & _POSTS.c.erased_at.is_(None)
        rows = _read(connection, some & known, _POSTS.c.position)
        if rows:
            connection.execute(_REMOVE[dialect], list(_spelled(rows, dialect)))
            connection.execute(_ADD[dialect], list(_spelled(rows, dialect, words=False)))


def _read(
    connection: sa.Connection, which: sa.ColumnElement[bool], order: sa.ColumnElement[Any]
) -> list[dict[str, Any]]:
    wanted = sa.select(*(_POSTS.c[name] for name in _INDEXED)).where(which).order_by(order).limit(_STEP)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def _write(connection: sa.Connection, rows: Iterable[Mapping[Any, Any]]) -> None:
    dialect = connection.dialect.name
    # FTS5 gathers words in memory for as long as its rows come in order
    ordered = sorted(rows, key=lambda row: int(row["position"]))
    if ordered:
        connection.execute(_ADD[dialect], list(_spelled(ordered, dialect)))


def _spelled(rows: Iterable[Mapping[str, Any]], dialect: str, *, words: bool = True) -> Iterable[dict[str, Any]]:
    for row in rows:
        found = tokens.of_post(indexed(row, words=words))
        spelled = " ".join(found) if dialect == "sqlite" else " ".join(f"'{token}'" for token in found)
        yield {"position": row["position"], "words": spelled}


def _give_positions(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    taken: set[int] = set()
    waiting = list(rows)
    while waiting:
        for row in waiting:
            row["position"] = position_of(row["published_at"], row["id"], taken)
            taken.add(row["position"])
        given = [row["position"] for row in waiting]
        clashes = set(connection.scalars(sa.select(_POSTS.c.position).where(_POSTS.c.position.in_(given))))
        waiting = [row for row in waiting if row["position"] in clashes]
