"""Following a list: what fails becomes a miss, and is tried again no more often than is of use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from services.ingest.adapters.article_pages import Listed, article_reader, follow
from services.ingest.adapters.attempts import RESTS
from services.ingest.adapters.protocol import Draft, OutOfTime
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page


def broken(listed: Listed, page: Page, now: datetime) -> list[Draft]:
    if listed.url and listed.url.endswith("/1"):
        raise RuntimeError("a page that nobody thought of")
    return [listed.as_draft()]


async def test_a_page_that_reading_fails_on_stops_no_other(web: Any, around: Any) -> None:
    listed = [Listed(web.put(f"/a/{n}", "x"), f"第{n}篇") for n in (1, 2)]
    found = await follow(listed, around("/"), broken, limit=9, attempts={})
    assert [draft.title for draft in found.drafts] == ["第2篇"]
    assert found.misses[0].reason_zh == "页面读取出错：RuntimeError"
    assert found.waiting == 1


async def test_a_page_without_an_article_is_tried_again_over_hours(web: Any, around: Any) -> None:
    listed = [Listed(web.put("/a/1", "<html><body></body></html>"), "第1篇")]
    attempts: dict[str, list[int]] = {}
    surroundings = around("/")
    for _ in range(100):
        followed = await follow(listed, surroundings, article_reader(), limit=9, attempts=attempts)
        attempts = followed.attempts
        surroundings.now += timedelta(minutes=10)
    assert len(web.asked) == 1 + len(RESTS)
    assert followed.waiting == 0


async def test_while_a_page_rests_the_list_is_not_done_with(web: Any, around: Any) -> None:
    listed = [Listed(web.put("/a/1", "<html><body></body></html>"), "第1篇")]
    first = await follow(listed, around("/"), article_reader(), limit=9, attempts={})
    second = await follow(listed, around("/"), article_reader(), limit=9, attempts=first.attempts)
    assert (first.waiting, second.waiting, len(web.asked)) == (1, 1, 1)


async def test_when_time_is_up_what_was_read_is_returned(web: Any, around: Any) -> None:
    listed = [Listed(web.put(f"/a/{n}", "x"), f"第{n}篇") for n in range(2, 6)]
    surroundings = around("/")
    real, asked = surroundings.fetch, []

    async def fetch(url: str, **options: Any) -> Page:
        if len(asked) == 2:
            raise OutOfTime
        asked.append(url)
        return await real(url, **options)

    surroundings.fetch = fetch
    found = await follow(listed, surroundings, broken, limit=9, attempts={})
    assert [draft.title for draft in found.drafts] == ["第2篇", "第3篇"]
    assert found.waiting == 2
    assert not found.misses


async def test_a_robots_txt_that_could_not_be_read_is_no_final_word(web: Any, around: Any) -> None:
    listed = [Listed(web.put(f"/a/{n}", "x"), f"第{n}篇") for n in (2, 3)]
    surroundings = around("/")
    real = surroundings.fetch

    async def fetch(url: str, **options: Any) -> Page:
        if url.endswith("/2"):
            raise FetchFailed(FetchProblem.ROBOTS, "robots.txt unreadable", url=url, retry_after=300)
        return await real(url, **options)

    surroundings.fetch = fetch
    first = await follow(listed, surroundings, broken, limit=9, attempts={})
    surroundings.fetch, surroundings.now = real, surroundings.now + timedelta(minutes=RESTS[0])
    later = await follow(listed[:1], surroundings, broken, limit=9, attempts=first.attempts)
    assert [draft.title for draft in later.drafts] == ["第2篇"]


async def test_a_page_that_is_gone_is_tried_once(web: Any, around: Any) -> None:
    listed = [Listed(web.put("/a/1", "gone", status=404), "第1篇")]
    first = await follow(listed, around("/"), article_reader(), limit=9, attempts={})
    again = await follow(listed, around("/"), article_reader(), limit=9, attempts=first.attempts)
    assert (len(first.misses), len(again.misses), first.waiting) == (1, 0, 0)
    assert len(web.asked) == 1


async def test_what_is_remembered_of_failures_is_bounded(web: Any, around: Any) -> None:
    listed = [Listed(f"{web.base}/gone/{n}") for n in range(250)]
    found = await follow(listed, around("/"), article_reader(), limit=999, attempts={})
    assert len(found.attempts) == 200


async def test_a_page_that_is_listed_twice_is_read_once(web: Any, around: Any, article: Any) -> None:
    listed = [Listed(article("/a/1", "安置点第1次说明会"))] * 2
    assert len((await follow(listed, around("/"), article_reader(), limit=9, attempts={})).drafts) == 1
    assert len(web.asked) == 1


async def test_the_log_names_no_persons_number(web: Any, around: Any) -> None:
    listed = [Listed(web.put("/a?tel=13812345678&p=/1", "<p>正文</p>"))]
    with capture_logs() as logs:
        await follow(listed, around("/"), broken, limit=5, attempts={})
    assert [one["event"] for one in logs] == ["adapters.page_not_read"]
    assert "13812345678" not in str(logs)
