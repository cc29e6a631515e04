"""List pages: which links lead to articles, and which to the next page."""

from __future__ import annotations

import pytest

from services.ingest.extraction.links import Link, article_links, next_page, same_site
from tests.unit.ingest.extraction.saved import page

NOTICES = "https://www.example.com/zwgk/tzgg/"


def test_a_government_list_gives_its_notices_in_order_with_their_dates() -> None:
    base = "https://www.example.com/zwgk/tzgg/202606"
    assert article_links(page("list"), NOTICES) == [
        Link(f"{base}/t20260614_88231.html", "关于青禾镇自来水水质情况的通报（第三期）", "2026-06-14"),
        Link(f"{base}/t20260613_88119.html", "关于开展餐饮外卖封签专项检查的通知", "2026-06-13"),
        Link(f"{base}/t20260611_87950.html", "关于主城区夏季错峰用电的倡议书", "2026-06-11"),
        Link(f"{base}/t20260610_87902.html", "停水通知", "2026-06-10"),
        Link(
            "https://www.example.com/zwgk/zfxxgk/202606/t20260609_87855.html",
            "云浦市2026年第二季度信访事项办理情况公示",
            "2026-06-09",
        ),
    ]


def test_cards_give_each_article_once_by_its_heading() -> None:
    links = article_links(page("list_cards"), "https://www.example.com/society?page=2")
    assert [(link.title, link.dated) for link in links] == [
        ("老桥封闭检修首日 摆渡车排队半小时", "3小时前"),
        ("菜价连涨两周，市场里的账本怎么算", "昨天 21:40"),
        ("高考首日：全城为考生让路", "6月7日"),
        ("社区食堂开张一年，谁在吃、谁在撑", "6月5日"),
        ("夜市噪声扰民，居民与摊主坐到一张桌上", "6月3日"),
    ]


def test_a_forum_s_list_gives_its_threads_and_no_people() -> None:
    links = article_links(page("forum_index"), "https://bbs.example.com/forum-12-1.html")
    assert [link.url.rsplit("/", 1)[-1] for link in links] == [
        f"thread-900{number}-1-1.html" for number in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("name", "url", "following"),
    [
        ("list", NOTICES, "https://www.example.com/zwgk/tzgg/index_1.html"),
        ("list_cards", "https://www.example.com/society?page=2", "https://www.example.com/society?page=3"),
        ("forum_index", "https://bbs.example.com/forum-12-1.html", "https://bbs.example.com/forum-12-2.html"),
        ("portal", "https://www.example.com/a/1", None),
    ],
)
def test_the_next_page_is_found_by_its_words_or_its_number(name: str, url: str, following: str | None) -> None:
    assert next_page(page(name), url) == following


@pytest.mark.parametrize(
    ("markup", "following"),
    [
        ('<link rel="next" href="/list?page=2">', "https://www.example.com/list?page=2"),
        ('<a href="/list_3.html" title="下一页">&gt;</a>', "https://www.example.com/list_3.html"),
        ('<a href="javascript:go(2)">下一页</a>', None),
        ('<script>createPageHTML(12, 0, "index", "shtml");</script>', "https://www.example.com/index_1.shtml"),
        ('<script>createPageHTML(12, 11, "index", "shtml");</script>', None),
        ('<a class="disabled" href="/list_9.html">下一页</a>', None),
        ('<a href="/list">下一页</a>', None),
        ('<a href="https://elsewhere.example.org/2">下一页</a>', None),
        ('<a href="/a/2.html">下一篇：别的文章</a>', None),
        ("", None),
    ],
)
def test_a_last_page_has_no_next(markup: str, following: str | None) -> None:
    assert next_page(markup, "https://www.example.com/list") == following


def test_a_site_is_its_registered_domain() -> None:
    assert same_site("https://news.example.com/a", "https://www.example.com/")
    assert same_site("https://a.city.gov.cn/x", "https://www.city.gov.cn/")
    assert not same_site("https://one.gov.cn/", "https://two.gov.cn/")
    assert same_site("http://127.0.0.1:8000/a", "http://127.0.0.1:9000/")
    assert not same_site("http://127.0.0.1/a", "http://127.0.0.2/")


@pytest.mark.parametrize("markup", ["", "\x00", '<a href="http://[::1">坏的地址链接标题在这里</a>', "<a>" * 100_000])
def test_odd_input_has_no_links(markup: str) -> None:
    assert article_links(markup, NOTICES) == []
    assert next_page(markup, NOTICES) is None
