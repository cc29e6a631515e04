"""Concerns: how many of citizens' messages hold one, false alarms elsewhere, themes against departments, speed.

    HUIYING_SHARED_DATA=/path/to/data python bench/concerns.py

Prints: the share of citizens' messages, of officials' replies, headlines, news reports and everyday weibo posts in
which a concern is found (in the last four nearly none should be); how often the theme of most of a message's concerns
is one of its department category's; texts per second; and milliseconds of the grouping of events of 10,000 and of
100,000 posts on SQLite, of which the newest 50,000 are looked at.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from services.analysis.api.concerns import grouped
from services.analysis.enrich.concerns import find
from services.analysis.models import Base
from services.analysis.store.concerns import ConcernFilter, save_concerns
from training.corpora import shared_data

#: department category of the messages -> themes that its matters fall under
DEPARTMENTS = {
    "劳动和社会保障": {"pay", "health", "support"},
    "城乡建设": {"estates", "roads", "utilities", "moving", "housing", "land", "safety", "environment"},
    "教育文体": {"education"},
    "卫生计生": {"health"},
    "交通运输": {"roads"},
    "商贸旅游": {"prices", "utilities"},
    "环境保护": {"environment"},
}
_WEIBO = 6_000
#: posts of an event -> times that its concerns are grouped
_GROUPED = {10_000: 30, 100_000: 10}


def _rows(*parts: str) -> list[dict[str, str]]:
    with gzip.open(shared_data().joinpath(*parts), "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _share(name: str, texts: Sequence[tuple[str, str]]) -> None:
    begun = time.perf_counter()
    found = sum(bool(find(text, title)) for title, text in texts)
    took = time.perf_counter() - begun
    print(f"| {name} | {len(texts):,} | {found / len(texts):.3f} | {len(texts) / took:,.0f} |", flush=True)


def _themes(rows: Sequence[dict[str, str]]) -> None:
    right = told = 0
    for row in rows:
        themes = Counter(concern.theme for concern in find(row["detail"], row["subject"]) if concern.theme != "other")
        if themes:
            told += 1
            right += themes.most_common(1)[0][0] in DEPARTMENTS[row["category"]]
    print(f"\ntheme of most concerns is of the message's department: {right} of {told} ({right / told:.3f})")


async def _grouping(texts: Sequence[str], count: int, rounds: int) -> None:
    """Group the concerns of one event of `count` posts, which are the messages in turn."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    posts = Base.metadata.tables["posts"]
    fill: dict[type, Any] = {str: "", int: 0, float: 0.0, list: [], datetime: now}
    with tempfile.TemporaryDirectory() as folder:
        engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/analysis.db")
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        said = [find(text) for text in texts]
        async with AsyncSession(engine) as session:
            rows, concerns = [], []
            for number in range(count):
                text, id_ = texts[number % len(texts)], f"{number:036d}"
                row = {c.name: _value(c, fill, now) for c in posts.columns if not c.nullable}
                at = now - timedelta(minutes=number % 4000)
                rows.append(row | {"id": id_, "event_id": "e", "text": text, "title": "", "published_at": at})
                concerns.append((id_, said[number % len(texts)]))
            await session.execute(sa.insert(posts), rows)
            await save_concerns(session, concerns)
            await session.commit()
            took, worked = [], []
            for _ in range(rounds):
                begun, idle = time.perf_counter(), time.process_time()
                found = await grouped(session, ConcernFilter(event="e"), now)
                took.append(1000 * (time.perf_counter() - begun))
                worked.append(1000 * (time.process_time() - idle))
        await engine.dispose()
    took.sort()
    worked.sort()
    print(
        f"grouping an event of {count:,} posts ({found.posts:,} looked at, {found.posts_with_concerns:,} with concerns,"
        f" {len(found.themes)} themes): median {took[rounds // 2]:.0f} ms, last but one of {rounds} {took[-2]:.0f} ms,"
        f" processor time {worked[rounds // 2]:.0f} ms"
    )


def _value(column: sa.Column[Any], fill: dict[type, Any], now: datetime) -> Any:
    kind = getattr(column.type, "impl", column.type)
    return now if isinstance(kind, sa.DateTime) else fill.get(kind.python_type, "")


def main() -> None:
    """Measure and print."""
    csv.field_size_limit(1 << 24)
    categories = _rows("topic", "taidi_messages_category.csv.gz")
    messages = _rows("topic", "taidi_messages_hot.csv.gz") + categories
    with gzip.open(shared_data() / "events" / "eventmonitor.jsonl.gz", "rt", encoding="utf-8") as file:
        news = [json.loads(line) for line in file]
    weibo = [row["text"] for row in _rows("sentiment", "train.csv.gz") if row["corpus"] == "weibo_usual"]
    print("| texts | count | with a concern | texts/s |\n| --- | --- | --- | --- |")
    _share("citizens' messages", [(row["subject"], row["detail"]) for row in messages])
    replies = _rows("topic", "taidi_messages_replies.csv.gz")
    _share("officials' replies", [("", row["official_reply"]) for row in replies])
    _share("headlines", [(row["title"], "") for row in _rows("topic", "thucnews_titles_dev.csv.gz")])
    _share("news reports", [(row.get("title") or "", row.get("body") or "") for row in news])
    _share("everyday weibo", [("", text) for text in weibo[:_WEIBO]])
    _themes(categories)
    for count, rounds in _GROUPED.items():
        asyncio.run(_grouping([row["detail"] for row in messages], count, rounds))


if __name__ == "__main__":
    main()
