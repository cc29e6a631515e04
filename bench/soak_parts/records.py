"""What the service has stored and told, read from its database and its Redis."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import redis
import sqlalchemy as sa

from contracts.streams import POSTS_COLLECTED, SOURCES_CHANGED
from services.ingest.collecting.health import hour_of
from services.ingest.models import EVIDENCE, HABITS, PASSES, POSTS, SCHEDULES, SOURCES

_HABIT_DAYS: Final = 15
_POSTS_AN_HOUR: Final = 3
#: hours for which a quiet source is made to look quiet
_AGED_HOURS: Final = 6


class Store:
    """The service's database, looked into from outside. `url` as the services take it, with `{service}` filled in."""

    def __init__(self, url: str) -> None:
        if url.startswith("postgresql://"):
            url = url.replace("postgresql://", "postgresql+asyncpg://")
        self._url = url

    async def __aenter__(self) -> Store:
        from sqlalchemy.ext.asyncio import create_async_engine

        arguments: dict[str, Any] = {}
        if "asyncpg" in self._url:
            arguments["connect_args"] = {"server_settings": {"search_path": "ingest"}}
        self._engine = create_async_engine(self._url, **arguments)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.dispose()

    async def rows(self, query: Any) -> list[Any]:
        """Return what a query finds."""
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).all())

    async def urls(self) -> Counter[str]:
        """Return how often each post is stored, by its address."""
        return Counter(row.url for row in await self.rows(sa.select(POSTS.c.url)))

    async def sums(self) -> dict[str, Any]:
        """Return how many posts, passes and records there are, and why passes failed."""
        (posts,) = await self.rows(sa.select(sa.func.count()).select_from(POSTS))
        without = (
            sa.select(sa.func.count()).select_from(POSTS).where(~sa.exists().where(EVIDENCE.c.post_id == POSTS.c.id))
        )
        (bare,) = await self.rows(without)
        passes = await self.rows(
            sa.select(PASSES.c.problem, sa.func.count(), sa.func.sum(PASSES.c.missed)).group_by(PASSES.c.problem)
        )
        near = sa.select(sa.func.count()).select_from(POSTS).where(POSTS.c.near_duplicate_of.is_not(None))
        return {
            "posts": posts[0],
            "posts_without_evidence": bare[0],
            "near_duplicates": (await self.rows(near))[0][0],
            "passes": {row[0] or "good": row[1] for row in passes},
            "missed": sum(int(row[2] or 0) for row in passes),
        }

    async def some_posts(self, count: int) -> list[str]:
        """Return the ids of some posts with evidence."""
        query = sa.select(EVIDENCE.c.post_id).order_by(EVIDENCE.c.seal).limit(count)
        return [row[0] for row in await self.rows(query)]

    async def silent(self) -> dict[str, str]:
        """Return why sources count as silent, by name."""
        query = sa.select(SOURCES.c.name, SCHEDULES.c.silence).join(SCHEDULES, SCHEDULES.c.source_id == SOURCES.c.id)
        return {row.name: row.silence for row in await self.rows(query.where(SCHEDULES.c.silence.is_not(None)))}

    async def passes_of(self, name: str, epoch: float, speed: float) -> str:
        """Return a source's passes in one line: when (seconds of the run), what problem, new posts, misses."""
        query = (
            sa.select(PASSES)
            .join(SOURCES, SOURCES.c.id == PASSES.c.source_id)
            .where(SOURCES.c.name == name)
            .order_by(PASSES.c.began_at)
        )
        return " ".join(
            f"{(row.began_at.timestamp() - epoch) / speed:.0f}:{row.problem or f'+{row.accepted}'}"
            + (f"-{row.missed}" if row.missed else "")
            for row in await self.rows(query)
        )

    async def give_habits(self, source_ids: Sequence[str], now: Any) -> None:
        """Make sources look as old as a habit needs, with three posts in every hour of it."""
        hour = hour_of(now)
        rows = [
            {"source_id": one, "hour": hour - back, "posts": _POSTS_AN_HOUR}
            for one in source_ids
            for back in range(1, 24 * _HABIT_DAYS)
        ]
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.update(SOURCES)
                .where(SOURCES.c.id.in_(source_ids))
                .values(created_at=now - timedelta(days=_HABIT_DAYS))
            )
            await connection.execute(sa.insert(HABITS), rows)

    async def age(self, source_ids: Sequence[str], now: Any) -> None:
        """Make sources look as though their last post had come hours ago."""
        async with self._engine.begin() as connection:
            await connection.execute(
                sa.update(SCHEDULES)
                .where(SCHEDULES.c.source_id.in_(source_ids))
                .values(last_post_at=now - timedelta(hours=_AGED_HOURS))
            )


@dataclass(frozen=True, slots=True)
class Told:
    """One message about a source: silent or recovered, and when it stood in the stream (seconds since 1970)."""

    kind: str
    name: str
    silence: str
    at: float


class Listener:
    """Reads what the service tells, from now until :meth:`stop`."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)
        self.sources: list[Told] = []
        self.posts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read what is there, and no more."""
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _run(self) -> None:
        after: dict[Any, Any] = {POSTS_COLLECTED: "0", SOURCES_CHANGED: "0"}
        while True:
            ending = self._stop.is_set()
            found: Any = self._redis.xread(after, count=1000)
            streams = found.items() if isinstance(found, dict) else found
            entries = [(stream, entry) for stream, some in streams for entry in _flat(some)]
            for stream, (id_, fields) in entries:
                after[stream.decode()] = id_
                self._take(json.loads(fields[b"m"]), int(id_.split(b"-")[0]) / 1000)
            if not entries and ending:
                return
            if not entries:
                self._stop.wait(0.5)

    def _take(self, message: dict[str, Any], at: float) -> None:
        data = message["data"]
        if message["type"] == "post.collected":
            self.posts[data["id"]] += 1
        elif message["type"] in ("source.silent", "source.recovered"):
            self.sources.append(Told(message["type"], data["name"], data["silence"], at))


def _flat(some: Any) -> list[Any]:
    # RESP3 wraps the entries of a stream once more
    return list(some[0]) if some and isinstance(some[0], list) else list(some)
