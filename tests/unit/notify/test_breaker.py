"""The circuit breaker, against every order of failures, successes and looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.delivery.breaker import BreakerRules, Breakers

NOW = datetime(2026, 3, 2, tzinfo=UTC)
RULES = BreakerRules(failures=3, pause=30, cap=100)


def failing(times: int) -> Breakers:
    breakers = Breakers(RULES)
    for _ in range(times):
        breakers.failed("email", NOW)
    return breakers


def test_it_opens_after_so_many_failures_in_a_row_and_only_for_its_scope() -> None:
    assert failing(2).room("email", NOW, 16) == 16
    breakers = failing(3)
    assert (breakers.room("email", NOW, 16), breakers.room("sms", NOW, 16)) == (0, 16)
    assert list(breakers.open("email")) == [("email", NOW + timedelta(seconds=30))]


def test_a_success_between_starts_the_count_again() -> None:
    breakers = failing(2)
    breakers.worked("email")
    breakers.failed("email", NOW)
    assert breakers.room("email", NOW, 16) == 16


@pytest.mark.parametrize(("trials", "pause"), [(1, 60), (2, 100), (3, 100)])
def test_after_the_pause_one_trial_and_a_longer_pause_when_it_fails(trials: int, pause: int) -> None:
    breakers, now = failing(3), NOW
    for _ in range(trials):
        due = breakers.until("email")
        assert due is not None
        now = due
        assert breakers.room("email", now, 16) == 1
        breakers.begins("email")
        assert breakers.room("email", now, 16) == 0, "one trial at a time"
        breakers.failed("email", now)
    assert breakers.until("email") == now + timedelta(seconds=pause)


def test_a_trial_that_works_closes_it_and_one_that_says_nothing_lets_another_try() -> None:
    breakers, later = failing(3), NOW + timedelta(seconds=30)
    breakers.begins("email")
    breakers.ended("email")
    assert breakers.room("email", later, 16) == 1
    breakers.begins("email")
    breakers.worked("email")
    assert breakers.room("email", later, 16) == 16


@given(st.lists(st.tuples(st.sampled_from(["begin", "worked", "failed", "ended"]), st.integers(0, 200))))
def test_whatever_happens_somebody_is_let_through_in_the_end(steps: list[tuple[str, int]]) -> None:
    breakers, now = Breakers(RULES), NOW
    for act, seconds in steps:
        now += timedelta(seconds=seconds)
        room = breakers.room("email", now, 16)
        assert room in (0, 1, 16)
        if act == "begin":
            if room:
                breakers.begins("email")
        elif act == "worked":
            breakers.worked("email")
        elif act == "failed":
            breakers.failed("email", now)
        else:
            breakers.ended("email")
    breakers.ended("email")
    assert breakers.room("email", now + timedelta(seconds=RULES.cap), 16) >= 1
