"""Which request counts as what, and how operators write limits."""

from __future__ import annotations

import pytest

from gateway.rates.policy import Call, call_of, read_limits


@pytest.mark.parametrize(
    ("method", "path", "known", "counted"),
    [
        ("GET", "/livez", False, None),
        ("GET", "/metrics", True, None),
        ("POST", "/api/v1/auth/token", False, Call.LOGIN),
        ("GET", "/api/v1/auth/oidc/login", False, Call.LOGIN),
        ("GET", "/public/v1/statements", False, Call.PUBLIC),
        ("GET", "/docs", True, Call.PUBLIC),
        ("GET", "/api/v1/cases", False, Call.STRANGER),
        ("GET", "/api/v1/cases", True, Call.READ),
        ("HEAD", "/api/v1/cases", True, Call.READ),
        ("POST", "/api/v1/cases", True, Call.WRITE),
        ("DELETE", "/api/v1/sources/1", True, Call.WRITE),
        ("POST", "/api/v1/sentiment", True, Call.HEAVY),
        ("GET", "/api/v1/exports", True, Call.READ),
        ("POST", "/api/v1/exports", True, Call.HEAVY),
    ],
)
def test_what_counts_as_what(method: str, path: str, known: bool, counted: Call | None) -> None:
    assert call_of(method, path, known=known) is counted


def test_what_an_operator_leaves_out_is_as_by_default() -> None:
    limits = read_limits("read = 10/second")
    assert set(limits) == set(Call)
    assert (limits[Call.READ].amount, limits[Call.READ].get_expiry()) == (10, 1)
    assert limits[Call.WRITE] == read_limits("")[Call.WRITE]
    assert read_limits(" OFF ") == {}


@pytest.mark.parametrize("wrong", ["read", "reads=3/minute", "read=often", "read=3000/fortnight"])
def test_what_cannot_be_read_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="HUIYING_RATE_LIMITS: '" + wrong):
        read_limits(wrong)
