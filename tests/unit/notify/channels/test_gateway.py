"""Settings of gateways and of text-message templates: what is wrong with them is said, not found out by failures."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import SecretStr

from kit.clock import SystemClock
from services.notify.channels.calls import Caller
from services.notify.channels.gateway import Gateway
from services.notify.channels.sms import sms
from services.notify.channels.templates import TemplateParameters
from services.notify.channels.voice import voice
from services.notify.settings import NotifySettings

URL = "https://sms.example.org/send"
BODY = '{"mobile": "{to}", "content": "{text}"}'


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((URL.replace("https", "ftp"), BODY, "", "code=0", ""), "网址"),
        ((URL, "{to} {text}", "", "code=0", ""), "JSON"),
        ((URL, '["{to}", "{text}"]', "", "code=0", ""), "JSON 对象"),
        ((URL, '{"mobile": "{to}"}', "", "code=0", ""), "{text}"),
        ((URL, BODY, "Authorization: x", "code=0", ""), "JSON"),
        ((URL, BODY, '{"a": 1}', "code=0", ""), "请求头"),
        ((URL, BODY, "", "code", ""), "code=0"),
        ((URL, BODY, "", "code=", ""), "code=0"),
        ((URL, BODY, "", "data[=0", ""), "路径"),
    ],
)
def test_what_is_wrong_with_a_gateway_is_said(values: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        Gateway.read(*values)


def test_places_are_filled_once_at_any_depth() -> None:
    gateway = Gateway.read(URL, '{"a": [{"b": "{to}-{text}"}], "n": 1, "{to}": "{other}"}', "", "data[0].ok=true", "")
    filled = json.loads(gateway.filled({"to": "{text}", "text": '"}', "subject": "", "name": "", "id": ""}))
    assert filled == {"a": [{"b": '{text}-"}'}], "n": 1, "{to}": "{other}"}
    assert gateway.path.search({"data": [{"ok": True}]}) is True


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "HUIYING_SMS_PROVIDER"),
        ({"sms_provider": "aliyun"}, "HUIYING_ALIYUN_ACCESS_KEY_ID"),
        ({"sms_provider": "aliyun", "aliyun_access_key_id": "a", "aliyun_access_key_secret": "b"}, "HUIYING_SMS_SIGN"),
        ({"sms_provider": "tencent"}, "HUIYING_TENCENT_SECRET_ID"),
        ({"sms_provider": "tencent", "tencent_secret_id": "a", "tencent_secret_key": "b"}, "HUIYING_TENCENT_SMS_APP"),
        ({"sms_provider": "http"}, "HUIYING_SMS_HTTP_URL"),
        ({"sms_provider": "http", "sms_http_url": URL}, "JSON"),
        ({"sms_provider": "aliyun", "sms_params": "title"}, "title"),
    ],
)
def test_text_messages_say_what_is_missing(settings: dict[str, Any], reason: str) -> None:
    made = NotifySettings(internal_key=SecretStr("k"), **settings)
    assert reason in (sms(made, Caller(1, frozenset()), SystemClock()).unavailable() or "")


def test_calls_say_what_is_missing() -> None:
    caller = Caller(1, frozenset())
    none = NotifySettings(internal_key=SecretStr("k"))
    assert "HUIYING_VOICE_HTTP_URL" in (voice(none, caller).unavailable() or "")
    wrong = NotifySettings(internal_key=SecretStr("k"), voice_http_url=SecretStr(URL))
    assert "HUIYING_VOICE_HTTP_…" in (voice(wrong, caller).unavailable() or "")


def test_parameters_keep_their_order() -> None:
    read = TemplateParameters.read(" 2 = level, 1=subject ,", 20)
    assert list(read.fields.items()) == [("2", "level"), ("1", "subject")]


@pytest.mark.parametrize("text", ["title", "title=", "=subject", "title=secret", "a=subject,a=level"])
def test_wrong_parameters_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="短信模板参数"):
        TemplateParameters.read(text, 20)
