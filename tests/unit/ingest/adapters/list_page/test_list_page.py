"""List pages: by selectors and without, over several pages, to articles and to threads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.ingest.adapters.list_page import ADAPTER
from services.ingest.fetching.page import FetchFailed, FetchProblem


def listing(*numbers: int, next: str = "", extra: str = "") -> str:
    rows = "".join(
        f'<li><a href="/news/2026-06/14/content_{n}.html" title="澜江县第{n}次移民安置工作推进会召开情况通报">'
        f"澜江县第{n}次移民安置工作推进会…</a><span class=date>06-14</span></li>"
        for n in numbers
    )
    link = f'<a class="next" href="{next}">下一页</a>' if next else ""
    return f"<html><body><ul class=news>{rows}</ul>{extra}<div class=pager>{link}</div></body></html>"


@pytest.fixture
def news(article: Any) -> Any:
    def make(*numbers: int) -> None:
        for number in numbers:
            article(f"/news/2026-06/14/content_{number}.html", f"澜江县第{number}次移民安置工作推进会召开情况通报")

    return make


SELECTORS = {"items": "ul.news li", "time": "span.date", "next": "a.next"}


@pytest.mark.parametrize("config", [SELECTORS, {}], ids=["selectors", "by itself"])
async def test_reads_the_articles_of_a_list_and_of_its_next_pages(
    web: Any, around: Any, news: Any, config: dict[str, Any]
) -> None:
    news(1, 2, 3, 4, 5, 6)
    web.put("/list.html", listing(6, 5, 4, next="/list_2.html"))
    web.put("/list_2.html", listing(3, 2, 1, next="/list.html"))
    found = await around("/list.html").run(ADAPTER, pages=5, **config)
    assert [draft.url.rpartition("_")[2] for draft in found.drafts] == [f"{n}.html" for n in (6, 5, 4, 3, 2, 1)]
    first = found.drafts[0]
    assert first.title == "澜江县第6次移民安置工作推进会召开情况通报"
    assert "补偿款" in first.text
    assert first.published_at.isoformat() == "2026-06-14T09:30:00+08:00"
    assert first.outlet == "云岭日报"
    assert (found.seen, found.misses) == (6, [])


async def test_stops_turning_pages_where_articles_are_known_but_not_at_a_pinned_one(
    web: Any, around: Any, news: Any
) -> None:
    news(1, 2, 3, 4, 5, 9)
    web.put("/list.html", listing(9, 2, 1, next="/list_2.html"))
    web.put("/list_2.html", listing())
    source = around("/list.html")
    await source.run(ADAPTER, pages=2, items="ul.news li")
    web.put("/list.html", listing(9, 5, 4, next="/list_2.html"))
    web.put("/list_2.html", listing(3, 2, 1, next="/list_3.html"))
    web.put("/list_3.html", listing(0))
    web.asked.clear()
    found = await source.run(ADAPTER, pages=5, items="ul.news li")
    assert [draft.url[-6] for draft in found.drafts] == ["5", "4", "3"]
    assert "/list_3.html" not in web.paths


async def test_an_unchanged_list_is_told_as_such(web: Any, around: Any, news: Any) -> None:
    news(1)
    web.put("/list.html", listing(1), headers={"etag": '"l1"'})
    source = around("/list.html")
    await source.run(ADAPTER, **SELECTORS)
    web.asked.clear()
    assert (await source.run(ADAPTER, **SELECTORS)).unchanged
    assert web.paths == ["/list.html"]


async def test_what_a_pass_may_not_bring_comes_with_the_next(web: Any, around: Any, news: Any) -> None:
    news(1, 2, 3, 4, 5)
    web.put("/list.html", listing(5, 4, next="/list_2.html"))
    web.put("/list_2.html", listing(3, 2, 1))
    source = around("/list.html", limit=2)
    brought = [[draft.url[-6] for draft in (await source.run(ADAPTER, pages=3)).drafts] for _ in range(3)]
    assert brought == [["5", "4"], ["3", "2"], ["1"]]
    assert (await source.run(ADAPTER, pages=3)).unchanged


async def test_one_article_that_cannot_be_had_stops_no_other(web: Any, around: Any, news: Any) -> None:
    news(1, 3)
    web.put("/news/2026-06/14/content_2.html", "gone", status=410)
    web.put("/list.html", listing(3, 2, 1))
    source = around("/list.html")
    found = await source.run(ADAPTER, **SELECTORS)
    assert len(found.drafts) == 2
    (miss,) = found.misses
    assert miss.url.endswith("content_2.html")
    assert (await source.run(ADAPTER, **SELECTORS)).unchanged


async def test_says_which_selector_found_nothing(web: Any, around: Any) -> None:
    web.put("/list.html", listing(1))
    with pytest.raises(FetchFailed) as failure:
        await around("/list.html").run(ADAPTER, items="ul.gone li")
    assert failure.value.problem is FetchProblem.CONTENT
    assert failure.value.detail == "选择器没有匹配任何条目：items ul.gone li"
    with pytest.raises(FetchFailed, match=r"匹配了 1 个条目，但其中没有链接（link a\.more）"):
        await around("/list.html").run(ADAPTER, items="ul.news li", link="a.more")


async def test_a_page_without_article_links_asks_for_selectors(web: Any, around: Any) -> None:
    web.put("/list.html", "<html><body><p>维护中</p></body></html>")
    with pytest.raises(FetchFailed, match="请填写条目选择器 items"):
        await around("/list.html").run(ADAPTER)


async def test_an_item_without_a_link_is_a_miss(web: Any, around: Any, news: Any) -> None:
    news(1)
    web.put("/list.html", listing(1).replace("</ul>", "<li>公告</li></ul>"))
    found = await around("/list.html").run(ADAPTER, items="ul.news li")
    assert len(found.drafts) == 1
    assert found.misses[0].reason_zh == "列表第 2 条没有链接"


async def test_selectors_of_the_article_page_come_before_what_is_found_by_itself(
    web: Any, around: Any, article: Any
) -> None:
    extra = '<div class="reply">本条由县信访局答复：补偿款将于本月底前发放。</div>'
    extra += '<i class="t" title="2026-06-13 08:00:00">昨天</i>'
    article("/news/2026-06/14/content_1.html", "澜江县第1次移民安置工作推进会召开情况通报", more=extra)
    web.put("/list.html", listing(1))
    chosen = {"text": "div.reply", "time": "i.t", "title": "h1"}
    (draft,) = (await around("/list.html").run(ADAPTER, article=chosen)).drafts
    assert draft.text == "本条由县信访局答复：补偿款将于本月底前发放。"
    assert draft.published_at.isoformat() == "2026-06-13T08:00:00+08:00"


async def test_paths_choose_what_is_read(web: Any, around: Any, news: Any) -> None:
    news(1, 2)
    web.put("/list.html", listing(2, 1))
    found = await around("/list.html").run(ADAPTER, exclude=["*content_2*"], **SELECTORS)
    assert [draft.url[-6] for draft in found.drafts] == ["1"]


async def test_surge_watch_searches_besides(web: Any, around: Any, news: Any) -> None:
    news(1, 7)
    web.put("/list.html", listing(1))
    web.put("/search?q=%E8%A1%A5%E5%81%BF%E6%AC%BE", listing(7))
    source = around("/list.html", keywords=["补偿款", "拆迁"])
    found = await source.run(ADAPTER, search_url=f"{web.base}/search?q={{keyword}}", **SELECTORS)
    assert [draft.url[-6] for draft in found.drafts] == ["1", "7"]
    (miss,) = found.misses
    assert "搜索“拆迁”失败" in miss.reason_zh


THREAD = (
    '<html><head><meta name=generator content="Discuz! X3.4"><title>补偿款什么时候发 - 普洱论坛</title></head>'
    "<body><h1 id=thread_subject>补偿款什么时候发</h1><div id=postlist>{posts}</div></body></html>"
)
POST = (
    '<div id="post_{n}" class="plhin"><table><tr><td class=pls><div class=authi><a class=xw1>{author}</a></div></td>'
    '<td class=plc><div class=pi><strong><a id="postnum{n}">{floor}#</a></strong>'
    '<em id="authorposton{n}">发表于 2026-6-14 {time}</em></div><div class=pct><div class=t_fsz>'
    '<table><tr><td class=t_f id="postmessage_{n}">{text}</td></tr></table></div></div></td></tr></table></div>'
)


def thread(*texts: str) -> str:
    posts = "".join(
        POST.format(n=100 + floor, floor=floor, author=f"网友{floor}", time=f"09:{floor:02}", text=text)
        for floor, text in enumerate(texts, start=1)
    )
    return THREAD.format(posts=posts)


async def test_threads_give_a_post_for_each_answer_and_new_answers_later(web: Any, around: Any) -> None:
    rows = '<ul><li><a href="/thread-88-1-1.html">补偿款什么时候发</a></li></ul>'
    opening = "我们安置点第二批补偿款到现在还没有到账，问了村里也说不清楚，有人知道吗？"
    replies = ["同问，我家也没有收到，等了快两个月了。", "听说名单还在公示，过几天应该就会发放。"]
    web.put("/forum", rows)
    web.put("/thread-88-1-1.html", thread(opening, *replies))
    source = around("/forum")
    config = {"items": "li", "threads": True}
    first = await source.run(ADAPTER, **config)
    assert [draft.text for draft in first.drafts] == [opening, *replies]
    head, *answers = first.drafts
    assert (head.url, head.title, head.repost_of) == (f"{web.base}/thread-88-1-1.html", "补偿款什么时候发", None)
    assert {answer.repost_of for answer in answers} == {head.url}
    assert len({draft.url.partition("#")[0] for draft in first.drafts}) == 3
    web.put("/forum", rows + "<p>1 条新回复</p>")
    web.put("/thread-88-1-1.html", thread(opening, *replies, "今天上午已经到账了，谢谢大家关心这件事。"))
    second = await source.run(ADAPTER, **config)
    fresh = [draft for draft in second.drafts if draft.url not in {one.url for one in first.drafts}]
    assert [draft.text for draft in fresh] == ["今天上午已经到账了，谢谢大家关心这件事。"]


@pytest.mark.parametrize(
    ("config", "field", "says"),
    [
        ({"items": "li:::x"}, "items", "不是有效的 CSS 选择器"),
        ({"article": {"text": ".."}}, "article.text", "不是有效的 CSS 选择器"),
        ({"link": "a"}, "", "填写了 link 时必须填写 items"),
        ({"pages": 0}, "pages", "greater than or equal to 1"),
        ({"search_url": "http://x.example/?q="}, "search_url", "pattern"),
        ({"selector": "li"}, "selector", "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(config: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADAPTER.config.model_validate(config)
    (error,) = refused.value.errors()
    assert ".".join(map(str, error["loc"])) == field
    assert says in error["msg"]


async def test_when_time_is_up_between_pages_the_articles_found_come_later(web: Any, around: Any, news: Any) -> None:
    news(1, 2)
    web.put("/list", listing(1, next="/list2"))
    web.put("/list2", listing(2))
    source = around("/list", time_for=1, keywords=["补偿"])
    config = {**SELECTORS, "pages": 5, "search_url": f"{web.base}/s?kw={{keyword}}"}
    found = await source.run(ADAPTER, **config)
    assert (found.drafts, found.seen, found.state["unfinished"]) == ([], 1, True)
    source.time_for = 100
    assert len((await source.run(ADAPTER, **config)).drafts) == 2


async def test_half_of_the_time_is_kept_for_articles(web: Any, around: Any, news: Any) -> None:
    news(1, 2)
    web.put("/list", listing(1, next="/list2"))
    web.put("/list2", listing(2))
    source = around("/list", half=1, keywords=["补偿"])
    config = {**SELECTORS, "pages": 5, "search_url": f"{web.base}/s?kw={{keyword}}"}
    found = await source.run(ADAPTER, **config)
    assert (len(found.drafts), found.state["unfinished"]) == (1, True)
    assert len(web.asked) == 2
    source.half, source.keywords = 100, ()
    assert len((await source.run(ADAPTER, **config)).drafts) == 1
