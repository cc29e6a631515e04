"""Reading the posts that a new post could continue, and those that could continue it; for a whole batch at once.

What is asked for is a list of probes; each is answered by an index seek, so that a question costs the same however
many posts are stored.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from kit.database import UtcDateTime, sqlite_stamp
from services.analysis import models
from services.analysis.events.linking import Link, LinkKind, Member, Order
from services.analysis.models import table
from services.analysis.store.statements import dialect_of, rows_among

_POSTS: Final = table(models.Post)
_EVENTS: Final = table(models.Event)
_STEP: Final = 4_000

By = Literal["story_hash", "repeats"]


@dataclass(frozen=True, slots=True)
class Linked:
    """A stored post, its event, and the link that it has now."""

    order: Order
    event_id: str
    link: Link | None
    #: the partition that it is tracked in
    partition: int

    @property
    def id(self) -> str:
        """Return the post's id."""
        return self.order[1]


class Probe(NamedTuple):
    """A question: among the posts with the value `key`, those before (or after) `order` and not beyond `bound`.

    `number` is the asking post's, for whoever asks; `likeness` is how alike the texts are, where that matters.
    """

    number: int
    key: int | str
    order: Order
    bound: datetime
    likeness: float = 1.0


async def nearest(
    session: AsyncSession, partition: int, by: By, probes: Sequence[Probe], *, later: bool
) -> dict[int, Linked]:
    """Return by the place of each probe the nearest post before the probe's order, or after it."""
    sign, way, bound = (">", "ASC", "<=") if later else ("<", "DESC", ">=")
    # what repeats a post does so across partitions
    within = "q.partition = :partition" if by == "story_hash" else ":partition = :partition"
    condition = f"""p.id = (SELECT q.id FROM posts q WHERE q.{by} = j.key AND {within}
        AND (q.published_at, q.id) {sign} (j.at, j.id) AND q.published_at {bound} j.bound
        ORDER BY q.published_at {way}, q.id {way} LIMIT 1)"""
    return dict(await _ask(session, by, probes, condition, partition))


async def unlike(session: AsyncSession, partition: int, probes: Sequence[Probe]) -> list[tuple[int, Linked]]:
    """Return the posts after a probe's order with the probe's text that follow none, or one at most as alike.

    Each comes with the place of its probe.
    """
    return await _ask(
        session,
        "story_hash",
        probes,
        """p.story_hash = j.key AND p.partition = :partition AND (p.link IS NULL OR p.link = 'story')
            AND (p.published_at, p.id) > (j.at, j.id) AND p.published_at <= j.bound
            AND (p.likeness IS NULL OR p.likeness <= j.likeness)""",
        partition,
    )


async def linked(session: AsyncSession, ids: Collection[str]) -> dict[str, Linked]:
    """Return those of the posts `ids` that are stored."""
    parent = _POSTS.alias("parent")
    names = ("id", "published_at", "event_id", "link", "likeness", "partition")
    columns = [_POSTS.c[name] for name in names]
    statement = sa.select(*columns, _POSTS.c.parent_id, parent.c.published_at.label("parent_at")).select_from(
        _POSTS.outerjoin(parent, parent.c.id == _POSTS.c.parent_id)
    )
    return {row.id: _linked(row) for row in await rows_among(session, statement, _POSTS.c.id, ids)}


async def members(session: AsyncSession, events: Collection[str]) -> list[Member]:
    """Return every post of the events."""
    statement = sa.select(_POSTS.c.id, _POSTS.c.published_at, _POSTS.c.parent_id, _POSTS.c.event_id)
    rows = await rows_among(session, statement, _POSTS.c.event_id, events)
    return [Member((row.published_at, row.id), row.parent_id, row.event_id) for row in rows]


async def reaches_beyond(session: AsyncSession, events: Collection[str], partition: int) -> bool:
    """Tell whether posts of other partitions are among those of the events."""
    statement = sa.select(_POSTS.c.id).where(_POSTS.c.partition != partition).limit(1)
    return bool(await rows_among(session, statement, _POSTS.c.event_id, events))


async def founders(session: AsyncSession, events: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the founding posts of `events` and of all that have gone up in them, and into which those have gone."""
    columns = (_EVENTS.c.id, _EVENTS.c.founder_id, _EVENTS.c.merged_into)
    rows = await rows_among(session, sa.select(*columns), _EVENTS.c.id, events)
    rows += await rows_among(session, sa.select(*columns), _EVENTS.c.merged_into, events)
    return {row.id: row.founder_id for row in rows}, {row.id: row.merged_into for row in rows if row.merged_into}


async def _ask(
    session: AsyncSession, by: By, probes: Sequence[Probe], condition: str, partition: int
) -> list[tuple[int, Linked]]:
    found: list[tuple[int, Linked]] = []
    kind: sa.types.TypeEngine[Any] = sa.BigInteger() if by == "story_hash" else sa.String()
    for start in range(0, len(probes), _STEP):
        source, values = _source(session, start, probes[start : start + _STEP], kind)
        statement = sa.text(
            f"SELECT j.number AS number, p.id, p.published_at, p.event_id, p.parent_id, p.link, p.likeness, "
            f"p.partition, a.published_at AS parent_at "
            f"FROM {source} CROSS JOIN posts p LEFT JOIN posts a ON a.id = p.parent_id WHERE {condition}"
        ).bindparams(*values, sa.bindparam("partition", partition))
        typed = statement.columns(
            number=sa.Integer,
            id=sa.String,
            published_at=UtcDateTime,
            event_id=sa.String,
            parent_id=sa.String,
            link=sa.String,
            likeness=sa.Float,
            partition=sa.Integer,
            parent_at=UtcDateTime,
        )
        found += [(row.number, _linked(row)) for row in await session.execute(typed)]
    return found


def _source(
    session: AsyncSession, first: int, probes: Sequence[Probe], kind: sa.types.TypeEngine[Any]
) -> tuple[str, list[sa.BindParameter[Any]]]:
    """Return the probes as a table `j` of one row each, numbered from `first`, and its parameters."""
    if dialect_of(session) == "postgresql":
        columns: dict[str, tuple[list[Any], sa.types.TypeEngine[Any]]] = {
            "numbers": (list(range(first, first + len(probes))), sa.Integer()),
            "keys": ([p.key for p in probes], kind),
            "times": ([p.order[0] for p in probes], sa.DateTime(timezone=True)),
            "ids": ([p.order[1] for p in probes], sa.String()),
            "bounds": ([p.bound for p in probes], sa.DateTime(timezone=True)),
            "likenesses": ([p.likeness for p in probes], sa.Double()),
        }
        names = ", ".join(f":{name}" for name in columns)
        return (
            f"unnest({names}) AS j(number, key, at, id, bound, likeness)",
            [sa.bindparam(name, values, type_=postgresql.ARRAY(type_)) for name, (values, type_) in columns.items()],
        )
    rows = [
        (number, p.key, sqlite_stamp(p.order[0]), p.order[1], sqlite_stamp(p.bound), p.likeness)
        for number, p in enumerate(probes, first)
    ]
    fields = ("number", "key", "at", "id", "bound", "likeness")
    read = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(fields))
    return f"(SELECT {read} FROM json_each(:probes)) j", [sa.bindparam("probes", json.dumps(rows))]


def _linked(row: sa.Row[Any]) -> Linked:
    link = None
    if row.link is not None:
        parent = (row.parent_at, row.parent_id) if row.parent_id is not None and row.parent_at is not None else None
        link = Link(LinkKind(row.link), parent, row.likeness)
    return Linked((row.published_at, row.id), row.event_id, link, row.partition)
