"""Analysis as its tests see it: a running API with the tracker, posts put on the bus, events read back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import sqlalchemy as sa
from fastapi import FastAPI

from contracts.envelope import Message, Publication
from contracts.messages import EventUpdated, PostCollected, PostRecounted
from contracts.streams import EVENTS_UPDATED, POSTS_ANALYZED
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.ids import new_id
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY
from services.analysis.enrich.topics import TopicMatcher, TopicRule
from services.analysis.models import Base
from services.analysis.sentiment.scorer import Probabilities
from services.analysis.settings import AnalysisSettings
from services.analysis.tracker import Tracker
from services.analysis.worker import Worker

#: 08:00 in Shanghai, as kit.testing's clock.
NOW = datetime(2026, 3, 2, tzinfo=UTC)
REPORT = "3月1日上午,澜沧县糯扎渡镇部分移民群众到镇政府集体上访,反映补偿款发放缓慢的问题,镇党委负责人接待了群众代表。"
COPY = "网友爆料:" + REPORT.replace("部分", "") + "请关注"
OTHER = "景谷县发生5.8级地震,震源深度10公里,部分房屋倒塌,消防人员已经赶到现场开展救援。"


class WordScorer:
    """A scorer by two words, so that tests say beforehand what comes out."""

    name = "words"
    version = "1"

    def prepare(self, text: str) -> str:
        """Return `text` stripped."""
        return text.strip()

    def probabilities(self, prepared: Sequence[str]) -> Probabilities:
        """Score 上访 and 倒塌 as negative, 感谢 as positive, all else as neutral."""
        return np.array([self._row(text) for text in prepared]).reshape(-1, 3)

    def alike(self, prepared: str, others: Sequence[str]) -> Probabilities:
        """Score all alike."""
        return self.probabilities([prepared, *others])

    def _row(self, text: str) -> tuple[float, float, float]:
        if "上访" in text or "倒塌" in text:
            return 0.8, 0.15, 0.05
        return (0.05, 0.15, 0.8) if "感谢" in text else (0.1, 0.8, 0.1)


class FixedTopics:
    """Topics that a worker under test has."""

    matcher = TopicMatcher(
        [TopicRule("resettlement", "移民 AND (补偿 OR 补偿款)", ("普洱市",)), TopicRule("quake", "地震")]
    )


def a_post(text: str, *, minutes: float = 0, **values: Any) -> PostCollected:
    """Return a post published `minutes` before now."""
    at = NOW - timedelta(minutes=minutes)
    return PostCollected.model_validate(
        {"id": new_id(), "text": text, "published_at": at, "collected_at": at, "channel": "weibo"} | values
    )


def collected(post: PostCollected) -> Message:
    """Return a post as ingest tells of it."""
    return envelope("post.collected", post.id, post, source="ingest", at=NOW)


def recounted(post_id: str, minutes: float, **counters: int) -> Message:
    """Return new counters of a post, observed `minutes` after now."""
    seen = PostRecounted.model_validate(
        {"id": post_id, "counters": counters, "observed_at": NOW + timedelta(minutes=minutes)}
    )
    return envelope("post.recounted", post_id, seen, source="ingest", at=NOW)


@dataclass
class Analysis:
    """One analysis service under test."""

    runtime: Runtime
    settings: AnalysisSettings
    tracker: Tracker
    worker: Worker

    async def analysed(self, messages: Sequence[Message]) -> list[Message]:
        """Return what a worker makes of messages of `posts.collected`."""
        publications = await self.worker.handle(messages)
        assert all(p.stream.startswith(POSTS_ANALYZED) for p in publications)
        return [p.message for p in publications]

    async def track(self, messages: Sequence[Message]) -> None:
        """Analyse messages of `posts.collected` and track the results as one batch."""
        await self.tracker.handle(await self.analysed(messages))

    async def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a plain SQL statement."""
        async with self.runtime.database.reading() as session:
            result = await session.execute(sa.text(statement), values)
            return [dict(row._mapping) for row in result]

    async def events(self) -> list[dict[str, Any]]:
        """Return the stored events, most posts first."""
        table = Base.metadata.tables["events"]
        async with self.runtime.database.reading() as session:
            result = await session.execute(sa.select(table).order_by(table.c.posts_total.desc(), table.c.title))
            return [dict(row._mapping) for row in result]

    async def told(self) -> list[EventUpdated]:
        """Return what waits in the outbox or is already on `events.updated`, in order."""
        waiting = await self.rows("SELECT message FROM outbox WHERE stream = 'events.updated' ORDER BY id")
        sent: Any = await self.runtime.redis.xrange(EVENTS_UPDATED)
        messages = [decode(fields[FIELD]) for _, fields in sent]
        messages += [Message.model_validate_json(row["message"]) for row in waiting]
        return [EventUpdated.model_validate(m.data) for m in messages]

    async def publish(self, stream: str, messages: Sequence[Message]) -> None:
        """Put messages on the bus."""
        await self.runtime.bus.publish([Publication(stream=stream, message=m) for m in messages])


class Api:
    """The API as the gateway calls it, on behalf of somebody with a role."""

    def __init__(self, app: FastAPI) -> None:
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://analysis")
        self._signer = ContextSigner(INTERNAL_KEY)

    async def call(
        self, method: str, path: str, *, role: Role | None = Role.ADMIN, status: int | None = 200, **options: Any
    ) -> httpx.Response:
        """Call and return the answer, which must have `status` where it is given."""
        headers = dict(options.pop("headers", {}))
        if role is not None:
            headers[CONTEXT_HEADER] = self._signer.sign(Principal("u1", "somebody", frozenset({role})))
        response = await self._client.request(method, path, headers=headers, **options)
        assert status is None or response.status_code == status, response.text
        return response

    async def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a GET."""
        return (await self.call("GET", path, params=params)).json()

    async def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return the items of every page of a list."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, **params, **({"cursor": cursor} if cursor else {}))
            found.extend(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()


async def eventually(check: Callable[[], Awaitable[Any]], *, seconds: float = 60) -> Any:
    """Return the first truthy result of `check`; fail after `seconds`."""
    for _ in range(int(seconds / 0.05)):
        if result := await check():
            return result
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about in time")
