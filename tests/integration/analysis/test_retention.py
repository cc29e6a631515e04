"""What retention leaves: nothing of what people wrote, and every figure."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.messages import PostCollected
from kit.auth import Principal
from kit.clock import ManualClock
from services.analysis.hand import Hand
from services.analysis.models import Base
from services.analysis.retention import Retention
from services.analysis.store import event_states
from tests.integration.analysis.harness import OTHER, REPORT, Analysis, Api, a_post, collected

PERSON = Principal("u1", "somebody")
OLD = "我家住在通关镇,移民补偿款拖了整整两年还是没有发下来,天天盼着,谁来管管我们。"
NEW = "墨江县移民补偿款一事,县里昨日召开了协调会,答复群众月底之前全部发放到位。"


def later(text: str, clock: ManualClock, **values: Any) -> PostCollected:
    """Return a post published an hour after the others and collected now."""
    return a_post(text, minutes=-60, collected_at=clock.now(), **values)


async def keep_days(analysis: Analysis, clock: ManualClock, days: float) -> None:
    clock.advance(timedelta(days=days))
    await Retention(analysis.runtime, analysis.settings).run()


async def event_by_id(analysis: Analysis, id_: str) -> dict[str, Any]:
    (found,) = [event for event in await analysis.events() if event["id"] == id_]
    return found


async def event_of(analysis: Analysis, post: str) -> str:
    (row,) = await analysis.rows("SELECT event_id FROM posts WHERE id = :id", id=post)
    return str(row["event_id"])


async def test_an_event_that_goes_on_quotes_no_erased_post(analysis: Analysis, clock: ManualClock) -> None:
    old = a_post(OLD, author_hash="a")
    await analysis.track([collected(old)])
    (before,) = await analysis.events()
    assert "通关镇" in before["title"] + before["summary"]
    # described for good, as an event with many texts is
    async with analysis.runtime.database.writing() as session:
        await session.execute(sa.text("UPDATE events SET described_until = first_seen"))
    clock.advance(timedelta(days=100))
    await analysis.track([collected(later(NEW, clock, repost_of=old.id, author_hash="b"))])
    await keep_days(analysis, clock, 81)
    (event,) = await analysis.events()
    assert (event["title"], event["summary"]) == (NEW, NEW)
    assert event["version"] > before["version"]
    assert (event["posts_total"], event["voices"]) == (2, 2)
    assert (await analysis.told())[-1].summary == NEW
    assert await analysis.rows("SELECT author_hash FROM event_voices") == [{"author_hash": "b"}]
    version = event["version"]
    await keep_days(analysis, clock, 0)
    assert (await analysis.events())[0]["version"] == version, "what has been erased is not erased again"


@pytest.mark.parametrize("title", ["", "移民补偿款何时发放"])
async def test_a_title_stays_only_if_a_post_had_it(analysis: Analysis, clock: ManualClock, title: str) -> None:
    posts = [a_post(OLD, title=title, minutes=2), a_post(f"转发:移民补偿款何时发放。{OLD}", minutes=1)]
    await analysis.track([collected(post) for post in posts])
    await keep_days(analysis, clock, 181)
    (event,) = await analysis.events()
    assert event["summary"] == ""
    if title:
        assert event["title"] == title
    else:
        words = event["title"].split(" ")
        assert words == sorted(event["tallies"]["keywords"], key=lambda w: (-event["tallies"]["keywords"][w], w))[:3]
    assert (await analysis.told())[-1].title == event["title"]


async def test_an_old_page_collected_today_keeps_its_summary(analysis: Analysis, clock: ManualClock) -> None:
    clock.advance(timedelta(days=400))
    await analysis.track([collected(a_post(REPORT, collected_at=clock.now()))])
    await keep_days(analysis, clock, 1)
    assert (await analysis.events())[0]["summary"] != ""


async def test_a_recount_loses_nothing_that_was_erased(analysis: Analysis, clock: ManualClock) -> None:
    posts = [a_post(text, minutes=9, author_hash=str(n % 3)) for n, text in enumerate([REPORT] * 4 + [OTHER] * 2)]
    await analysis.track([collected(post) for post in posts])
    one, other = await event_of(analysis, posts[0].id), await event_of(analysis, posts[5].id)
    before = {id_: await event_by_id(analysis, id_) for id_ in (one, other)}
    assert before[one]["tallies"]["townships"]
    await keep_days(analysis, clock, 181)
    hand = Hand(analysis.runtime, analysis.settings)

    async def figures(id_: str) -> tuple[Any, ...]:
        row = await event_by_id(analysis, id_)
        return (row["voices"], row["posts_total"], *(row["tallies"][n] for n in ("keywords", "townships", "places")))

    kept = {
        id_: (row["voices"], row["posts_total"], *(row["tallies"][n] for n in ("keywords", "townships", "places")))
        for id_, row in before.items()
    }
    assert {id_: await figures(id_) for id_ in kept} == kept
    for _ in range(2):
        await hand.merge(one, [other], PERSON, "同一件事")
        voices, total, keywords, townships, _ = await figures(one)
        assert (voices, total) == (kept[one][0] + kept[other][0], 6)
        assert keywords == {
            w: kept[one][2].get(w, 0) + kept[other][2].get(w, 0) for w in {**kept[one][2], **kept[other][2]}
        }
        assert townships == {**kept[one][3], **kept[other][3]}
        await hand.restore(other, PERSON, "两件事")
        assert {id_: await figures(id_) for id_ in kept} == kept
    assert all(row["summary"] == "" and row["title"] for row in await analysis.events())


async def test_an_event_that_went_up_in_another_quotes_nothing(analysis: Analysis, clock: ManualClock) -> None:
    posts = [a_post(REPORT, minutes=2), a_post(OTHER, minutes=1)]
    await analysis.track([collected(post) for post in posts])
    one, other = [await event_of(analysis, post.id) for post in posts]
    await Hand(analysis.runtime, analysis.settings).merge(one, [other], PERSON, "同一件事")
    assert (await event_by_id(analysis, other))["summary"] == OTHER
    await keep_days(analysis, clock, 181)
    gone = await event_by_id(analysis, other)
    assert (gone["summary"], gone["merged_into"]) == ("", one)
    assert gone["title"] not in OTHER


async def test_an_event_whose_last_text_moves_away_does_not_quote_it(analysis: Analysis, clock: ManualClock) -> None:
    old = a_post(OLD)
    await analysis.track([collected(old)])
    clock.advance(timedelta(days=100))
    new = later(NEW, clock, repost_of=old.id)
    await analysis.track([collected(new)])
    await keep_days(analysis, clock, 81)
    event = await event_of(analysis, old.id)
    made = await Hand(analysis.runtime, analysis.settings).split(event, [new.id], PERSON, "另一件事")
    left, moved = await event_by_id(analysis, event), await event_by_id(analysis, made)
    assert (left["summary"], moved["summary"]) == ("", NEW)
    assert left["title"] not in NEW


async def test_what_another_holds_is_passed_over_and_due_again(analysis: Analysis, clock: ManualClock) -> None:
    posts = [a_post(REPORT, minutes=2), a_post(OTHER, minutes=1)]
    await analysis.track([collected(post) for post in posts])
    held = await event_of(analysis, posts[0].id)
    clock.advance(timedelta(days=181))
    retention = Retention(analysis.runtime, analysis.settings)
    if analysis.runtime.database.engine.dialect.name == "postgresql":
        async with analysis.runtime.database.writing() as session:
            await event_states.events(session, [held])
            assert (await asyncio.wait_for(retention.run(), 60)).posts == 1
        async with analysis.runtime.database.writing() as session:
            await session.execute(sa.select(Base.metadata.tables["posts"]).with_for_update())
            assert (await asyncio.wait_for(retention.run(), 60)).posts == 0
    await retention.run()
    assert await analysis.rows("SELECT id FROM posts WHERE erased_at IS NULL") == []


async def test_a_sentence_is_shown_from_a_post_that_is_left(analysis: Analysis, api: Api, clock: ManualClock) -> None:
    asked = "移民补偿款到现在没发,给个说法"
    first = a_post(asked)
    await analysis.track([collected(first)])
    clock.advance(timedelta(days=100))
    await analysis.track([collected(later(asked, clock, repost_of=first.id))])
    await keep_days(analysis, clock, 81)
    event = await event_of(analysis, first.id)
    (theme,) = (await api.get(f"/api/v1/events/{event}/concerns"))["themes"]
    assert [(sample["times"], sample["text"]) for sample in theme["samples"]] == [(2, asked)]
