"""What cells say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.imports.rows import post_of
from services.ingest.imports.values import address_of, channel_of, counter_of, instant_of, is_address, is_time


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("2026/1/2 3:04", "2026-01-02T03:04:00"),
        ("2026年11月20日 08时05分", "2026-11-20T08:05:00"),
        ("2026年1月2日 下午3:04", "2026-01-02T15:04:00"),
        ("2026-1-2 12:04 AM", "2026-01-02T00:04:00"),
        ("2026-01-02 星期五 03:04:05", "2026-01-02T03:04:05"),
        ("2026-01-02 03:04:05.000", "2026-01-02T03:04:05"),
        ("2026.01.02", "2026-01-02T00:00:00"),
        ("２０２６年１月２日", "2026-01-02T00:00:00"),
        ("20260102", "2026-01-02T00:00:00"),
        ("20260102030405", "2026-01-02T03:04:05"),
        ("2026-01-02T03:04:05+08:00", "2026-01-02T03:04:05+08:00"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("Fri, 02 Jan 2026 03:04:05 +0800", "2026-01-02T03:04:05+08:00"),
        ("Fri Jan 02 03:04:05 +0800 2026", "2026-01-02T03:04:05+08:00"),
        (46024.5, "2026-01-02T12:00:00"),
        ("46024.25", "2026-01-02T06:00:00"),
        (1767294245, "2026-01-01T19:04:05+00:00"),
        ("1767294245000", "2026-01-01T19:04:05+00:00"),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        (date(2026, 1, 2), "2026-01-02T00:00:00"),
        ("昨天", "昨天"),
        ("2026-13-45", "2026-13-45"),
        ("1/2/2026", "1/2/2026"),
        ("12", "12"),
    ],
)
def test_times(cell: Any, read: str) -> None:
    assert instant_of(cell) == read


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ("1.2万", 12_000), ("10万+", 100_000), ("3亿", 300_000_000), ("1,234", 1234), ("１２３", 123), ("2.5w", 25_000),
        ("1.2k", 1200), (12.0, 12), (7, 7), ("36次", 36), ("-3", 0), ("1.2e3", 1200), ("很多", None), ("1/2", None),
        (True, None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_counters(cell: Any, count: int | None) -> None:
    assert counter_of(cell) == count


@given(st.integers(0, 10**12))
def test_plain_numbers_are_themselves(number: int) -> None:
    assert counter_of(str(number)) == counter_of(f"{number:,}") == counter_of(number) == number


@given(st.text(max_size=40))
def test_nothing_breaks_reading(text: str) -> None:
    instant_of(text)
    counter_of(text)
    channel_of(text)
    address_of(text)
    is_time(text)


def test_addresses() -> None:
    assert is_address("https://a.example.com/1")
    assert not is_address("见 https://a.example.com/1")
    assert address_of("www.example.com/x") == "https://www.example.com/x"
    assert address_of("//a.example.com/x") == "https://a.example.com/x"
    assert address_of("无此地址") == "无此地址"


def test_channels() -> None:
    assert [channel_of(word) for word in ("新浪微博", "微信公众号", "抖音", "APP", "News", "传单")] == [
        "weibo",
        "wechat",
        "video",
        "news",
        "news",
        "传单",
    ]


def test_a_title_stands_for_a_text_and_defaults_for_what_is_not_named() -> None:
    post, problem = post_of({"title": "视频标题", "text": "-", "likes": "无", "source": ""}, {"source": "某平台"})
    assert problem is None
    assert post == {"title": "视频标题", "text": "视频标题", "source": "某平台"}
    assert post_of({"text": " ", "title": None}, {})[0] is None
