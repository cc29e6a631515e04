"""Columns: words of officers, the same filters as the lists have, and never an author."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.messages import Counters, SentimentScore
from contracts.words import Channel, IncidentType, Level, Sentiment, Stage, Tier
from services.analysis.api.events import list_events
from services.analysis.api.posts import post_filter
from services.analysis.event_schemas import EventView
from services.analysis.exports.columns import COLUMNS, EventRow, PostRow, chosen
from services.analysis.exports.schemas import EventsWanted, PostsWanted
from services.analysis.exports.words import word
from services.analysis.post_schemas import AnalysisView, PostView

POST = PostView(
    id="p1",
    event_id="e1",
    url=None,
    title="库区群众询问补偿款",
    text="补偿款何时发放",
    channel=Channel.OTHER,
    source="s-1",
    source_name=None,
    source_tier=Tier.SELF_MEDIA,
    published_at=datetime(2026, 3, 1, tzinfo=UTC),
    collected_at=datetime(2026, 3, 2, tzinfo=UTC),
    metrics=Counters(reads=7),
    same_text_as=None,
    near_duplicate_of=None,
    repost_of=None,
    erased_at=None,
    analysis=AnalysisView(
        sentiment=SentimentScore(label=Sentiment.NEGATIVE, score=-0.5, probabilities={}),
        incident_type=IncidentType.OTHER,
        incident_confidence=0.2,
        topics=["a", "b"],
        places=["澜沧县", "宁洱县"],
        keywords=[],
        model="m 1",
    ),
)


def cells(*keys: str, chinese: bool) -> list[object]:
    row = PostRow(POST, ["移民补偿", "库区"], "补偿款")
    return [column.cell(row, chinese=chinese) for column in chosen("posts", keys)]


def test_a_post_in_chinese_and_in_english() -> None:
    keys = ("published_at", "channel", "source", "tier", "sentiment", "score", "incident_type", "topics", "places")
    assert cells(*keys, "reads", "url", chinese=True) == [
        POST.published_at, "其他", "s-1", "自媒体", "负面", -0.5, "其他", "移民补偿、库区", "澜沧县、宁洱县", 7, None,
    ]  # fmt: skip
    assert cells(*keys[1:4], "topics", "keywords", chinese=False) == [
        "other",
        "s-1",
        "self_media",
        "移民补偿; 库区",
        "",
    ]


@pytest.mark.parametrize("kind", [Channel, IncidentType, Level, Sentiment, Stage, Tier])
def test_every_word_has_a_chinese_name(kind: type[Channel]) -> None:
    names = [word(value, chinese=True) for value in kind]
    assert len(set(names)) == len(names)
    assert all(not name.isascii() for name in names)


def test_an_event_tells_its_level_and_townships() -> None:
    plain: dict[str, Any] = {"level": None, "townships": []}
    graded: dict[str, Any] = {"level": Level.II, "townships": ["澜沧县糯扎渡镇", "墨江县通关镇"]}
    shown = []
    for values in (plain, graded):
        row = EventRow(EventView.model_construct(None, **values), [])
        shown.append([column.cell(row, chinese=True) for column in chosen("events", ["level", "townships"])])
    assert shown == [[None, ""], ["Ⅱ级", "澜沧县糯扎渡镇、墨江县通关镇"]]


def test_no_column_is_of_an_author_and_none_has_the_name_of_another() -> None:
    for columns in COLUMNS.values():
        for names in ([c.key for c in columns], [c.zh for c in columns], [c.en for c in columns]):
            assert len(set(names)) == len(names)
            assert not any("author" in name.lower() or "作者" in name for name in names)
    with pytest.raises(KeyError):
        chosen("posts", ["author_hash"])


def test_filters_are_those_of_the_lists() -> None:
    assert set(PostsWanted.model_fields) == set(inspect.signature(post_filter).parameters)
    of_list = set(inspect.signature(list_events).parameters) - {"runtime", "page", "_principal", "sort"}
    assert set(EventsWanted.model_fields) == of_list
