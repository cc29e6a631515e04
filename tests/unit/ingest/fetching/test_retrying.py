"""What is tried again, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.retrying import back_off, passing, retry_after

NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 24 Nov 2026 08:01:40 GMT", 100),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0),
        ("Tuesday, 24-Nov-26 08:01:40 GMT", 100),
        ("9" * 400, 10**9),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("Tue, 99 Nov 2026 08:01:40 GMT", None),
        ("१२", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


def test_a_date_is_read_by_the_servers_own_clock() -> None:
    headers = {"retry-after": "Tue, 24 Nov 2026 03:01:40 GMT", "date": "Tue, 24 Nov 2026 03:00:00 GMT"}
    assert retry_after(headers, NOW) == 100
    assert retry_after({}, NOW) is None


@given(st.text())
def test_any_text_is_a_time_or_none(value: str) -> None:
    seconds = retry_after({"retry-after": value, "date": value}, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(0, 200))
def test_waits_grow_and_are_spread(attempt: int) -> None:
    assert min(30, 0.5 * 2**attempt) / 2 <= back_off(0.5, attempt) <= min(30, 0.5 * 2**attempt)


def test_what_passes() -> None:
    tried = {problem for problem in FetchProblem if passing(FetchFailed(problem, ""))}
    assert tried == {FetchProblem.CONNECT, FetchProblem.TIMEOUT}
    statuses = (400, 403, 404, 410, 429, 500, 501, 502, 503, 504)
    assert [s for s in statuses if passing(FetchFailed(FetchProblem.HTTP_STATUS, "", status=s))] == [502, 503, 504]
