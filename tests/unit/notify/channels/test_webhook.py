"""Webhooks: signatures, answers and Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.notify.channels.calls import retry_after_seconds
from services.notify.channels.webhook import judged
from services.notify.retries import Outcome

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_accepted(status: int) -> None:
    assert judged(status, None) == Outcome.done()


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_worth_another_attempt(status: int) -> None:
    outcome = judged(status, 30)
    assert not outcome.permanent
    assert outcome.retry_after == 30
    assert str(status) in (outcome.reason or "")


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 422])
def test_final(status: int) -> None:
    outcome = judged(status, None)
    assert outcome.permanent
    assert not outcome.closed


def test_gone_closes_the_way() -> None:
    assert judged(410, None).closed


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds
