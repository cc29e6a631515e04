"""Counts as Chinese pages write them."""

from __future__ import annotations

import pytest

from services.ingest.extraction.counters import labelled_counts, marked_counts, read_count
from services.ingest.extraction.document import parse


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0), ("123", 123), ("1,234", 1234), ("１２３", 123), ("1.2万", 12_000), ("3亿", 300_000_000),
        ("10w+", 100_000), ("10万+", 100_000), ("1.5k", 1500), ("5千", 5000), ("(45)", 45), ("123次", 123), ("", None),
        ("赞", None), ("--", None), ("12:30", None), ("2026-01-02", None), ("1.2.3", None), ("abc", None),
    ],
)  # fmt: skip
def test_a_count_is_a_number_with_its_unit(text: str, count: int | None) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("阅读 1.2万 评论 45", {"reads": 12_000, "comments": 45}),
        ("12345阅读 678评论 9赞", {"reads": 12_345, "comments": 678, "likes": 9}),
        ("阅读 1.2万评论 45转发 3", {"reads": 12_000, "comments": 45, "reposts": 3}),
        ("浏览次数：1,024次", {"reads": 1024}),
        ("查看: 123|回复: 45", {"reads": 123, "comments": 45}),
        ("发布时间：2026-01-02 08:18 来源：市政府 点击数： 567", {"reads": 567}),
        ("点赞(12) 分享 3", {"likes": 12, "reposts": 3}),
        ("共有123条评论", {"comments": 123}),
        ("播放 3.4万次", {"reads": 34_000}),
        ("回复 2026-01-02", {}),
        ("阅读：", {}),
        ("我在3楼回复", {}),
        ("讨论 12:30 开始", {}),
        ("阅读原文 12", {}),
    ],
)
def test_a_label_says_what_is_counted(line: str, counts: dict[str, int]) -> None:
    assert labelled_counts([line]) == counts


def test_a_number_in_prose_is_no_counter() -> None:
    assert labelled_counts(["他说，" + "大家都很着急，" * 20 + "评论 300 条里有一半在问什么时候来水。"]) == {}


def test_markup_says_what_a_bare_number_counts() -> None:
    root = parse(
        '<div><span class="read-count">3,021</span><a class="cmt"><i></i><span class="num">18</span></a>'
        '<em id="likeNum">--</em><b class="list-item">7</b></div>'
    )
    assert root is not None
    assert marked_counts(root) == {"reads": 3021, "comments": 18}
