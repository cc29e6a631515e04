"""Vendors' answers: tables of codes, and what is not in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.notify.channels import dingtalk, feishu, sms_aliyun, sms_tencent, wecom_app, wecom_bot
from services.notify.channels.answers import Table, Verdict, judged, shown
from services.notify.channels.calls import Answer

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TABLES: dict[str, Table] = {
    "wecom_bot": wecom_bot.CODES,
    "wecom_app": wecom_app.CODES,
    "dingtalk": dingtalk.CODES,
    "feishu": feishu.CODES,
    "aliyun": sms_aliyun.CODES,
    "tencent": sms_tencent.CODES,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_code_gives_its_verdict(table: Table) -> None:
    assert [code for code, meaning in table.items() if meaning.verdict is Verdict.SENT] in (["0"], ["OK"], ["Ok"])
    for code, meaning in table.items():
        outcome = judged("某服务", Answer(200), code.replace("*", "x"), "words", table, NOW)
        assert outcome.sent is (meaning.verdict is Verdict.SENT)
        assert outcome.permanent is (meaning.verdict in (Verdict.NEVER, Verdict.CLOSED))
        assert outcome.closed is (meaning.verdict is Verdict.CLOSED)
        assert outcome.retry_after == meaning.wait
        if not outcome.sent:
            assert meaning.chinese in (outcome.reason or "")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_unknown_code_is_tried_again(table: Table) -> None:
    outcome = judged("某服务", Answer(200, "9"), "987654", "new\nthing", table, NOW)
    assert (outcome.sent, outcome.permanent, outcome.retry_after) == (False, False, 9)
    assert outcome.reason == "某服务答复 987654：new thing"


def test_the_longest_pattern_that_fits_counts() -> None:
    codes = sms_tencent.CODES
    assert judged("", Answer(200), "LimitExceeded.Other", "", codes, NOW).retry_after == 60
    assert judged("", Answer(200), "LimitExceeded.PhoneNumberThirtySecondLimit", "", codes, NOW).retry_after == 30
    assert judged("", Answer(200), "LimitExceeded.PhoneNumberDailyLimit", "", codes, NOW).permanent


def test_the_longer_wait_counts() -> None:
    assert judged("", Answer(200, "90"), 45009, "", wecom_bot.CODES, NOW).retry_after == 90
    assert judged("", Answer(200, "3"), 45009, "", wecom_bot.CODES, NOW).retry_after == 60


def test_words_are_shown_in_one_short_line_without_secrets() -> None:
    assert shown("a\x00b\r\nkey-123 " + "x" * 500, ("key-123", "key-1", None, ""))[:13] == "a b *** xxxxx"
    assert len(shown("x" * 500)) == 200
    assert shown(None) == shown({"a": 1}) == shown(True) == ""
