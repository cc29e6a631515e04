"""When a source is looked at next."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.collecting.cadence import SPREAD, adapted, first_wait, wait

HOUR = 3600.0


@given(st.lists(st.booleans(), max_size=200), st.floats(60, 7 * 24 * HOUR))
def test_the_interval_stays_within_its_spread_whatever_a_source_does(changes: list[bool], cadence: float) -> None:
    interval = cadence
    for fresh in changes:
        interval = adapted(interval, cadence, fresh=fresh)
        assert cadence / SPREAD <= interval <= cadence * SPREAD


def test_a_source_that_changes_is_looked_at_sooner_and_a_still_one_later() -> None:
    busy = quiet = HOUR
    for _ in range(20):
        busy, quiet = adapted(busy, HOUR, fresh=True), adapted(quiet, HOUR, fresh=False)
    assert busy == HOUR / 4
    assert quiet == HOUR * 4


def test_failures_double_the_wait_up_to_six_hours() -> None:
    waits = [wait(HOUR / 4, HOUR / 4, failures=n, key="same") for n in range(1, 12)]
    assert all(1.8 < later / sooner < 2.2 for sooner, later in pairwise(waits[:5]))
    assert max(waits) <= 6 * HOUR * 1.1
    # a source of longer cadence never comes sooner for having failed
    assert wait(24 * HOUR, 24 * HOUR, failures=3, key="same") >= 24 * HOUR * 0.9


def test_surge_shortens_the_wait_and_failures_in_it_rest_a_quarter_of_an_hour_at_most() -> None:
    assert wait(HOUR, HOUR, failures=0, key="a", surge=300) <= 330
    assert wait(60, HOUR, failures=0, key="a", surge=300) <= 66, "an interval that is shorter stays"
    assert wait(HOUR, HOUR, failures=9, key="a", surge=300) <= 990


def test_what_the_server_asked_for_is_kept_even_in_surge() -> None:
    assert wait(HOUR, HOUR, failures=1, key="a", surge=300, retry_after=7200) == 7200


@given(st.text(max_size=40))
def test_jitter_is_a_tenth_at_most_and_the_same_for_the_same_key(key: str) -> None:
    seconds = wait(HOUR, HOUR, failures=0, key=key)
    assert 0.9 * HOUR <= seconds <= 1.1 * HOUR
    assert seconds == wait(HOUR, HOUR, failures=0, key=key)
    assert 0 <= first_wait(HOUR, key) <= 30
