"""The fictional posts: the same seed tells the same story, and nobody real is in it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

from huiying.mock.events import EVENTS
from huiying.mock.people import CAST, SOURCES
from huiying.mock.posts import invent, plan_posts


def test_a_seed_tells_one_story() -> None:
    assert plan_posts(EVENTS, 1) == plan_posts(EVENTS, 1)
    assert plan_posts(EVENTS, 1) != plan_posts(EVENTS, 2)


def test_there_are_many_posts_of_every_channel_over_a_fortnight_the_oldest_first() -> None:
    posts = plan_posts(EVENTS, 1)
    assert len(posts) > 1200
    assert [one.hours for one in posts] == sorted((one.hours for one in posts), reverse=True)
    assert posts[0].hours > 13.5 * 24
    assert 0 < posts[-1].hours < 1
    channels = Counter(one.body["channel"] for one in posts)
    assert min(channels[name] for name in ("news", "forum", "weibo", "wechat", "video", "blog")) > 5
    urls = {one.body["url"] for one in posts}
    assert len(urls) == len(posts)
    # varied: of a thousand texts most are told once
    texts = Counter(one.body["text"] for one in posts)
    assert len(texts) > len(posts) * 0.6


def test_a_small_story_has_every_event_of_the_large_one() -> None:
    small = Counter(one.event for one in plan_posts(EVENTS, 1, 0.34))
    assert set(small) == {event.key for event in EVENTS}
    assert min(small.values()) >= 5
    assert sum(small.values()) < 600


def test_everything_says_that_it_is_fictional() -> None:
    assert all("示例" in person.name for person in CAST.values())
    assert all("示例" in name for name, _, _ in SOURCES.values())


def test_each_event_has_a_village_or_street_of_its_own() -> None:
    assert len({event.village for event in EVENTS}) == len(EVENTS)
    assert all(event.village in opener for event in EVENTS for opener in event.openers)
    made = invent(random.Random(1), 1)
    assert made.village in made.openers[0]


def test_times_are_counted_back_from_the_present() -> None:
    present = datetime(2026, 3, 2, tzinfo=UTC)
    posts = [one.at(present) for one in plan_posts(EVENTS, 1)]
    assert max(one["published_at"] for one in posts) < present.isoformat()
