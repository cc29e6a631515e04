"""Exports as their tests see them: an API over a migrated database, posts and events put into its tables."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa
from openpyxl import load_workbook

from contracts.words import Role
from kit import migrations
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.clock import ManualClock
from kit.database import UtcDateTime
from kit.runtime import Runtime
from kit.service import create_app, routes_of
from kit.testing import INTERNAL_KEY, MakeRuntime
from services.analysis import models
from services.analysis.api import events, exports, posts
from services.analysis.exports.rules import ExportRules
from services.analysis.exports.service import Exports
from services.analysis.models import Base, table
from services.analysis.store import fulltext

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HASH = "5f4dcc3b5aa765d61d8327deb882cf99"
CHUNKS = table(models.ExportChunk)
EXPORTS = table(models.Export)

#: what a column has where a test gives nothing, by its type
_EMPTY: tuple[tuple[type, Any], ...] = (
    (sa.Integer, 0),
    (sa.Float, 0.0),
    (sa.Boolean, False),
    (sa.JSON, []),
    (UtcDateTime, NOW),
    (sa.LargeBinary, b""),
)


def row_of(target: sa.Table, **values: Any) -> dict[str, Any]:
    """Return a row of a table; what may not be null and is not given is empty."""
    row: dict[str, Any] = {}
    for column in target.columns:
        empty = next((value for kind, value in _EMPTY if isinstance(column.type, kind)), "")
        row[column.name] = None if column.nullable else empty
    return row | values


def a_post(number: int, **values: Any) -> dict[str, Any]:
    """Return the row of a post, the later the lower its number, two a minute."""
    at = NOW - timedelta(minutes=number // 2)
    given = {
        "id": f"post-{number:06d}",
        "event_id": f"event-{number % 3}",
        "url": f"https://news.example/{number}",
        "title": f"第{number}条",
        "text": f"库区群众询问第{number}批补偿款，\n联系电话138****0001",
        "channel": ("weibo", "news", "forum")[number % 3],
        "source": "s-1",
        "source_name": "普洱论坛",
        "source_tier": "county",
        "author_hash": HASH,
        "published_at": at,
        "collected_at": at,
        "counted_at": at,
        "reads": number,
        "likes": 2,
        "comments": 3,
        "reposts": 4,
        "sentiment": ("negative", "neutral")[number % 2],
        "score": (-0.5, 0.125)[number % 2],
        "negative": 0.6,
        "neutral": 0.3,
        "positive": 0.1,
        "incident_type": "social_security",
        "topics": ["resettlement"],
        "places": ["澜沧县"],
        "keywords": ["补偿款"],
        "model": "words 1",
    }
    return row_of(table(models.Post), **(given | values))


def an_event(number: int, **values: Any) -> dict[str, Any]:
    """Return the row of an event."""
    given = {
        "id": f"event-{number}",
        "version": 1,
        "title": f"事件{number}",
        "summary": "=摘要",
        "stage": "growing",
        "incident_type": "accident",
        "heat": 10.0 * number,
        "tallies": {"topics": {"resettlement": 1}, "places": {"澜沧县": 2}, "keywords": {"补偿款": 2}, "sources": {}},
        "metrics": {"posts_total": number, "negative_share": 0.25, "heat": 10.0 * number, "top_tier": "county"},
        "first_seen": NOW - timedelta(days=1),
        "last_seen": NOW,
    }
    return row_of(table(models.Event), **(given | values))


def signed(user: str, role: Role | None = Role.OFFICE) -> dict[str, str]:
    """Return the headers of a call on behalf of a user."""
    roles = frozenset({role}) if role else frozenset()
    return {CONTEXT_HEADER: ContextSigner(INTERNAL_KEY).sign(Principal(user, f"用户{user}", roles))}


@dataclass
class Exporting:
    """One replica with exports, whose loops are turned by hand."""

    runtime: Runtime
    exports: Exports
    client: httpx.AsyncClient

    async def call(
        self,
        method: str,
        path: str,
        *,
        user: str = "u1",
        role: Role | None = Role.OFFICE,
        status: int = 200,
        **options: Any,
    ) -> httpx.Response:
        """Call on behalf of a user; the answer must have `status`."""
        headers = {**signed(user, role), **options.pop("headers", {})}
        answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer

    async def ask(self, what: str = "posts", format: str = "csv", *, user: str = "u1", **body: Any) -> str:
        """Ask for an export; returns its id."""
        given = {"what": what, "format": format, **body}
        answer = await self.call("POST", "/exports", user=user, status=202, json=given)
        assert answer.json()["state"] == "queued"
        assert answer.headers["Location"] == f"/api/v1/exports/{answer.json()['id']}"
        return str(answer.json()["id"])

    async def job(self, id_: str, *, user: str = "u1", **headers: str) -> dict[str, Any]:
        """Return how an export stands."""
        return dict((await self.call("GET", f"/exports/{id_}", user=user, headers=headers)).json())

    async def made(self, what: str = "posts", format: str = "csv", **body: Any) -> tuple[dict[str, Any], bytes]:
        """Ask for an export and run it; returns the job at its end and the file."""
        id_ = await self.ask(what, format, **body)
        await self.exports.runner.step()
        job = await self.job(id_)
        assert job["state"] == "done", job
        return job, (await self.call("GET", f"/exports/{id_}/file")).content

    async def listed(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return every item of a list of the API."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            given = {"limit": 200, **params, **({"cursor": cursor} if cursor else {})}
            page = (await self.call("GET", path, params=given)).json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def put(self, target: sa.Table, rows: list[dict[str, Any]]) -> None:
        """Put rows into a table; posts can be found by their words."""
        async with self.runtime.database.writing() as session:
            if target.name == "posts":
                await fulltext.index(session, rows)
            await session.execute(sa.insert(target), rows)

    async def all(self, target: sa.Table) -> list[Any]:
        """Return every row of a table."""
        async with self.runtime.database.reading() as session:
            return list(await session.execute(sa.select(target)))


async def replica(make_runtime: MakeRuntime, clock: ManualClock, **rules: Any) -> Exporting:
    """Give a replica on the test's database, which is migrated."""
    runtime = make_runtime("analysis", Base, clock=clock)
    await migrations.upgrade(runtime.settings.database_url_for("analysis"), "analysis", Base.metadata)
    made = Exports(runtime, ExportRules(**rules))
    app = create_app(runtime, routes_of(posts.router, events.router, exports.router), title="exports")
    app.state.exports = made
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analysis")
    return Exporting(runtime, made, client)


async def seeded(one: Exporting, count: int) -> None:
    """Put posts, three events and a topic into a database."""
    await one.put(table(models.Post), [a_post(number) for number in range(count)])
    await one.put(table(models.Event), [an_event(number) for number in range(3)])
    topic = {"id": "t1", "key": "resettlement", "name": "移民安置", "query": "移民", "origin": "user", "enabled": True}
    await one.put(table(models.Topic), [row_of(table(models.Topic), **topic, version=1)])


def read_csv(file: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file by heading."""
    assert file.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def read_xlsx(file: bytes, sheet: int = 0) -> list[dict[str, Any]]:
    """Return the rows of a sheet by heading."""
    head, *rows = load_workbook(io.BytesIO(file)).worksheets[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


async def until(check: Any, *, seconds: float = 60) -> None:
    """Wait until an awaitable check is true."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)
