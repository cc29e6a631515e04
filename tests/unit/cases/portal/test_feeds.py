"""The feeds are held against their specifications, and read back by a reader that others wrote."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.cases.portal.feeds import atom, json_feed, rss
from services.cases.portal.statements import PublicStatementOut
from tests.unit.cases.portal.samples import AT, BASE, IDS, feed, row, site

GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))
A = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"


def hold_atom(body: bytes) -> Any:
    """Hold a feed against the grammar of RFC 4287 and the two Schematron rules and section 4 beside it."""
    root = etree.fromstring(body)
    assert GRAMMAR.validate(root), GRAMMAR.error_log
    assert root.find(f"{A}author") is not None or all(one.find(f"{A}author") is not None for one in root)
    ids = [one.text for one in root.iter(f"{A}id")]
    assert len(ids) == len(set(ids))
    for entry in root.iter(f"{A}entry"):
        alternate = [one for one in entry.iter(f"{A}link") if one.get("rel") == "alternate"]
        assert len(alternate) == 1
        assert entry.find(f"{A}content") is not None
    for one in [*root.iter(f"{A}updated"), *root.iter(f"{A}published")]:
        assert datetime.fromisoformat(one.text).tzinfo is not None
    return root


def hold_rss(body: bytes) -> Any:
    """Hold a feed against RSS 2.0 and the RSS Advisory Board's profile (https://www.rssboard.org/rss-profile)."""
    root = etree.fromstring(body)
    assert (root.tag, root.get("version"), len(root)) == ("rss", "2.0", 1)
    channel = root[0]
    once = ("title", "link", "description", "language", "lastBuildDate", "docs", "generator", "ttl")
    assert [len(channel.findall(name)) for name in once] == [1] * len(once)
    known = {*once, "item", "category", "copyright", "managingEditor", "webMaster", "pubDate", "cloud", "image"}
    assert {one.tag for one in channel if not one.tag.startswith("{")} <= known
    (own,) = [one for one in channel.iter(f"{A}link") if one.get("rel") == "self"]
    assert own.get("type") == "application/rss+xml"
    assert own.get("href", "").startswith("https://")
    guids = []
    for item in channel.iter("item"):
        counted = {name: len(item.findall(name)) for name in ("title", "link", "description", "guid", "pubDate")}
        assert set(counted.values()) == {1}
        assert item.find("author") is None  # would have to be an e-mail address
        assert item.find("enclosure") is None
        assert item.find("guid").get("isPermaLink") == "false"
        assert item.findtext("link").startswith("https://")
        assert parsedate_to_datetime(item.findtext("pubDate")).tzinfo is not None
        assert "<" not in etree.tostring(item.find("description"), encoding="unicode")[len("<description>") : -20]
        guids.append(item.findtext("guid"))
    assert len(guids) == len(set(guids))
    return channel


