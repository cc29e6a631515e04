"""Ways of reaching people: what is accepted and what is shown."""

from __future__ import annotations

import base64

import pytest

from contracts.words import ChannelName
from services.notify.ways import Way, check_way, masked

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "way",
    [
        Way(channel=ChannelName.LOG),
        Way(channel=ChannelName.EMAIL, address="duty.office@puer.example.cn"),
        Way(channel=ChannelName.WEBHOOK, address="https://example.org:8443/a?b=c", secret=SECRET),
        Way(channel=ChannelName.WEBHOOK, address="http://[2001:db8::1]/a", secret=SECRET),
    ],
)
def test_good_ways(way: Way) -> None:
    check_way(way)


@pytest.mark.parametrize(
    ("channel", "address", "secret", "reason"),
    [
        (ChannelName.EMAIL, "", None, "邮箱"),
        (ChannelName.EMAIL, "a@b\nBcc: c@d", None, "邮箱"),
        (ChannelName.EMAIL, "张三@example.org", None, "邮箱"),
        (ChannelName.EMAIL, "a@b, c@d", None, "邮箱"),
        (ChannelName.WEBHOOK, "ftp://example.org/", SECRET, "http"),
        (ChannelName.WEBHOOK, "file:///etc/passwd", SECRET, "http"),
        (ChannelName.WEBHOOK, "https://", SECRET, "http"),
        (ChannelName.WEBHOOK, "https://user:pw@example.org/", SECRET, "口令"),
        (ChannelName.WEBHOOK, "https://example.org:x/", SECRET, "格式"),
        (ChannelName.WEBHOOK, "https://example.org/a b", SECRET, "空白"),
        (ChannelName.WEBHOOK, "https://example.org/", None, "whsec_"),
        (ChannelName.WEBHOOK, "https://example.org/", "whsec_!!!!", "whsec_"),
        (ChannelName.WEBHOOK, "https://example.org/", "whsec_c2hvcnQ=", "24"),
    ],
)
def test_bad_ways_say_why(channel: ChannelName, address: str, secret: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_way(Way(channel=channel, address=address, secret=secret))


def test_masked_addresses_keep_only_what_helps_to_recognise() -> None:
    assert masked("email", "zhangsan@example.org") == "z***@example.org"
    assert masked("webhook", "https://hooks.example.org/secret/path?key=1") == "https://hooks.example.org/***"
    assert masked("log", "log") == "log"
