"""What is watched and what is not, and what surge watches ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from contracts.words import Channel
from services.ingest.collecting.health import Condition
from services.ingest.coverage import CHANNELS, TopicPlaces, Watched, WatchedSource, cells, place_key
from services.ingest.watching import surge_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def _source(
    channel: Channel, *, topics: tuple[str, ...] = (), places: tuple[str, ...] = (), ok: bool = True
) -> WatchedSource:
    return WatchedSource(channel, topics, places, Condition.HEALTHY if ok else Condition.SILENT)


def test_every_topic_has_a_cell_for_each_channel_and_place() -> None:
    found = cells([TopicPlaces("a", ["思茅区", "澜沧县"]), TopicPlaces("b", [])], [])
    assert len(found) == len(CHANNELS) * 3
    assert {one.watched for one in found} == {Watched.NO}


def test_a_source_counts_where_it_is_kept_for() -> None:
    sources = [
        _source(Channel.NEWS),
        _source(Channel.FORUM, topics=("a",), places=("思茅区",)),
        _source(Channel.FORUM, topics=("b",)),
        _source(Channel.WEIBO, ok=False),
        _source(Channel.OTHER),
    ]
    found = {
        (one.topic, one.channel, one.place): one
        for one in cells([TopicPlaces("a", ["思茅区", "澜沧县"]), TopicPlaces("b", [])], sources)
    }
    assert found["a", Channel.NEWS, "澜沧县"].watched is Watched.YES
    assert found["a", Channel.FORUM, "思茅区"].watched is Watched.YES
    assert found["a", Channel.FORUM, "澜沧县"].watched is Watched.NO
    assert found["b", Channel.FORUM, ""].sources == 1
    weibo = found["a", Channel.WEIBO, "思茅区"]
    assert (weibo.sources, weibo.heard, weibo.watched) == (1, 0, Watched.SILENT)


@pytest.mark.parametrize(
    ("full", "usual"),
    [
        ("宁洱哈尼族彝族自治县", "宁洱县"),
        ("镇沅彝族哈尼族拉祜族自治县", "镇沅县"),
        ("孟连傣族拉祜族佤族自治县", "孟连县"),
        ("澜沧拉祜族自治县", "澜沧县"),
        ("思茅区", "思茅区"),
    ],
)
def test_a_county_is_known_by_its_full_and_its_usual_name(full: str, usual: str) -> None:
    assert place_key(full) == place_key(usual)
    [cell] = [
        one
        for one in cells([TopicPlaces("a", [full])], [_source(Channel.NEWS, places=(usual,))])
        if one.channel is Channel.NEWS
    ]
    assert cell.watched is Watched.YES


@dataclass
class _Watch:
    mode: str = "surge"
    topics: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    until: datetime | None = None


def test_surge_concerns_the_sources_of_its_topics_and_ends_by_itself() -> None:
    watches = [
        _Watch(topics=["a"], keywords=["泄洪", "搬迁"], until=NOW + timedelta(hours=1)),
        _Watch(topics=["a"], keywords=["旧事"], until=NOW - timedelta(seconds=1)),
        _Watch(mode="routine", keywords=["平常"]),
        _Watch(topics=["b"], keywords=["搬迁", "补偿"]),
    ]
    assert surge_of(["a"], watches, NOW).keywords == ("泄洪", "搬迁")
    assert surge_of([], watches, NOW).keywords == ("泄洪", "搬迁", "补偿")
    assert not surge_of(["c"], watches, NOW).active
    assert surge_of(["a"], watches, NOW + timedelta(hours=1)) == surge_of(["c"], watches, NOW)
    assert surge_of(["c"], [_Watch()], NOW).active, "a watch without topics concerns all"
