"""One reading of an address of the web, the browsers'."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.fetching.addresses import forbidden
from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.target import Target


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("http://Example.COM", "http://example.com/"),
        ("  https://example.com:443/a?b=c#d ", "https://example.com/a?b=c"),
        ("http://example.com.:80/", "http://example.com/"),
        ("http://example.com:8080/新闻?词=火", "http://example.com:8080/%E6%96%B0%E9%97%BB?%E8%AF%8D=%E7%81%AB"),
        ("http://example.com/a b", "http://example.com/a%20b"),
        ("http://example.com/%E6%96%B0|x", "http://example.com/%E6%96%B0%7Cx"),
        ("http://example.com/open/../closed/./x", "http://example.com/closed/x"),
        ("http://example.com/open/%2e%2E/closed", "http://example.com/closed"),
        ("http://example.com/a/..", "http://example.com/"),
        ("http://example.com/../..", "http://example.com/"),
        ("http://example.com/a/.well-known/..b", "http://example.com/a/.well-known/..b"),
        ("http://卫生.example/", "http://xn--rlr479e.example/"),
        ("http://under_score.example/", "http://under_score.example/"),
        ("http://[2400:3200:0::1]/x", "http://[2400:3200::1]/x"),
        ("http://0x8.8", "http://8.0.0.8/"),
    ],
)
def test_addresses_have_one_spelling(url: str, read: str) -> None:
    assert Target.of(url).url == read
    assert Target.of(read).url == read


ODD_SPELLINGS = """
127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7F.0.0.0x1 0177.0.0.1 017700000001
%31%32%37.0.0.1 １２７.０.０.１ 127。0。0。1 ①②⑦.0.0.1 0 0x 0.0.0.0 169.254.169.254 0xA9FEA9FE 2852039166 [::1] [::]
[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [64:ff9b::10.0.0.1] [fe80::1] 10.0.0.1
192.168.257
"""


@pytest.mark.parametrize("host", ODD_SPELLINGS.split())
def test_odd_spellings_of_inner_addresses_are_seen_through(host: str) -> None:
    address = Target.of(f"http://{host}/").address
    assert address is not None
    assert forbidden(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://127.0.0.1:6379/_INFO",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:port/",
        "http://-example.com/",
        "http://a..b/",
        "http://[::1",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[127.0.0.1]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://0x7g.1/",
        "http://09.1.1.1/",
        "http://1.2.3.999999/",
        "http://99999999999/",
        "http://%ff%fe/",
        "http://example.com/" + "x" * 9000,
        "http://" + "a" * 64 + ".example/",
        "ht\ntp://example.com/",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        Target.of(url)
    assert caught.value.problem is FetchProblem.NOT_AN_ADDRESS


@example("http://[")
@example("http://[::1]:x")
@example("http://[::1]evil.example/")
@given(st.text() | st.builds("http://{}".format, st.text()) | st.from_regex(r"\Ahttps?://[0-9a-fx.\[\]:%@]+/?\Z"))
def test_any_text_is_an_address_or_refused(url: str) -> None:
    try:
        target = Target.of(url)
    except FetchFailed:
        return
    assert Target.of(target.url) == target
    assert target.url.isascii()
    assert not set(" \r\n\t#") & set(target.path)


@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("/b", "https://example.com/b"),
        ("b?c", "https://example.com/dir/b?c"),
        ("//other.example/x", "https://other.example/x"),
        ("http://other.example", "http://other.example/"),
        ("?d", "https://example.com/dir/a?d"),
    ],
)
def test_redirects_are_relative(location: str, there: str) -> None:
    assert Target.of("https://example.com/dir/a").joined(location).url == there


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:text/html,x", "http://[", "mailto:a@b.example"])
def test_redirects_lead_to_web_addresses_only(location: str) -> None:
    with pytest.raises(FetchFailed, match="not_an_address"):
        Target.of("https://example.com/").joined(location)
