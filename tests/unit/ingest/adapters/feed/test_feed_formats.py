"""Every format of feed, in every encoding in which Chinese sites send them, true to its label or not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from services.ingest.adapters.feed import ADAPTER

TITLE = "澜江县移民补偿款发放引关注"
TEXT = "新镇安置点多名村民反映，第二批补偿款迟迟没有到账，希望县里尽快说明发放时间。"
CHINA = timezone(timedelta(hours=8))

ITEM = f"<title>{TITLE}</title><link>{{base}}/a/1</link><description>{TEXT}</description>"

RSS_091 = (
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" '
    '"http://my.netscape.com/publish/formats/rss-0.91.dtd">'
    f'<rss version="0.91"><channel><title>澜江新闻</title><link>{{base}}/</link><item>{ITEM}</item></channel></rss>'
)
RSS_092 = (
    f'<rss version="0.92"><channel><title>澜江新闻</title><item>{ITEM}'
    '<source url="http://daily.example.cn/rss">云岭日报</source></item></channel></rss>'
)
RSS_10 = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/">'
    '<channel rdf:about="{base}/"><title>澜江新闻</title></channel>'
    f'<item rdf:about="{{base}}/a/1">{ITEM}<dc:date>2026-06-14T09:30:00+08:00</dc:date>'
    "<dc:creator>李某</dc:creator><slash:comments>12</slash:comments></item></rdf:RDF>"
)
RSS_20 = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/">'
    f"<channel><title>澜江新闻</title><item><title>{TITLE}</title>"
    '<guid isPermaLink="true">{base}/a/1</guid><description>摘要</description>'
    f"<content:encoded><![CDATA[<p>{TEXT}</p><script>var a = 1;</script>]]></content:encoded>"
    "<pubDate>Sun, 14 Jun 2026 09:30:00 +0800</pubDate><dc:creator>李某</dc:creator>"
    "<slash:comments>12</slash:comments></item></channel></rss>"
)
ATOM_03 = (
    '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>澜江新闻</title><entry>'
    f'<title>{TITLE}</title><link rel="alternate" type="text/html" href="{{base}}/a/1"/><id>tag:example.cn,2026:1</id>'
    "<issued>2026-06-14T09:30:00+08:00</issued><modified>2026-06-14T10:00:00+08:00</modified>"
    f'<author><name>李某</name></author><content type="text/html" mode="escaped">&lt;p&gt;{TEXT}&lt;/p&gt;</content>'
    "</entry></feed>"
)
ATOM_10 = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0">'
    f'<title>澜江新闻</title><author><name>李某</name></author><entry><title>{TITLE}</title><link href="/a/1"/>'
    "<id>urn:uuid:1</id><published>2026-06-14T01:30:00Z</published><updated>2026-06-14T02:00:00Z</updated>"
    f'<summary>摘要</summary><content type="html">&lt;p&gt;{TEXT}&lt;/p&gt;</content><thr:total>12</thr:total>'
    "</entry></feed>"
)

XML_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "rss091": (RSS_091, {}),
    "rss092": (RSS_092, {"outlet": "云岭日报"}),
    "rss10": (RSS_10, {"at": True, "author": "李某", "comments": 12}),
    "rss20": (RSS_20, {"at": True, "author": "李某", "comments": 12}),
    "atom03": (ATOM_03, {"at": True, "author": "李某"}),
    "atom10": (ATOM_10, {"at": True, "author": "李某", "comments": 12}),
}
#: label in the document, codec of the bytes, header, what is put before the bytes
ENCODINGS = {
    "utf-8": ("utf-8", "utf-8", "application/xml", b""),
    "gbk": ("gbk", "gbk", "application/xml", b""),
    "gb18030": ("gb18030", "gb18030", "text/xml", b""),
    "gb2312 in the header": (None, "gbk", "text/xml; charset=gb2312", b""),
    "utf-8 declared, but gbk": ("utf-8", "gbk", "application/xml; charset=utf-8", b""),
    "gb2312 declared, but utf-8": ("gb2312", "utf-8", "application/xml", b""),
    "no declaration, utf-8": (None, "utf-8", "application/octet-stream", b""),
    "no declaration, gbk": (None, "gbk", "text/xml", b""),
    "byte order mark": ("gbk", "utf-8", "text/xml", b"\xef\xbb\xbf"),
    "utf-16": ("utf-16", "utf-16", "text/xml", b""),
}


def document(markup: str, base: str, label: str | None) -> str:
    declaration = f'<?xml version="1.0" encoding="{label}"?>' if label else '<?xml version="1.0"?>'
    return declaration + markup.replace("{base}", base)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", XML_FORMATS)
async def test_reads_every_format_in_every_encoding(web: Any, around: Any, name: str, encoding: str) -> None:
    markup, expected = XML_FORMATS[name]
    label, codec, content_type, mark = ENCODINGS[encoding]
    web.put("/feed", mark + document(markup, web.base, label).encode(codec), content_type)
    found = await around("/feed").run(ADAPTER)
    (draft,) = found.drafts
    assert (draft.title, draft.text, draft.url) == (TITLE, TEXT, f"{web.base}/a/1")
    assert draft.published_at == (datetime(2026, 6, 14, 1, 30, tzinfo=UTC) if expected.get("at") else None)
    assert draft.author == expected.get("author")
    assert draft.outlet == expected.get("outlet")
    assert draft.counters == ({"comments": expected["comments"]} if "comments" in expected else {})
    assert found.seen == 1
    assert not found.misses


@pytest.mark.parametrize("label", ["big5", "utf-8", None])
async def test_reads_big5_true_to_its_label_or_not(web: Any, around: Any, label: str | None) -> None:
    title = "移民安置補償款發放引起關注"
    text = "新鎮安置點多名村民反映，第二批補償款遲遲沒有到帳，希望縣裡盡快說明發放時間，並公布名單。"
    markup = f"<rss version='2.0'><channel><title>新聞</title><item><title>{title}</title><link>{{base}}/a/1</link>"
    markup += f"<description>{text}</description></item></channel></rss>"
    web.put("/feed", document(markup, web.base, label).encode("big5"), "text/xml")
    (draft,) = (await around("/feed").run(ADAPTER)).drafts
    assert (draft.title, draft.text) == (title, text)


@pytest.mark.parametrize("version", ["1", "1.1"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk"])
async def test_reads_json_feeds(web: Any, around: Any, version: str, codec: str) -> None:
    author = {"author": {"name": "李某"}} if version == "1" else {"authors": [{"name": "李某"}]}
    feed = {
        "version": f"https://jsonfeed.org/version/{version}",
        "title": "澜江新闻",
        "home_page_url": web.base,
        "items": [
            {
                "id": f"{web.base}/a/1",
                "title": TITLE,
                "content_html": f"<p>{TEXT}</p>",
                "summary": "摘要",
                "date_published": "2026-06-14T09:30:00+08:00",
                **author,
            },
            {"id": "2", "url": "/a/2", "content_text": "补偿标准 < 去年，请问为什么？"},
            "not an entry",
        ],
    }
    web.put("/feed.json", json.dumps(feed, ensure_ascii=False).encode(codec), "application/feed+json")
    first, second = (await around("/feed.json").run(ADAPTER)).drafts
    assert (first.title, first.text, first.url, first.author) == (TITLE, TEXT, f"{web.base}/a/1", "李某")
    assert first.published_at == datetime(2026, 6, 14, 9, 30, tzinfo=CHINA)
    assert (second.text, second.url) == ("补偿标准 < 去年，请问为什么？", f"{web.base}/a/2")


@pytest.mark.parametrize(
    "stated",
    [
        "Sun, 14 Jun 2026 09:30:00 +0800",
        "Sun, 14 Jun 2026 01:30:00 GMT",
        "14 Jun 26 09:30 +0800",
        "Sun, 14 Jun 2026 09:30:00",
        "Sun, 14 Jun 2026 09:30:00 CST",
        "Sun Jun 14 09:30:00 CST 2026",
        "Sun, 14 Jun 2026 09:30:00 GMT+8",
        "星期日, 14 六月 2026 09:30:00 +0800",
        "周日, 14 6月 2026 09:30:00 +0800",
        "2026-06-14 09:30:00",
        "2026-06-14T01:30:00Z",
        "2026/6/14 9:30",
        "2026年6月14日 09:30",
        "2026年6月14日上午9:30",
        "1781400600",
        "1781400600000",
    ],
)
async def test_understands_how_chinese_feeds_write_time(web: Any, around: Any, stated: str) -> None:
    item = f"<item><title>{TITLE}</title><link>/a/1</link><pubDate>{stated}</pubDate></item>"
    web.put("/feed", f"<rss version='2.0'><channel>{item}</channel></rss>", "text/xml")
    (draft,) = (await around("/feed").run(ADAPTER)).drafts
    assert draft.published_at == datetime(2026, 6, 14, 9, 30, tzinfo=CHINA)


async def test_local_time_that_is_labelled_gmt_is_put_right_for_the_whole_feed(web: Any, around: Any) -> None:
    times = ("Mon, 15 Jun 2026 10:40:00 GMT", "Sun, 14 Jun 2026 09:30:00 GMT")
    items = "".join(f"<item><title>{at}</title><pubDate>{at}</pubDate></item>" for at in times)
    web.put("/feed", f"<rss version='2.0'><channel>{items}</channel></rss>", "text/xml")
    newest, older = (await around("/feed").run(ADAPTER)).drafts
    assert newest.published_at == datetime(2026, 6, 15, 10, 40, tzinfo=CHINA)
    assert older.published_at == datetime(2026, 6, 14, 9, 30, tzinfo=CHINA)


async def test_a_time_that_no_post_can_have_is_left_out(web: Any, around: Any) -> None:
    item = f"<item><title>{TITLE}</title><pubDate>Sun, 14 Jun 2099 09:30:00 +0800</pubDate></item>"
    web.put("/feed", f"<rss version='2.0'><channel>{item}</channel></rss>", "text/xml")
    (draft,) = (await around("/feed").run(ADAPTER)).drafts
    assert draft.published_at is None


async def test_reads_a_feed_that_is_not_well_formed(web: Any, around: Any) -> None:
    markup = f"<rss ?xml version='2.0'><channel><item><title>{TITLE} & 回应\x0b</title><link>/a/1?x=1&y=2</link></item>"
    web.put("/feed", markup, "text/xml")
    (draft,) = (await around("/feed").run(ADAPTER)).drafts
    assert (draft.title, draft.url) == (f"{TITLE} & 回应", f"{web.base}/a/1?x=1&y=2")
