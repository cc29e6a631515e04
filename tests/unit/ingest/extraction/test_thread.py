"""Thread pages: the opening post and its answers, each for itself."""

from __future__ import annotations

import pytest

from services.ingest.extraction.thread import ThreadPost, read_thread
from tests.unit.ingest.extraction.saved import NOW, at, page

FORUM = "https://bbs.example.com/thread-9001-1-1.html"


def test_a_discuz_page_gives_its_posts_without_ranks_quotes_and_notes() -> None:
    assert read_thread(page("discuz"), FORUM, NOW) == [
        ThreadPost(
            "从12号早上开始停水，打了自来水公司电话，说在抢修，让等。\n"
            "家里有老人，天这么热，连厕所都冲不了。有没有人知道什么时候来水？",
            "河东老张",
            at("2026-06-13T21:05:33"),
            1,
            {"reads": 3812, "comments": 2},
            f"{FORUM}#post_50101",
            "河东片区停水两天了，有没有人管？",
        ),
        ThreadPost(
            "我们三号楼也停了，物业说今晚能来。", "小桥流水", at("2026-06-13T21:31:02"), 2, {}, f"{FORUM}#post_50102"
        ),
        ThreadPost("没有来，还是一滴都没有。", "河东老张", at("2026-06-14T08:12:00"), 3, {}, f"{FORUM}#post_50103"),
    ]


def test_a_tieba_page_gives_its_posts_by_the_facts_that_they_carry() -> None:
    posts = read_thread(page("tieba"), "https://tieba.example.com/p/77", NOW)
    assert [(post.floor, post.author, post.published_at) for post in posts] == [
        (1, "云浦小学徒", at("2026-06-15T12:40:00")),
        (2, "晚风拂柳", at("2026-06-15T12:51:00")),
        (4, "家长一枚", at("2026-06-15T13:20:00")),
    ]
    assert posts[0].title == "三中食堂的饭是不是又出问题了"
    assert posts[0].text == "中午吃完饭，我们班五个人都吐了，校医说送去医院检查。有没有同校的，你们班怎么样？"
    assert posts[0].counters == {"comments": 2}
    assert posts[2].text == "顶"


def test_an_opening_post_built_otherwise_than_its_answers_comes_first() -> None:
    posts = read_thread(page("forum_generic"), "https://yj.example.com/t/88", NOW)
    assert [(post.floor, post.author, post.published_at) for post in posts] == [
        (0, "周楠", at("2026-06-14T19:22:00")),
        (1, "阿明", at("2026-06-14T07:30:00")),
        (2, "琳琳", at("2026-06-15T13:00:00")),
        (3, "周楠", at("2026-06-15T17:48:00")),
    ]
    assert posts[0].text.startswith("12路改道以后，不再经过市二院")
    assert posts[0].counters == {"reads": 5310, "likes": 12, "comments": 3}
    assert posts[1].text == "我家也是，建议一起打热线，人多了才有人管。"
    assert posts[1].counters == {"likes": 6}


def test_answers_counted_from_one_leave_the_opening_post_before_them() -> None:
    posts = read_thread(page("phpwind"), "https://bbs.example.com/read.php?tid=31", NOW)
    assert [(post.floor, post.author, post.published_at) for post in posts] == [
        (0, "巷口", at("2026-06-10T22:41:00")),
        (1, "早睡早起", at("2026-06-10T23:02:00")),
    ]


@pytest.mark.parametrize(
    ("name", "url", "said"),
    [
        (
            "forum_web",
            "https://bbs.example.com/6388.html",
            [
                (1, "电车难题", "2026-06-14T21:33:00"),
                (None, "老桥下", "2026-06-14T21:40:00"),
                (None, "三号线", "2026-06-15T16:00:00"),
            ],
        ),
        (
            "forum_boxes",
            "https://v.example.com/t/9999",
            [(0, "abc", "2026-06-14T12:00:11"), (1, "hz99", "2026-06-14T12:10:02"), (2, "nn", "2026-06-15T09:01:00")],
        ),
        (
            "forum_labels",
            "https://bbs.example.com/post-414-1.shtml",
            [
                (1, "老城住户", "2026-06-10T20:20:02"),
                (None, "河沿人", "2026-06-10T21:00:00"),
                (None, "城西", "2026-06-10T21:30:00"),
            ],
        ),
        (
            "forum_microdata",
            "https://talk.example.com/t/topic/12",
            [(1, "议事秘书", "2026-06-12T09:00:00"), (2, "木棉", "2026-06-12T11:30:00")],
        ),
        ("discuz_single", "https://bbs.example.com/thread-7-1-1.html", [(1, "夜归人", "2026-06-14T23:05:00")]),
    ],
)
def test_forums_of_other_makes_are_read(name: str, url: str, said: list[tuple[int | None, str, str]]) -> None:
    posts = read_thread(page(name), url, NOW)
    assert [(post.floor, post.author, post.published_at) for post in posts] == [
        (floor, author, at(moment)) for floor, author, moment in said
    ]
    assert posts[0].title
    assert all(post.author is not None and post.author not in post.text for post in posts)


def test_a_declared_thread_is_taken_as_declared() -> None:
    posts = read_thread(page("forum_jsonld"), "https://talk.example.com/d/55", NOW)
    assert [post.author for post in posts] == ["七号楼业主", "懂一点法", "三栋老李"]
    assert posts[0].counters == {"likes": 9}
    assert posts[1].url == "https://talk.example.com/d/55#2"


@pytest.mark.parametrize(
    "name",
    [
        "portal",
        "government",
        "newspaper",
        "hashed_classes",
        "decree",
        "comments_below",
        "jsonld",
        "list",
        "list_cards",
        "forum_index",
        "wechat",
        "no_date",
    ],
)
def test_a_page_that_is_no_thread_has_no_posts(name: str) -> None:
    assert read_thread(page(name), "https://www.example.com/a/1", NOW) == []


def test_a_forum_s_list_of_threads_is_no_thread_under_its_own_address() -> None:
    assert read_thread(page("forum_index"), "https://bbs.example.com/forum-12-1.html", NOW) == []


@pytest.mark.parametrize("markup", ["", "\x00", "<div>" * 200_000, '<div class="l_post" data-field="[1">a</div>' * 50])
def test_odd_input_is_no_thread(markup: str) -> None:
    assert read_thread(markup, FORUM, NOW) == []
