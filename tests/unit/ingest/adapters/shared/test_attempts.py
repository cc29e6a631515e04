"""Pages that could not be read are tried again later, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.ingest.adapters.attempts import RESTS, Attempts

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
URL = "https://a.example.com/1"


def test_a_damaged_page_is_tried_over_hours_and_then_left_alone() -> None:
    state: dict[str, list[int]] = {}
    now, tried = NOW, []
    for _ in range(60 * 24):
        attempts = Attempts(state, now)
        if attempts.due(URL):
            tried.append((now - NOW).total_seconds() / 60)
            attempts.failed(URL, final=False)
        state = attempts.as_state()
        now += timedelta(minutes=1)
    assert tried == [0, RESTS[0], RESTS[0] + RESTS[1], sum(RESTS)]


def test_a_page_that_rests_is_neither_due_nor_forgotten() -> None:
    attempts = Attempts({}, NOW)
    assert attempts.failed(URL, final=False)
    assert not attempts.due(URL)
    assert attempts.resting(URL)
    later = Attempts(attempts.as_state(), NOW + timedelta(minutes=RESTS[0]))
    assert later.due(URL)
    assert not later.resting(URL)


def test_what_another_attempt_would_not_change_is_not_tried_again() -> None:
    attempts = Attempts({}, NOW)
    assert not attempts.failed(URL, final=True)
    later = Attempts(attempts.as_state(), NOW + timedelta(days=30))
    assert not later.due(URL)
    assert not later.resting(URL)


def test_a_page_that_became_posts_is_forgotten_and_only_the_newest_are_kept() -> None:
    attempts = Attempts({}, NOW)
    for number in range(300):
        attempts.failed(f"{URL}{number}", final=False)
    attempts.done(f"{URL}299")
    assert len(attempts.as_state()) == 200
    assert Attempts(attempts.as_state(), NOW).due(f"{URL}299")
    assert not Attempts(attempts.as_state(), NOW).due(f"{URL}298")
