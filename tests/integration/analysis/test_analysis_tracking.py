"""From posts to events: grouping, figures, and nothing counted twice."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from contracts.envelope import Message
from contracts.messages import PostAnalyzed
from contracts.words import Sentiment, Stage
from kit.clock import ManualClock
from kit.testing import schema_differences
from services.analysis.calendar import hour_of
from services.analysis.events.vectors import MODEL, unpacked
from services.analysis.figures import Figures
from services.analysis.models import Base
from services.analysis.retention import Retention
from services.analysis.store import event_states
from services.analysis.tracker import Tracker
from tests.integration.analysis.harness import COPY, NOW, OTHER, REPORT, Analysis, a_post, collected, recounted


async def test_tables_and_migrations_agree(database_url: str, analysis: Analysis) -> None:
    assert await schema_differences(analysis.settings.database_url_for("analysis"), "analysis", Base) == []


async def test_a_worker_says_what_a_post_is_about(analysis: Analysis) -> None:
    post = a_post(REPORT)
    message = collected(post).model_copy(update={"requestid": "req-1"})
    passed_on = recounted(post.id, 1, reads=5)
    told, other = await analysis.analysed([message, passed_on])
    assert (told.id, told.type, told.subject, told.requestid) == (message.id, "post.analyzed", post.id, "req-1")
    assert other == passed_on
    result = PostAnalyzed.model_validate(told.data)
    assert result.post == post
    assert result.analysis.sentiment.label is Sentiment.NEGATIVE
    assert result.analysis.topics == ["resettlement"]
    assert set(result.analysis.places) == {"澜沧县"}
    assert result.analysis.incident_type == "social_security"
    assert "补偿款" in result.analysis.keywords
    assert unpacked(result.analysis.vector) is not None
    assert result.analysis.model == "words 1"


async def test_a_batch_becomes_events_and_each_is_told_once(analysis: Analysis) -> None:
    first = a_post(REPORT, minutes=90, author_hash="a1", source_name="甲网", source_tier="municipal")
    copy = a_post(COPY, minutes=30, author_hash="a2", source_name="乙网", counters={"reads": 100, "likes": 5})
    again = a_post(COPY + "!", minutes=10, author_hash="a1", source_name="乙网")
    quake = a_post(OTHER, title="景谷地震", minutes=5)
    await analysis.track([collected(p) for p in (first, copy, again, quake)])

    grouped, single = await analysis.events()
    assert (grouped["posts_total"], grouped["negatives"], grouped["voices"], grouped["sources"]) == (3, 3, 2, 2)
    assert (grouped["first_seen"], grouped["last_seen"]) == (first.published_at, again.published_at)
    assert single["title"] == "景谷地震"
    told = {one.id: one for one in await analysis.told()}
    assert len(await analysis.told()) == 2 == len(told)
    news = told[grouped["id"]]
    assert (news.version, news.new_posts) == (1, [first.id, copy.id, again.id])
    assert news.topics == ["resettlement"]
    assert set(news.places) == {"澜沧县"}
    assert news.incident_type == "social_security"
    assert news.title == REPORT[:59] + "…" or news.title == REPORT
    assert news.metrics.posts_1h == 2
    assert news.metrics.posts_24h == 3
    assert news.metrics.growth == 46.0
    assert news.metrics.top_tier == "municipal"
    assert (news.metrics.reads, news.metrics.interactions) == (100, 5)
    assert news.metrics.duration_hours == 1.33
    assert news.metrics.heat > told[single["id"]].metrics.heat > 0
    assert news.stage is Stage.GROWING
    assert await analysis.rows("SELECT DISTINCT event_id FROM posts WHERE id IN (:a, :b)", a=first.id, b=again.id) == [
        {"event_id": grouped["id"]}
    ]


async def test_a_batch_delivered_again_changes_nothing(analysis: Analysis) -> None:
    posts = [a_post(REPORT, minutes=20, author_hash="a"), a_post(COPY, minutes=10, author_hash="b"), a_post(OTHER)]
    messages = await analysis.analysed([collected(p) for p in posts])
    await analysis.tracker.handle(messages)
    before = await snapshot(analysis)
    await analysis.tracker.handle(messages)
    await analysis.tracker.handle([*messages[1:], *messages])
    # told by ingest once more under another message id: still the same post
    await analysis.track([collected(p) for p in posts])
    assert await snapshot(analysis) == before
    assert len(await analysis.told()) == 2


async def snapshot(analysis: Analysis) -> dict[str, Any]:
    """Return everything that counts."""
    return {
        name: await analysis.rows(f"SELECT {columns} FROM {name} ORDER BY 1, 2")
        for name, columns in {
            "events": "id, version, posts_total, negatives, reads, interactions, voices, sources, heat, stage",
            "posts": "id, event_id, reads, likes",
            "event_hours": "event_id, hour, posts, negatives",
            "trend_hours": "kind, key, hour, negative, neutral, positive",
            "event_voices": "event_id, author_hash",
            "story_vectors": "partition, story_hash",
        }.items()
    }


async def figures(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the figures of all events, without what names them."""
    return [
        {
            key: row[key]
            for key in row.keys() - {"id", "version", "updated_at", "cools_at", "founder_id", "described_until"}
        }
        for row in await analysis.events()
    ]


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_figures_do_not_depend_on_order_batches_or_repeats(analysis: Analysis, size: int) -> None:
    rng = random.Random(size)
    posts = [
        a_post(
            (REPORT, OTHER)[number % 2] + f"({number})",
            id=f"post-{number:02}",
            minutes=number * 7,
            author_hash=f"a{number % 5}",
            source_name=f"s{number % 3}",
        )
        for number in range(16)
    ]
    messages = [collected(p) for p in posts]
    messages += [
        recounted(p.id, step, reads=10 * step, likes=number) for number, p in enumerate(posts) for step in (1, 3, 2)
    ]
    messages += rng.sample(messages, 20)
    rng.shuffle(messages)
    for start in range(0, len(messages), size):
        await analysis.track(messages[start : start + size])
    quake, resettlement = sorted(await figures(analysis), key=lambda row: row["title"], reverse=True)
    for row, part in ((resettlement, 0), (quake, 1)):
        own = posts[part::2]
        assert row["posts_total"] == 8
        assert row["voices"] == len({p.author_hash for p in own})
        assert row["sources"] == len({p.source_name for p in own})
        assert row["reads"] == 8 * 30
        assert row["interactions"] == sum(range(part, 16, 2))
        assert row["first_seen"] == own[-1].published_at
        assert row["last_seen"] == own[0].published_at
        assert row["metrics"]["posts_1h"] == sum(p.published_at > NOW - timedelta(hours=1) for p in own)
        assert row["tallies"]["places"] == ({"澜沧县": 8} if part == 0 else {"景谷县": 8})
    hours = await analysis.rows("SELECT sum(posts) AS posts FROM event_hours")
    assert int(hours[0]["posts"]) == 16
    assert await analysis.rows("SELECT count(*) AS n FROM early_recounts") == [{"n": 0}]


