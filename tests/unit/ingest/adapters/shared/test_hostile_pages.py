"""Pages made to harm: their cost grows with their length, not with the square of it, and they stop nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from services.ingest.adapters.feed import ADAPTER as FEED
from services.ingest.adapters.list_page import ADAPTER as LIST
from services.ingest.adapters.markup import plain_text

HOSTILE = {
    "nested": "<div>" * 200_000,
    "formatting": "".join(f"<font color={n}>x<p>" for n in range(20_000)),
    "lists": "<ul><li>" * 50_000,
    "unclosed": "<" * 200_000,
    "quotes": '<a href="' * 20_000,
    "entities": "&#x41;" * 100_000,
}


def seconds(work: Callable[[], Any]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


@pytest.mark.parametrize("kind", HOSTILE)
def test_markup_is_read_in_time(kind: str) -> None:
    assert seconds(lambda: plain_text(HOSTILE[kind] + "<p>正文")) < 20


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_feed_with_such_an_entry_is_read_in_time(web: Any, around: Any, kind: str) -> None:
    bad = f"<item><title>甲</title><description><![CDATA[{HOSTILE[kind]}]]></description></item>"
    body = f"<rss version='2.0'><channel>{bad}<item><title>乙</title></item></channel></rss>"
    web.put("/feed", body, "text/xml")
    before = time.process_time()
    found = await around("/feed").run(FEED)
    assert time.process_time() - before < 60
    assert [draft.title for draft in found.drafts] == ["甲", "乙"]


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_list_page_of_such_markup_is_read_in_time(web: Any, around: Any, article: Any, kind: str) -> None:
    article("/a/1", "安置点第1次说明会")
    web.put("/list", f"<ul class=n><li><a href=/a/1>安置点第1次说明会</a></ul>{HOSTILE[kind]}")
    before = time.process_time()
    found = await around("/list").run(LIST, items="ul.n > li")
    assert time.process_time() - before < 40
    assert len(found.drafts) == 1


def test_plain_text_keeps_what_a_reader_sees() -> None:
    assert (
        plain_text("<p>一<b>二</b></p><p>三<br>四<style>p{}</style>五</p>&nbsp;六 &lt;七&gt;")
        == "一二\n三\n四五\n六 <七>"
    )
    assert plain_text("补偿 < 标准 & 说明\n\n 第二段 ") == "补偿 < 标准 & 说明\n第二段"
    assert plain_text("A&amp;B") == "A&B"
    assert plain_text("") == ""
