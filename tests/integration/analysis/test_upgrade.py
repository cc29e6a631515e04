"""A database of before events were told by pairs of posts: nothing is lost, and nothing falls apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa

from kit import migrations
from kit.auth import Principal
from kit.clock import ManualClock
from kit.database import UtcDateTime
from kit.testing import MakeRuntime
from services.analysis.hand import Hand
from services.analysis.models import Base
from services.analysis.search.wanted import PostFilter
from services.analysis.settings import AnalysisSettings
from services.analysis.store import fulltext, search
from services.analysis.tracker import Tracker
from tests.integration.analysis.harness import NOW

_OLD_EVENT: dict[str, Any] = {
    "id": "event-1",
    "version": 3,
    "title": "补偿款迟迟不到账",
    "summary": "补偿款迟迟不到账。",
    "lead_id": "post-1",
    "lead_at": NOW,
    "lead_repost": False,
    "first_seen": NOW - timedelta(hours=3),
    "last_seen": NOW,
    "stage": "growing",
    "incident_type": "other",
    "posts_total": 4,
    "negatives": 4,
    "reads": 0,
    "interactions": 0,
    "voices": 0,
    "sources": 0,
    "heat": 10.0,
    "prototypes": 1,
    "tallies": {"topics": {}, "places": {}, "keywords": {}, "incidents": {}},
    "metrics": {"posts_total": 4},
    "cools_at": NOW,
    "updated_at": NOW,
}


def _old_post(number: int, at: datetime) -> dict[str, Any]:
    return {
        "id": f"post-{number}",
        "event_id": "event-1",
        "title": "",
        "text": f"补偿款迟迟不到账,第{number}次来问了",
        "channel": "weibo",
        "published_at": at,
        "collected_at": at,
        **dict.fromkeys(("reads", "likes", "comments", "reposts"), 0),
        "counted_at": at,
        "repost_of": "post-0" if number == 2 else None,
        "story_hash": number,
        "sentiment": "negative",
        "score": -0.8,
        "negative": 0.85,
        "neutral": 0.1,
        "positive": 0.05,
        "incident_type": "other",
        "incident_confidence": 0.0,
        "topics": ["resettlement"],
        "places": ["墨江县"],
        "keywords": ["补偿款"],
        "model": "m 1",
    }


async def test_an_older_database_is_brought_up_to_date(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    runtime = make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=clock)
    settings = cast("AnalysisSettings", runtime.settings)
    url = settings.database_url_for("analysis")
    await migrations.upgrade(url, "analysis", Base.metadata, to="0002")
    async with runtime.database.writing() as session:
        for name, rows in (
            ("events", [_OLD_EVENT]),
            ("posts", [_old_post(n, NOW - timedelta(hours=3 - n)) for n in range(4)]),
        ):
            connection = await session.connection()
            table = await connection.run_sync(lambda c, name=name: sa.Table(name, sa.MetaData(), autoload_with=c))
            for column in table.columns:
                if isinstance(column.type, sa.DateTime):
                    column.type = UtcDateTime()
                elif column.name in {"tallies", "metrics", "topics", "places", "keywords"}:
                    column.type = Base.metadata.tables[name].c[column.name].type
            await session.execute(sa.insert(table), rows)
    await migrations.upgrade(url, "analysis", Base.metadata)

    async def rows(statement: str) -> list[Any]:
        async with runtime.database.reading() as session:
            return [tuple(row) for row in await session.execute(sa.text(statement))]

    assert await rows("SELECT id, parent_id, repeats FROM posts ORDER BY id") == [
        ("post-0", None, None),
        ("post-1", "post-0", None),
        ("post-2", "post-0", "post-0"),
        ("post-3", "post-0", None),
    ]
    # a migration runs no code of the search's, which goes with the tables of today: the start of the service fills it
    assert await rows("SELECT count(position) FROM posts") == [(0,)]
    asked = PostFilter(q="补偿款 第2次")
    async with runtime.database.writing() as session:
        assert (await search.posts(session, asked, 10, None)).rows == []
        assert await fulltext.refresh(session)
        assert not await fulltext.refresh(session)
        assert [row.id for row in (await search.posts(session, asked, 10, None)).rows] == ["post-2"]
    # cutting one post out moves that one alone
    person = Principal("u1", "somebody")
    made = await Hand(runtime, settings).split("event-1", ["post-2"], person, "另一件事")
    assert await rows("SELECT id, event_id FROM posts ORDER BY id") == [
        *(("post-0", "event-1"), ("post-1", "event-1"), ("post-2", made), ("post-3", "event-1")),
    ]
    assert await Tracker(runtime, settings, lease=None).cool() >= 0
    assert await rows("SELECT posts_total FROM events WHERE id = 'event-1'") == [(3,)]