async def test_events_live_on_across_batches(analysis: Analysis) -> None:
    await analysis.track([collected(a_post(REPORT, minutes=60, author_hash="a", source_name="甲网"))])
    await analysis.track([collected(a_post(COPY, minutes=5, author_hash="a", source_name="甲网"))])
    (event,) = await analysis.events()
    assert (event["posts_total"], event["version"], event["voices"], event["sources"]) == (2, 2, 1, 1)
    assert [one.version for one in await analysis.told()] == [1, 2]


async def test_reposts_join_whichever_comes_first(analysis: Analysis) -> None:
    original = a_post(REPORT, minutes=60)
    early = a_post("这也太不像话了,等一个说法,持续关注后续", repost_of=original.id, minutes=50)
    late = a_post("转发,希望尽快解决大家的实际困难和诉求", repost_of=original.id, minutes=1)
    await analysis.track([collected(early)])
    await analysis.track([collected(original)])
    await analysis.track([collected(late)])
    (event,) = await analysis.events()
    assert event["posts_total"] == 3
    (first,) = await analysis.rows("SELECT parent_id FROM posts WHERE id = :id", id=original.id)
    assert first["parent_id"] is None


async def test_an_old_story_is_another_event(analysis: Analysis) -> None:
    await analysis.track([collected(a_post(REPORT, minutes=60 * 24 * 40))])
    await analysis.track([collected(a_post(REPORT))])
    assert [event["posts_total"] for event in await analysis.events()] == [1, 1]


async def test_counters_are_replaced_only_by_newer_ones(analysis: Analysis) -> None:
    post = a_post(REPORT)
    await analysis.track([collected(post)])
    await analysis.track([recounted(post.id, 10, reads=100, likes=7)])
    await analysis.track([recounted(post.id, 5, reads=50)])
    (event,) = await analysis.events()
    assert (event["reads"], event["interactions"], event["version"]) == (100, 7, 2)
    await analysis.track([recounted(post.id, 20, reads=90, likes=7)])
    (event,) = await analysis.events()
    assert (event["reads"], event["posts_total"]) == (90, 1)


async def test_counters_that_come_before_their_post_wait_for_it(analysis: Analysis) -> None:
    post = a_post(REPORT, counters={"reads": 1})
    await analysis.track([recounted(post.id, 10, reads=100)])
    await analysis.track([recounted(post.id, 5, reads=50)])
    assert await analysis.events() == []
    await analysis.track([collected(post)])
    (event,) = await analysis.events()
    assert event["reads"] == 100


async def test_a_malformed_payload_rolls_the_whole_batch_back(analysis: Analysis) -> None:
    good = await analysis.analysed([collected(a_post(REPORT))])
    bad = Message(id="x", source="t", type="post.analyzed", time=NOW, data={"post": {}})
    with pytest.raises(ValidationError):
        await analysis.tracker.handle([*good, bad])
    assert await analysis.events() == []
    await analysis.tracker.handle(good)
    assert len(await analysis.events()) == 1


