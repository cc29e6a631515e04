"""When to try again, and when to stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.words import DeliveryState
from services.notify.retries import Outcome, RetryPolicy, Step, next_step

NOW = datetime(2026, 3, 2, tzinfo=UTC)
POLICY = RetryPolicy(max_attempts=8, base=2.0, cap=300.0, retry_after_cap=3600.0)


def test_wait_doubles_up_to_the_cap() -> None:
    waits = [POLICY.wait(attempt, 1.0).total_seconds() for attempt in range(1, 11)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_all_attempts_are_over_within_five_minutes() -> None:
    assert sum(POLICY.wait(attempt, 1.0).total_seconds() for attempt in range(1, 8)) < 300


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_stays_in_the_upper_half(attempt: int, chance: float) -> None:
    longest = POLICY.wait(attempt, 1.0)
    assert longest / 2 <= POLICY.wait(attempt, chance) <= longest <= timedelta(seconds=POLICY.cap)


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 1e9))
def test_receiver_is_never_called_before_it_asked_up_to_the_cap(attempt: int, chance: float, asked: float) -> None:
    wait = POLICY.wait(attempt, chance, asked)
    assert wait >= timedelta(seconds=min(asked, POLICY.retry_after_cap))
    assert wait <= timedelta(seconds=max(POLICY.cap, POLICY.retry_after_cap))


def test_steps() -> None:
    def step(outcome: Outcome, attempts: int) -> tuple[DeliveryState, datetime | None]:
        found = next_step(outcome, attempts, POLICY, now=NOW, chance=1.0)
        return found.state, found.next_attempt_at

    assert step(Outcome.done(), 8) == (DeliveryState.SENT, None)
    assert step(Outcome.later("x"), 1) == (DeliveryState.PENDING, NOW + timedelta(seconds=2))
    assert step(Outcome.later("x", 60), 1) == (DeliveryState.PENDING, NOW + timedelta(seconds=60))
    assert step(Outcome.later("x"), 8) == (DeliveryState.FAILED, None)
    assert step(Outcome.never("x"), 1) == (DeliveryState.FAILED, None)


def test_waiting_for_a_turn_is_no_failure_however_often() -> None:
    step = next_step(Outcome.waiting("等待", 42), 99, RetryPolicy(max_attempts=8), now=NOW, chance=0.5)
    assert step == Step(DeliveryState.PENDING, NOW + timedelta(seconds=42.5))
