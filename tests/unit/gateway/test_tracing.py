"""Trace context: what is one is gone on with, what is none is begun anew."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tracing import trace_of

ID, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_trace_is_gone_on_with_in_a_span_of_ones_own() -> None:
    trace = trace_of(f"00-{ID}-{SPAN}-00")
    assert (trace.id, trace.flags) == (ID, "00")
    assert trace.span != SPAN
    assert trace.header == f"00-{ID}-{trace.span}-00"
    assert trace_of(f"01-{ID}-{SPAN}-01-more").id == ID, "a later version may say more"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        f"ff-{ID}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01-more",
        f"00-{ID}-{SPAN}",
        f"00-{ID}-{SPAN}-01\r\nX-Evil: 1",
    ],
)
def test_what_is_none_begins_a_new_one(given: str | None) -> None:
    trace = trace_of(given)
    assert trace.id != ID
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace.header)


@given(st.text(max_size=80))
def test_whatever_is_given_what_goes_on_is_well_formed(given: str) -> None:
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", trace_of(given).header)
