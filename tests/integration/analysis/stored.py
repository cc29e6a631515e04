"""Posts put straight into the tables and the index, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from services.analysis import models
from services.analysis.models import table
from services.analysis.store import fulltext

_POSTS: Final = table(models.Post)
#: as kit.testing's clock
NOW: Final = datetime(2026, 3, 2, tzinfo=UTC)


def a_row(text: str, *, minutes: float = 0, **values: Any) -> dict[str, Any]:
    """Return the row of a post published `minutes` before now."""
    at = NOW - timedelta(minutes=minutes)
    plain: dict[str, Any] = {
        "id": new_id(),
        "event_id": "e",
        "title": "",
        "text": text,
        "channel": "weibo",
        "author_hash": "5f4dcc3b5aa765d61d8327deb882cf99",
        "published_at": at,
        "collected_at": at,
        "counted_at": at,
        "reads": 0,
        "likes": 0,
        "comments": 0,
        "reposts": 0,
        "story_hash": 1,
        "sentiment": "neutral",
        "score": 0.0,
        "negative": 0.1,
        "neutral": 0.8,
        "positive": 0.1,
        "incident_type": "other",
        "incident_confidence": 0.5,
        "topics": [],
        "places": [],
        "keywords": [],
        "mentions": [],
        "facts": [],
        "model": "words 1",
        "partition": 0,
    }
    return {**dict.fromkeys((column.name for column in _POSTS.columns), None), **plain, **values}


async def store(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store posts and index them, as the tracker does."""
    await fulltext.index(session, rows)
    await session.execute(sa.insert(_POSTS), list(rows))
