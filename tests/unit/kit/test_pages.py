"""Cursors: what a list gave comes back; what it cannot have given is refused before a database sees it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.pages import PageRequest, decode_cursor, encode_cursor
from kit.problems import Problem


def cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@given(
    st.lists(
        st.none()
        | st.integers(-(2**63) + 1, 2**63 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
    )
)
def test_a_cursor_comes_back(values: list[Any]) -> None:
    assert decode_cursor(encode_cursor(*values)) == values


@pytest.mark.parametrize(
    "value", ["a", {"a": 1}, [float("nan")], [float("inf")], [2**63], [10**300], ["a\x00b"], [["a"]], [{"a": 1}]]
)
def test_what_no_list_gives_is_refused(value: Any) -> None:
    with pytest.raises(Problem) as refused:
        decode_cursor(cursor(value))
    assert (refused.value.status, refused.value.slug) == (400, "bad-cursor")


@pytest.mark.parametrize("at", ["2026-03-01T00:00:00", "0001-01-01T00:00:00+08:00", "soon", 1.5, None])
def test_a_time_is_an_instant(at: Any) -> None:
    with pytest.raises(Problem) as refused:
        PageRequest(10, [at, "id"]).after_times(0)
    assert refused.value.slug == "bad-cursor"


def test_times_are_read_back() -> None:
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert PageRequest(10, decode_cursor(encode_cursor(at, "id"))).after_times(0) == [at, "id"]