async def test_figures_cool_down_without_new_posts(analysis: Analysis, clock: ManualClock) -> None:
    await analysis.track([collected(a_post(REPORT)), collected(a_post(COPY)), collected(a_post(COPY + "。。"))])
    (hot,) = await analysis.events()
    assert await analysis.tracker.cool() == 0
    clock.advance(timedelta(hours=25))
    assert await analysis.tracker.cool() == 1
    (cold,) = await analysis.events()
    assert (cold["stage"], cold["metrics"]["posts_24h"]) == ("fading", 0)
    assert cold["heat"] < hot["heat"]
    assert [one.stage for one in await analysis.told()] == [Stage.GROWING, Stage.FADING]
    assert (await analysis.told())[1].new_posts == []
    clock.advance(timedelta(days=15))
    assert await analysis.tracker.cool() == 1
    clock.advance(timedelta(days=15))
    assert await analysis.tracker.cool() == 0
    assert len(await analysis.told()) == 2


async def test_hours_are_those_of_publication(analysis: Analysis) -> None:
    posts = [a_post(REPORT, minutes=minutes) for minutes in (1, 2, 61)]
    await analysis.track([collected(p) for p in posts])
    await analysis.track([collected(a_post(COPY, minutes=3))])
    table = Base.metadata.tables["event_hours"]
    async with analysis.runtime.database.reading() as session:
        rows = (await session.execute(table.select().order_by(table.c.hour))).fetchall()
    assert [(row.hour, row.posts) for row in rows] == [
        (hour_of(posts[2].published_at), 1),
        (hour_of(posts[0].published_at), 3),
    ]


async def test_an_event_keeps_a_title_when_its_texts_are_erased(analysis: Analysis, clock: ManualClock) -> None:
    first, second = a_post(REPORT, title="补偿款半年未发", minutes=9), a_post(OTHER, minutes=5)
    await analysis.track([collected(first), collected(second)])
    clock.advance(timedelta(days=analysis.settings.retention_days + 1))
    await Retention(analysis.runtime, analysis.settings).run()
    # what comes now has words of its own, what it repeats has none any more
    bridge = a_post("转发微博", minutes=7, repost_of=first.id, collected_at=clock.now())
    late = a_post("持续关注后续进展情况", minutes=3, repost_of=second.id, collected_at=clock.now())
    await analysis.track([collected(bridge), collected(late)])
    titles = {event["title"] for event in await analysis.events()}
    assert "" not in titles
    async with analysis.runtime.database.writing() as session:
        states = await event_states.events(session, [event["id"] for event in await analysis.events()])
        await session.execute(sa.text("UPDATE posts SET erased_at = collected_at"))
        await Figures(analysis.runtime, analysis.settings).describe(session, states, {})
    assert all(state.title and not state.summary for state in states.values())
    assert not {state.title for state in states.values()} & {"转发微博", "持续关注后续进展情况"}


async def test_texts_that_say_nothing_bring_no_strangers_together(analysis: Analysis) -> None:
    posts = [
        a_post("转发微博", minutes=30, repost_of="elsewhere-1"),
        a_post("转发微博", minutes=20, repost_of="elsewhere-2", same_text_as="elsewhere-3"),
        a_post("顶", minutes=10),
        a_post("顶", minutes=5),
        a_post("转发微博", minutes=1, repost_of="elsewhere-1"),
    ]
    for post in posts:
        await analysis.track([collected(post)])
    events = await analysis.rows("SELECT id, event_id FROM posts")
    event_of = {row["id"]: row["event_id"] for row in events}
    assert event_of[posts[0].id] == event_of[posts[4].id]
    assert len(set(event_of.values())) == 4


async def test_a_vector_of_an_earlier_model_is_compared_with_nothing_and_replaced(analysis: Analysis) -> None:
    first, copy, again = a_post(REPORT, minutes=60), a_post(COPY, minutes=30), a_post(REPORT, minutes=20)
    await analysis.track([collected(first)])
    async with analysis.runtime.database.writing() as session:
        old = {"model": MODEL - 1, "vector": bytes(447)}
        await session.execute(sa.text("UPDATE story_vectors SET model = :model, vector = :vector"), old)
    upgraded = Tracker(analysis.runtime, analysis.settings, lease=None)
    await upgraded.handle(await analysis.analysed([collected(copy)]))
    await upgraded.handle(await analysis.analysed([collected(again)]))
    late = a_post(COPY + "!谢谢", minutes=10)
    await upgraded.handle(await analysis.analysed([collected(late)]))
    links = {row["id"]: row["link"] for row in await analysis.rows("SELECT id, link FROM posts")}
    assert links == {first.id: None, copy.id: None, again.id: "text", late.id: "story"}
    models = await analysis.rows("SELECT DISTINCT model FROM story_vectors")
    assert models == [{"model": MODEL}]
