"""How well fictional posts are joined: a gate below which no change may fall. bench/events.py measures on real ones."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

import pytest

from services.analysis.enrich.folding import text_hash
from services.analysis.enrich.story import story_of
from services.analysis.events.index import StoryIndex, Text
from services.analysis.events.linking import Member, place
from services.analysis.events.vectors import story_encoder
from services.analysis.events.whereabouts import where_of
from services.analysis.joining import JoiningRules
from tests.unit.analysis.events.resettlement_posts import OTHERS, STORIES

_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def _stream() -> list[tuple[str, str]]:
    """Return (story, text), the stories' texts taking turns, each of the others a story by itself."""
    columns = [[(name, text) for text in texts] for name, texts in STORIES.items()]
    told = [post for turn in zip_longest(*columns) for post in turn if post is not None]
    alone = [(f"alone-{number}", text) for number, text in enumerate(OTHERS)]
    return [post for pair in zip_longest(told, alone) for post in pair if post is not None]


def _joined(texts: list[str], alike: float) -> list[str]:
    """Return the event of each text, published ten minutes apart: the earlier text most like it is followed."""
    encoder = story_encoder()
    asked, times = [], []
    for number, text in enumerate(texts):
        key = story_of("", text)
        vector = encoder.encode(key)
        assert vector is not None
        asked.append(Text(text_hash(key), vector, where_of(key)))
        times.append(_BEGIN + timedelta(minutes=10 * number))
    number_of = {text.story: number for number, text in enumerate(asked)}
    members = []
    for number, nearest in enumerate(StoryIndex().alike(asked, alike)):
        earlier = [number_of[one.story] for one in nearest.part(0, len(nearest)) if number_of[one.story] < number]
        members.append(Member((times[number], str(number)), str(earlier[0]) if earlier else None))
    placement = place(members, {}, {}, (f"event-{number}" for number in range(len(texts))))
    return [placement.event_of[str(number)] for number in range(len(texts))]


@pytest.fixture(scope="module")
def joined() -> list[tuple[str, str]]:
    """Give (story, event) of every post, joined by the default rules."""
    stream = _stream()
    events = _joined([text for _, text in stream], JoiningRules().alike)
    return [(story, event) for (story, _), event in zip(stream, events, strict=True)]


def test_posts_of_one_matter_come_together(joined: list[tuple[str, str]]) -> None:
    stories, events = Counter(story for story, _ in joined), Counter(event for _, event in joined)
    both = Counter(joined)
    precision = sum(both[post] / events[post[1]] for post in joined) / len(joined)
    recall = sum(both[post] / stories[post[0]] for post in joined) / len(joined)

    assert precision >= 0.97
    assert 2 * precision * recall / (precision + recall) >= 0.97


def test_the_same_complaint_of_two_counties_stays_two_events(joined: list[tuple[str, str]]) -> None:
    counties = {
        event: {story[:2] for story, of in joined if of == event and story in STORIES}
        for event in {e for _, e in joined}
    }

    assert not [names for names in counties.values() if len(names) > 1]


def test_what_stands_by_itself_stays_by_itself(joined: list[tuple[str, str]]) -> None:
    sizes = Counter(event for _, event in joined)
    together = [story for story, event in joined if story not in STORIES and sizes[event] > 1]

    assert len(together) <= len(OTHERS) // 20
