"""Secrets of API keys: found by scanners, and a slip of the hand told by the check digits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gateway.key_secrets import PATTERN, new_key_secret, well_formed

_SECRET = new_key_secret()


def test_secrets_are_all_different_and_found_in_a_text() -> None:
    made = {new_key_secret() for _ in range(200)}
    assert len(made) == 200
    assert all(well_formed(secret) for secret in made)
    assert re.findall(PATTERN, f"key = '{_SECRET}'; other") == [_SECRET]


@given(st.integers(4, 52), st.characters(categories=["L", "N"]))
def test_one_wrong_character_is_noticed(place: int, wrong: str) -> None:
    if _SECRET[place] != wrong:
        assert not well_formed(_SECRET[:place] + wrong + _SECRET[place + 1 :])


@given(st.integers(4, 51))
def test_two_characters_in_each_others_place_are_noticed(place: int) -> None:
    turned = _SECRET[:place] + _SECRET[place + 1] + _SECRET[place] + _SECRET[place + 2 :]
    assert well_formed(turned) == (turned == _SECRET)


def test_secrets_without_check_digits_go_on() -> None:
    assert well_formed("hyk_" + "aB3-_" * 8 + "xyz")
    assert not well_formed("hyk_short")
    assert not well_formed("")
