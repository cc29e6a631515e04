"""What makes two posts the same post."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel, Tier
from services.ingest.author import author_hash
from services.ingest.folding import cleaned, folded
from services.ingest.identity import NotAUrl, canonical_url, identity, text_key
from services.ingest.registry import Outlet, Registry


@pytest.mark.parametrize(
    "variant",
    [
        "https://www.example.com/a/1",
        "http://www.example.com/a/1",
        "HTTPS://WWW.Example.COM:443/a/1/",
        "https://www.example.com/a/1?utm_source=x&spm=1.2&from=timeline#comments",
        " https://www.example.com/a/1?isappinstalled=0 ",
    ],
)
def test_variants_of_an_address_are_one(variant: str) -> None:
    assert canonical_url(variant) == "https://www.example.com/a/1"


def test_what_says_what_is_read_stays_in_whatever_order() -> None:
    assert canonical_url("https://example.com/v?id=2&page=3&utm_medium=m") == canonical_url(
        "https://example.com/v?page=3&id=2"
    )
    assert canonical_url("https://example.com/v?id=2") != canonical_url("https://example.com/v?id=3")


@pytest.mark.parametrize(
    "bad", ["ftp://example.com/a", "javascript:alert(1)", "/a/b", "https://", "https://u:p@e.com/"]
)
def test_what_is_no_public_page_is_refused(bad: str) -> None:
    with pytest.raises(NotAUrl):
        canonical_url(bad)


@given(st.text(min_size=1))
def test_folding_is_stable(text: str) -> None:
    assert folded(folded(text)) == folded(text)


def test_texts_that_read_alike_fold_alike() -> None:
    assert text_key("补偿款，什么时候到？ABC１２") == text_key("补偿款 什么时候到 abc12")
    assert text_key("！！！") != text_key("？？？")
    assert text_key("补偿款") != text_key("赔偿款")


def test_an_address_outranks_the_text() -> None:
    assert identity("https://e.com/1", "同文") != identity("https://e.com/2", "同文")
    assert identity(None, "同文。") == identity(None, "同文")


def test_what_no_database_stores_is_left_out() -> None:
    assert cleaned("好\x00的\ud800\n行") == "好的\n行"


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_handle_leaves_only_a_hash(handle: str, other: str) -> None:
    key = b"k" * 32
    hashed = author_hash(handle, "weibo", key)
    if hashed is None:
        return
    assert len(hashed) == 32
    assert set(hashed) <= set("0123456789abcdef")
    assert hashed == author_hash(handle, "weibo", key)
    assert hashed != author_hash(handle, "forum", key)
    assert hashed != author_hash(handle, "weibo", b"x" * 32)


def test_an_account_on_a_platform_is_not_the_platform() -> None:
    ours = Outlet("局官微", Tier.MUNICIPAL, Channel.WEIBO, "s1")
    registry = Registry.built_in().with_sources([(ours, "https://weibo.com/u/123")])
    assert registry.find(None, "https://weibo.com/u/123/status") == ours
    platform = registry.find(None, "https://weibo.com/u/1234")
    assert platform is not None
    assert platform.name == "微博"
    paper = registry.find(None, "https://news.yunnan.cn/a/1")
    assert paper is not None
    assert paper.tier is Tier.PROVINCIAL
    assert registry.find("@云南日报", None) == Registry.built_in().find("云南日报", None)
    assert registry.find("没听说过", "https://unknown.example.com/1") is None
