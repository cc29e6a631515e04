"""Times as Chinese pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.extraction.dates import SHANGHAI, read_time

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=SHANGHAI)

READ = {
    "3分钟前": "2026-06-15T11:57",
    "３分钟前": "2026-06-15T11:57",
    "发表于 3 分鐘前": "2026-06-15T11:57",
    "半小时前": "2026-06-15T11:30",
    "1个半小时前": "2026-06-15T10:30",
    "两小时前": "2026-06-15T10:00",
    "十二天前": "2026-06-03T12:00",
    "一周前": "2026-06-08T12:00",
    "2个月前": "2026-04-15T12:00",
    "1年前": "2025-06-15T12:00",
    "刚刚": "2026-06-15T12:00",
    "昨天 10:30": "2026-06-14T10:30",
    "昨天下午3点05分": "2026-06-14T15:05",
    "昨晚8点半": "2026-06-14T20:30",
    "前天": "2026-06-13T00:00",
    "今天 08:18": "2026-06-15T08:18",
    "周三 10:30": "2026-06-10T10:30",
    "08:18": "2026-06-15T08:18",
    "23:18": "2026-06-14T23:18",
    "6月15日 08:18": "2026-06-15T08:18",
    "6月16日 08:18": "2025-06-16T08:18",
    "12-30 08:18": "2025-12-30T08:18",
    "06-15": "2026-06-15T00:00",
    "发表于: 06-10": "2026-06-10T00:00",
    "去年6月15日": "2025-06-15T00:00",
    "2月29日 10:00": "2024-02-29T10:00",
    "2026年6月15日": "2026-06-15T00:00",
    "2026年6月15日 星期一 08:18": "2026-06-15T08:18",
    "2026年06月15日08时18分": "2026-06-15T08:18",
    "2026年6月5日上午8:05": "2026-06-05T08:05",
    "二〇二六年六月十五日": "2026-06-15T00:00",
    "2026-6-15 08:18:11": "2026-06-15T08:18:11",
    "2026/6/5 08:05": "2026-06-05T08:05",
    "2026.06.05": "2026-06-05T00:00",
    "2026-06-14 09:38:01 PM": "2026-06-14T21:38:01",
    "2026-06-14 24:00": "2026-06-15T00:00",
    "2026-06-1508:18": "2026-06-15T08:18",
    "26-06-15 08:18": "2026-06-15T08:18",
    "20260615": "2026-06-15T00:00",
    "20260615081830": "2026-06-15T08:18:30",
    "发布时间：2026-01-02 来源：市政府 浏览次数：20261111": "2026-01-02T00:00",
    "1781482680": "2026-06-15T08:18",
    "1781482680000": "2026-06-15T08:18",
    "3 hours ago": "2026-06-15T09:00",
    "June 3, 2026": "2026-06-03T00:00",
}
NO_TIMES = [
    "",
    "阅读 1.2万",
    "电话 13812345678",
    "版本3.4.40",
    "2026年02月30日",
    "2027年1月1日",
    "9999999999999",
    "12.5",
    "周一见，不见不散",
]


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_time_is_read_in_shanghai_where_none_is_named(text: str, expected: str) -> None:
    found = read_time(text, NOW)
    assert found is not None
    assert found.astimezone(SHANGHAI) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)
    assert found.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-15T00:18:30Z", datetime(2026, 6, 15, 0, 18, 30, tzinfo=UTC)),
        ("2026-06-15T00:18:30.123+0000", datetime(2026, 6, 15, 0, 18, 30, tzinfo=UTC)),
        ("2026-06-15T08:18:30+08:00", datetime(2026, 6, 15, 0, 18, 30, tzinfo=UTC)),
        ("Mon, 15 Jun 2026 00:18:00 GMT", datetime(2026, 6, 15, 0, 18, tzinfo=UTC)),
    ],
)
def test_a_named_zone_is_kept(text: str, expected: datetime) -> None:
    assert read_time(text, NOW) == expected


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_names_no_possible_time_is_none(text: str) -> None:
    assert read_time(text, NOW) is None


def test_now_may_be_in_any_zone() -> None:
    # 2026-06-15 02:00 in Shanghai
    assert read_time("今天 01:30", datetime(2026, 6, 14, 18, 0, tzinfo=UTC)) == datetime(
        2026, 6, 14, 17, 30, tzinfo=UTC
    )


@given(st.text(alphabet="0123456789年月日时分秒前天昨今刚周上下午:-/. TZ+", max_size=30))
def test_no_text_fails_and_no_time_lies_a_day_ahead(text: str) -> None:
    found = read_time(text, NOW)
    assert found is None or (found.tzinfo is not None and found <= NOW + timedelta(days=1))


@given(st.datetimes(datetime(2000, 1, 1), datetime(2026, 6, 15)))
def test_every_written_form_of_a_minute_is_read_back(moment: datetime) -> None:
    expected = moment.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
    for form in ("%Y-%m-%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日%H时%M分", "%Y%m%d%H%M00"):
        assert read_time(expected.strftime(form), NOW) == expected
