"""Which column fills which field."""

from __future__ import annotations

import pytest

from services.ingest.imports.columns import known, read_columns
from services.ingest.imports.header import header_of
from services.ingest.imports.names import NAMES


def fields(names: list[str], *rows: list[object], **chosen: str) -> dict[str, str | None]:
    samples = [dict(zip(names, row, strict=True)) for row in rows]
    return {column.name: column.field for column in read_columns(names, samples, chosen)}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("微博正文", "text"),
        ("发布内容", "text"),
        ("全 文", "text"),
        ("*标题", "title"),
        ("转发数(次)", "reposts"),
        ("评论数【条】", "comments"),
        ("点赞数：", "likes"),
        ("阅读/播放量", "reads"),
        ("播放量", "reads"),
        ("用户昵称", "author"),
        ("媒体名称", "source"),
        ("发布日期", "published_at"),
        ("Publish_Time", "published_at"),
        ("ＵＲＬ", "url"),
        ("user.screen_name", "author"),
        ("情感倾向", None),
        ("采集时间", None),
    ],
)
def test_names_are_known_in_both_languages_whatever_their_dress(name: str, field: str | None) -> None:
    assert known(name) == field


def test_no_name_says_two_things() -> None:
    every = [name for names in NAMES.values() for name in names]
    assert sorted({name for name in every if every.count(name) > 1}) == []


def test_the_better_name_wins_and_an_empty_column_never() -> None:
    assert fields(["摘要", "正文"], ["短", "长的"]) == {"摘要": None, "正文": "text"}
    assert fields(["摘要", "正文"], ["短", ""]) == {"摘要": "text", "正文": None}
    assert fields(["时间", "发布时间"], ["2026-01-01", "2026-01-02"]) == {"时间": None, "发布时间": "published_at"}


def test_what_a_person_chose_wins() -> None:
    assert fields(["正文", "备注"], ["一", "二"], text="备注") == {"正文": None, "备注": "text"}


def test_content_tells_where_names_do_not() -> None:
    rows = [
        ["1", "库区移民反映补偿款迟发", "https://a.example.com/1", "2026年1月2日 3:04", "好"],
        ["2", "安置房漏水已有两个月了", "https://a.example.com/2", "2026-01-03", "坏"],
    ]
    assert fields(["a", "b", "c", "d", "e"], *rows) == {
        "a": None,
        "b": "text",
        "c": "url",
        "d": "published_at",
        "e": None,
    }
    assert fields(["a", "b"], ["短", "1"]) == {"a": None, "b": None}, "a few signs are no text"


def test_a_platform_that_is_no_channel_is_a_source() -> None:
    assert fields(["平台", "正文"], ["某某客户端", "一"]) == {"平台": "source", "正文": "text"}
    assert fields(["平台", "正文"], ["微博", "一"]) == {"平台": "channel", "正文": "text"}


def test_headers_are_found_under_titles_and_over_two_rows() -> None:
    found = header_of([["舆情监测日报"], [], ["标题", "正文", "链接"], ["题", "文", "https://a.example.com"]])
    assert (found.names, found.before) == (["标题", "正文", "链接"], 3)
    two = header_of(
        [
            ["标题", "正文", "互动数据", None, None],
            [None, None, "转发数", "评论数", "点赞数"],
            ["题", "文", 1, 2, 3],
        ]
    )
    assert (two.names, two.before) == (["标题", "正文", "转发数", "评论数", "点赞数"], 2)
    below = header_of([["标题", "正文", "互动", None], [None, None, "转发数", "评论数"], ["题", "文", 1, 2]])
    assert (below.names, below.before) == (["标题", "正文", "转发数", "评论数"], 2)


def test_no_header_and_unknown_headers() -> None:
    none = header_of([["一段正文", "https://a.example.com/1"], ["另一段", "https://a.example.com/2"]])
    assert (none.names, none.before) == (["第1列", "第2列"], 0)
    unknown = header_of([["甲", "乙", "甲", ""], ["1", "2", "3", "4"]], width=4)
    assert (unknown.names, unknown.before) == (["甲", "乙", "甲 (2)", "第4列"], 1)
    assert header_of([]).names == []
