"""Times of searching, of the scan, and of indexing, on one database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from bench.search_parts.questions import POSTS, Question, questions
from bench.stored_posts import END
from kit.database import Database
from services.analysis.api.posts import view
from services.analysis.search.asking import read
from services.analysis.search.tokens import of_post
from services.analysis.store import fulltext, search

PAGE: Final = 50
_BATCH: Final = 512
_ADDED: Final = 5_120


@dataclass(frozen=True)
class Times:
    """Milliseconds of one kind of query, the hits of its pages, and the scan's median."""

    p50: float
    p99: float
    hits: float
    scan: float | None


async def searching(database: Database, words: tuple[str, ...], repetitions: int, scans: int) -> dict[str, Times]:
    """Return the times by kind of query. A page is read, its words are marked and it is made ready for JSON."""
    found: dict[str, Times] = {}
    for kind, supply in questions(words).items():
        for one in islice(supply, 3):
            await _ask(database, one)
        took, hits = [], []
        for one in islice(supply, repetitions):
            began = time.perf_counter()
            hits.append(await _ask(database, one))
            took.append(1000 * (time.perf_counter() - began))
        scan = await _scan(database, supply, scans)
        found[kind] = Times(*(float(np.percentile(took, q)) for q in (50, 99)), float(np.mean(hits)), scan)
    return found


async def _ask(database: Database, one: Question) -> int:
    node = read(one.wanted.q).node if one.wanted.q else None
    async with database.reading() as session:
        if one.best:
            rows = (await search.best_posts(session, one.wanted, PAGE, None)).rows
        else:
            # an id that no post has: the page begins at the time
            after = (END - timedelta(days=one.days_back), "") if one.days_back else None
            rows = (await search.posts(session, one.wanted, PAGE, after)).rows
    return len([view(row, node).model_dump(mode="json") for row in rows])


async def _scan(database: Database, supply: Iterator[Question], times: int) -> float | None:
    """Return the median of looking through the posts, newest first, as ILIKE does."""
    took = []
    for one in islice(supply, times):
        statement = (
            sa.select(POSTS.c.id, POSTS.c.title, POSTS.c.text)
            .where(one.scan)
            .order_by(POSTS.c.published_at.desc(), POSTS.c.id.desc())
            .limit(PAGE + 1)
        )
        began = time.perf_counter()
        async with database.reading() as session:
            (await session.execute(statement)).fetchall()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took)) if took else None


async def indexing(database: Database) -> tuple[float, float]:
    """Return posts per second of making tokens alone, and of indexing batches as the tracker does (rolled back)."""
    async with database.reading() as session:
        stored = await session.execute(sa.select(POSTS).order_by(POSTS.c.position.desc()).limit(_ADDED))
        rows: list[dict[str, Any]] = [dict(row) for row in stored.mappings()]
    began = time.perf_counter()
    for row in rows:
        of_post(fulltext.indexed(row))
    tokens = len(rows) / (time.perf_counter() - began)
    for row in rows:
        # later than all that is there, as new posts are
        row["published_at"] += timedelta(days=1)
    took = 0.0
    for start in range(0, len(rows), _BATCH):
        async with database.engine.execution_options(huiying_writes=True).connect() as connection:
            began = time.perf_counter()
            await connection.run_sync(fulltext.add, rows[start : start + _BATCH])
            took += time.perf_counter() - began
            await connection.rollback()
    return tokens, len(rows) / took


async def sizes(database: Database) -> dict[str, float]:
    """Return megabytes of the posts' table and of the index of words."""
    async with database.reading() as session:
        if database.dialect == "sqlite":
            statement = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name {}"
            parts = {"posts": "= 'posts'", "index": "LIKE 'post_words%'"}
            found = {name: await session.scalar(sa.text(statement.format(part))) for name, part in parts.items()}
        else:
            parts = {
                "posts": "pg_table_size('posts')",
                "index": "pg_table_size('post_words') + pg_indexes_size('post_words')",
            }
            found = {name: await session.scalar(sa.text(f"SELECT {part}")) for name, part in parts.items()}
    return {name: float(size or 0) / 1e6 for name, size in found.items()}


def measure(url: str, words: tuple[str, ...], repetitions: int, scans: int) -> tuple[Any, Any, Any]:
    """Return the sizes, the rates of indexing, and the times by kind of query."""

    async def all_of_it() -> tuple[Any, Any, Any]:
        database = Database(url, "analysis")
        try:
            return (
                await sizes(database),
                await indexing(database),
                await searching(database, words, repetitions, scans),
            )
        finally:
            await database.dispose()

    return asyncio.run(all_of_it())