def hold_json(body: bytes) -> dict[str, Any]:
    """Hold a feed against the rules of JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    told: dict[str, Any] = json.loads(body)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    top = {"version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon"}
    top |= {"favicon", "authors", "language", "expired", "hubs", "items"}
    assert all(name in top or name.startswith("_") for name in told)
    assert told["title"]
    assert told.get("next_url") != told["feed_url"]
    item_names = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "image"}
    item_names |= {"banner_image", "date_published", "date_modified", "authors", "tags", "language", "attachments"}
    for item in told["items"]:
        assert all(name in item_names or name.startswith("_") for name in item)
        assert isinstance(item["id"], str)
        assert item["content_text"] or item["content_html"]
        for name in ("date_published", "date_modified"):
            assert name not in item or datetime.fromisoformat(item[name]).tzinfo is not None
        assert all(isinstance(tag, str) for tag in item.get("tags", []))
        assert all(author["name"] for author in item.get("authors", []))
    assert len({item["id"] for item in told["items"]}) == len(told["items"])
    return told


def test_atom_holds_to_its_grammar_and_says_what_became_of_a_text() -> None:
    root = hold_atom(atom(feed()))
    assert root.findtext(f"{A}updated") == "2026-03-01T18:30:00+08:00"
    links = {one.get("rel"): one.get("href") for one in root.findall(f"{A}link")}
    assert set(links) == {"self", "alternate", "first", "previous", "next"}  # RFC 5005
    assert links["next"] == f"{BASE}/public/v1/statements.xml?cursor=c"
    gone, new, old = root.findall(f"{A}entry")
    assert (gone.findtext(f"{A}title"), gone.findtext(f"{A}id")) == ("〔已撤回〕情况通报<2>", f"urn:uuid:{IDS[2]}")
    assert gone.findtext(f"{A}summary") == "本文已于2026-03-01 18:30撤回：数据有误"
    assert gone.findtext(f"{A}published") == "2026-03-01T11:30:00+08:00"
    assert gone.findtext(f"{A}updated") == "2026-03-01T18:30:00+08:00"
    assert old.findtext(f"{A}updated") == "2026-03-01T10:30:00+08:00"
    related = [one.get("href") for one in old.findall(f"{A}link") if one.get("rel") == "related"]
    assert related == [f"{BASE}/public/v1/statements/{IDS[1]}"]
    assert [one.get("term") for one in new.findall(f"{A}category")] == ["供水", "水质", "停水"]
    assert "更正原因：漏了&lt;两个组&gt;" in new.findtext(f"{A}content")
    assert "&lt;script&gt;" in new.findtext(f"{A}content")


def test_the_grammar_would_find_a_feed_that_is_none() -> None:
    body = atom(feed())
    for old, new in ((b"<updated>2026", b"<updated>on 2026"), (b"<generator>", b"<generator/><generator>")):
        assert old in body
        assert not GRAMMAR.validate(etree.fromstring(body.replace(old, new, 1)))


def test_rss_holds_to_the_profile() -> None:
    channel = hold_rss(rss(feed()))
    assert channel.findtext("lastBuildDate") == "Sun, 01 Mar 2026 18:30:00 +0800"
    gone, new, old = channel.findall("item")
    assert gone.findtext("title").startswith("〔已撤回〕")
    assert old.findtext("title").startswith("〔已更正〕")
    assert new.findtext("pubDate") == "Sun, 01 Mar 2026 10:30:00 +0800"
    assert [one.text for one in new.findall("category")] == ["供水", "水质", "停水"]
    assert new.findtext(f"{DC}creator") == "某县水务局"
    assert {one.get("rel") for one in channel.findall(f"{A}link")} == {"self", "first", "previous", "next"}


def test_json_holds_to_its_rules() -> None:
    told = hold_json(json_feed(feed()))
    assert (told["title"], told["icon"]) == ("某县供水信息", "https://cdn.example/logo.png")
    gone, new, old = told["items"]
    assert gone["_withdrawn"] == {"at": "2026-03-01T10:30:00+00:00", "reason": "数据有误"}
    assert gone["date_modified"] == "2026-03-01T10:30:00+00:00"
    assert "date_modified" not in new
    assert new["tags"] == ["供水", "水质", "停水"]
    assert old["_corrected_by"]["reason"] == "漏了<两个组>"
    assert (old["summary"], old["content_text"]) == (
        "本文已于2026-03-01 10:30更正，请以《更正》为准。更正原因：漏了<两个组>。",
        row(0).text,
    )


@pytest.mark.parametrize("write", [atom, rss], ids=["atom", "rss"])
def test_a_reader_that_others_wrote_reads_it(write: Any) -> None:
    read = feedparser.parse(write(feed()))
    assert not read.bozo, read.get("bozo_exception")
    assert read.feed.title == "某县供水信息"
    assert [one.title for one in read.entries] == ["〔已撤回〕情况通报<2>", "更正", "〔已更正〕情况通报<0>"]
    assert [one.id for one in read.entries] == [f"urn:uuid:{IDS[number]}" for number in (2, 1, 0)]
    assert read.entries[1].published_parsed[:5] == (2026, 3, 1, 2, 30)
    assert [tag.term for tag in read.entries[1].tags] == ["供水", "水质", "停水"]
    following = next(one.href for one in read.feed.links if one.rel == "next")
    assert following == f"{BASE}/public/v1/statements.xml?cursor=c"


def test_no_name_of_a_person_is_in_any_feed() -> None:
    for write in (atom, rss, json_feed):
        body = write(feed()).decode()
        assert "王办" not in body
        assert "李办" not in body


def test_an_empty_list_is_a_feed_too() -> None:
    alone = feed([], modified=AT, next_url=None, previous_url=None)
    assert len(hold_atom(atom(alone)).findall(f"{A}entry")) == 0
    assert len(hold_rss(rss(alone)).findall("item")) == 0
    assert hold_json(json_feed(alone))["items"] == []


@settings(max_examples=60)
@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_whatever_was_published_the_feeds_are_well_formed(title: str, text: str, words: str) -> None:
    told = {**row(0).disclosure, "subject_words": words}
    title, text = (one.encode("utf-8", "ignore").decode() or "文" for one in (title, text))
    told["subject_words"] = words.encode("utf-8", "ignore").decode()
    one = PublicStatementOut.of(row(0, title=title, text=text, disclosure=told), site(), {})
    hold_atom(atom(feed([one])))
    hold_rss(rss(feed([one])))
    assert hold_json(json_feed(feed([one])))["items"][0]["content_text"] == text
