"""The ids of the live stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live import STREAMS, decode_position, encode_position

_entries = st.builds("{}-{}".format, st.integers(0, 10**14), st.integers(0, 10**6))


@given(st.tuples(*[_entries] * len(STREAMS)))
def test_a_position_survives_its_writing(position: tuple[str, ...]) -> None:
    text = encode_position(position)
    assert decode_position(text) == position
    assert len(text) <= 200, "fits the header that brings it back"


@pytest.mark.parametrize(
    "text", ["", "1-0", "a_b_c_d_e", "1-0_1-0_1-0_1-0", "1-0_1-0_1-0_1-0_$", "1-0_1-0_1-0_1-0_1-0_1-0", "1_1_1_1_1"]
)
def test_what_is_no_position_of_ours_is_not_taken_for_one(text: str) -> None:
    assert decode_position(text) is None
