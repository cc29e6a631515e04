"""A database of analysis that is full of posts that nobody wrote, for benchmarks of what reads it.

Words are drawn by Zipf's law from a vocabulary of two and three characters put together at random, with a few real
words of the field between them; events have sizes by Zipf's law, begin at random over 60 days and die away, with the
rhythm of the day. The same seed gives the same posts. Buckets are counted beside, as the tracker counts them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from pydantic import SecretStr

from bench.stored_parts.bulk import insert
from bench.stored_parts.counted import Buckets, Events
from bench.stored_parts.posts import DAYS, END, TOPICS, Posts, Row
from kit import migrations
from kit.database import Database
from kit.settings import ServiceSettings
from services.analysis import models
from services.analysis.models import Base, table
from services.analysis.store import fulltext

__all__ = ["DAYS", "END", "TOPICS", "Filled", "fill"]


@dataclass(frozen=True)
class Filled:
    """What was put into the database; `words` are the vocabulary, most frequent first."""

    posts: int
    events: int
    words: tuple[str, ...]


def fill(url: str, posts: int, *, seed: int = 1, full_text: bool = True) -> Filled:
    """Make the tables of analysis in the empty database at `url` and fill them with `posts` posts of 60 days.

    `url` is what ``HUIYING_DATABASE_URL`` takes. Without `full_text` the posts cannot be searched by their words, which
    takes a fraction of the time. Not to be called where a loop of asyncio runs.
    """
    settings = ServiceSettings(database_url=url, internal_key=SecretStr("of-no-use-0123456789-0123456789-01"))
    return asyncio.run(_fill(settings.database_url_for("analysis"), posts, seed, full_text))


async def _fill(url: str, posts: int, seed: int, full_text: bool) -> Filled:
    await migrations.upgrade(url, "analysis", Base.metadata)
    database = Database(url, "analysis")
    made = Posts(posts, np.random.default_rng(seed))
    buckets, events = Buckets(), Events(made.events)
    try:
        async with database.engine.execution_options(huiying_writes=True).begin() as connection:
            await insert(connection, table(models.Topic), [_topic(key, number) for number, key in enumerate(TOPICS)])
            for rows in made:
                await insert(connection, table(models.Post), rows)
                for model, kind in ((models.PostTopic, "topic"), (models.PostPlace, "place")):
                    pairs = [
                        {kind: word, "published_at": row["published_at"], "post_id": row["id"]}
                        for row in rows
                        for word in row[f"{kind}s"]
                    ]
                    await insert(connection, table(model), pairs)
                for row in rows:
                    buckets.count(row)
                    events.count(row)
            for model, bucket_rows in buckets.rows():
                await insert(connection, table(model), bucket_rows)
            await insert(connection, table(models.Event), events.rows(buckets))
            for model, pairs in events.associations():
                await insert(connection, table(model), pairs)
        if full_text:
            await _index_words(database)
        async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            # what a server that has run for a while has done by itself
            await connection.execute(sa.text("ANALYZE" if database.dialect == "sqlite" else "VACUUM ANALYZE"))
    finally:
        await database.dispose()
    return Filled(posts, len(made.events), tuple(made.words))


async def _index_words(database: Database) -> None:
    async with database.writing() as session:
        await fulltext.rebuild(session)


def _topic(key: str, number: int) -> Row:
    return {
        "id": f"00000000-0000-7000-8000-{number:012}",
        "key": key,
        "name": f"专题{number + 1}",
        "query": "移民",
        "places": [],
        "exclude": [],
        "origin": "user",
        "family": "user",
        "enabled": True,
        "version": 1,
        "created_at": END,
        "updated_at": END,
    }
