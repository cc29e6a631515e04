"""Ways of reaching people: what is accepted and what is shown."""

from __future__ import annotations

import base64
import json

import pytest

from contracts.words import ChannelName
from services.notify.ways import Way, check_way, masked

PUSH = json.dumps(
    {
        "endpoint": "https://updates.push.example.org/wpush/v2/gAAAA",
        "expirationTime": None,
        "keys": {"p256dh": "BA" + "A" * 85, "auth": "A" * 22},
    }
)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "way",
    [
        Way(channel=ChannelName.LOG),
        Way(channel=ChannelName.EMAIL, address="duty.office@puer.example.cn"),
        Way(channel=ChannelName.WEBHOOK, address="https://example.org:8443/a?b=c", secret=SECRET),
        Way(channel=ChannelName.WEBHOOK, address="http://[2001:db8::1]/a", secret=SECRET),
        Way(channel=ChannelName.WECOM_BOT, address="693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"),
        Way(
            channel=ChannelName.WECOM_BOT, address="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aoc"
        ),
        Way(channel=ChannelName.WECOM_APP, address="ZhangSan.01@ynpe"),
        Way(channel=ChannelName.DINGTALK, address="https://oapi.dingtalk.com/robot/send?access_token=0a1b2c3d4e"),
        Way(channel=ChannelName.DINGTALK, address="0a1b2c3d4e", secret="SECabc"),
        Way(channel=ChannelName.FEISHU, address="https://open.feishu.cn/open-apis/bot/v2/hook/9b7f2c1e-1111"),
        Way(channel=ChannelName.SMS, address="13800001234"),
        Way(channel=ChannelName.SMS, address="+85291234567"),
        Way(channel=ChannelName.VOICE, address="0879-2123456"),
        Way(channel=ChannelName.WEB_PUSH, address=PUSH),
        Way(channel=ChannelName.APPRISE, address="tgram://123456789:abcdefg_hijklmnop/12315544/"),
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
        (ChannelName.WECOM_BOT, "", None, "密钥"),
        (ChannelName.WECOM_BOT, "key&a=b/../12345", None, "密钥"),
        (ChannelName.WECOM_BOT, "https://qyapi.weixin.qq.com/cgi-bin/webhook/upload?key=693a91f6-7aoc", None, "密钥"),
        (ChannelName.WECOM_BOT, "https://user@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", None, "网址"),
        (ChannelName.WECOM_APP, "@all", None, "userid"),
        (ChannelName.WECOM_APP, "zhang|li", None, "userid"),
        (ChannelName.DINGTALK, "https://oapi.dingtalk.com/robot/send", None, "密钥"),
        (ChannelName.DINGTALK, "0a1b2c3d4e", "abc", "SEC"),
        (ChannelName.FEISHU, "https://open.feishu.cn/open-apis/bot/v2/hook/a/../../b", None, "密钥"),
        (ChannelName.SMS, "12800001234", None, "手机号"),
        (ChannelName.SMS, "13800001234,13800001235", None, "手机号"),
        (ChannelName.SMS, "0879-2123456", None, "手机号"),
        (ChannelName.VOICE, "110", None, "电话"),
        (ChannelName.WEB_PUSH, "https://push.example.org/", None, "JSON"),
        (ChannelName.WEB_PUSH, PUSH.replace("BA", "AA"), None, "密钥"),
        (ChannelName.WEB_PUSH, PUSH.replace("https", "ftp"), None, "http"),
        (ChannelName.APPRISE, "tgram", None, "apprise"),
        (ChannelName.APPRISE, "tgram://a/b, json://localhost", None, "apprise"),
        (ChannelName.APPRISE, "WeComBot://693a91f6", None, "企业微信群机器人"),
        (ChannelName.APPRISE, "dingtalk://token", None, "钉钉群机器人"),
        (ChannelName.APPRISE, "lark://token", None, "飞书群机器人"),
    ],
)
def test_bad_ways_say_why(channel: ChannelName, address: str, secret: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_way(Way(channel=channel, address=address, secret=secret))


def test_masked_addresses_keep_only_what_helps_to_recognise() -> None:
    assert masked("email", "zhangsan@example.org") == "z***@example.org"
    assert masked("webhook", "https://hooks.example.org/secret/path?key=1") == "https://hooks.example.org/***"
    assert masked("log", "log") == "log"
    assert masked("sms", "13800001234") == "138****1234"
    assert masked("voice", "+8613800001234") == "+86138****1234"
    assert masked("voice", "08792123456") == "087****3456"
    assert masked("wecom_bot", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6") == "***91f6"
    assert masked("dingtalk", "0a1b2c3d4e") == "***3d4e"
    assert masked("feishu", "9b7f2c1e-1111") == "***1111"
    assert masked("wecom_app", "ZhangSan") == "Z***"
    assert masked("apprise", "tgram://123:abc/1") == "tgram://***"
    assert masked("web_push", PUSH) == "https://updates.push.example.org/***"
    assert masked("web_push", "nonsense") == "***"
