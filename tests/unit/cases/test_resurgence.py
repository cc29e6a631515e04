"""When an event in aftercare counts as come back, and when it is held not to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.cases.resurgence import HOUR, PAUSE, Rule, Sample, Wave, judge, negatives, observe, send_back

START = datetime(2026, 3, 2, tzinfo=UTC)
RULE = Rule(negative_posts_1h=10, rise=1.5)
MINUTE = timedelta(minutes=1)


def _wave(baseline: int = 0, total: int = 100) -> Wave:
    return Wave(baseline, (Sample(START, total),))


def test_the_last_hour_is_the_difference_of_two_sums_and_no_share_of_the_whole() -> None:
    wave, figure = observe(_wave(), START + 30 * MINUTE, 104, 20)
    assert figure == 4
    wave, figure = observe(wave, START + 100 * MINUTE, 112, 20)
    assert figure == 8  # what came in the first half hour is older
    # 900 posts of praise in the hour bring no negative one, however negative the event was as a whole
    assert observe(wave, START + 170 * MINUTE, 112, 900)[1] == 0


def test_what_another_event_brought_with_it_is_not_of_this_hour() -> None:
    assert observe(_wave(), START + 10 * MINUTE, 5000, 3)[1] == 3


def test_posts_that_were_split_off_start_the_notes_anew() -> None:
    wave, figure = observe(_wave(), START + 10 * MINUTE, 40, 3)
    assert figure == 0
    assert wave.samples == (Sample(START + 10 * MINUTE, 40),)


def test_the_level_at_the_end_of_the_response_must_be_exceeded() -> None:
    assert not judge(_wave(baseline=20), 25, RULE, START)[1]
    assert judge(_wave(baseline=20), 30, RULE, START)[1]
    assert not judge(_wave(), 9, RULE, START)[1]
    assert judge(_wave(), 10, RULE, START)[1]


def test_it_is_told_once_a_day_unless_it_rises_further() -> None:
    wave, told = judge(_wave(), 12, RULE, START)
    assert told
    wave, told = judge(wave, 17, RULE, START + HOUR)
    assert not told
    wave, told = judge(wave, 18, RULE, START + 2 * HOUR)
    assert told
    assert judge(wave, 18, RULE, START + 2 * HOUR + PAUSE)[1]


def test_a_case_that_was_sent_back_comes_again_only_with_a_further_rise_or_after_a_calm() -> None:
    wave, _ = judge(_wave(), 12, RULE, START)
    wave = send_back(wave)
    at = START
    for hours in (20, 30, 45, 60, 75):  # never a day of calm between
        at = START + hours * HOUR
        wave, told = judge(wave, 17, RULE, at)
        assert not told
    assert judge(wave, 18, RULE, at + HOUR)[1]
    assert judge(wave, 12, RULE, at + PAUSE)[1]


@given(
    st.lists(st.tuples(st.integers(1, 7200), st.integers(0, 60), st.integers(0, 80)), max_size=60),
    st.integers(0, 40),
)
def test_figures_never_exceed_the_hours_posts_and_nothing_below_the_plan_is_told(
    steps: list[tuple[int, int, int]], baseline: int
) -> None:
    wave, at, total = _wave(baseline), START, 100
    arrived: list[tuple[datetime, int]] = []
    for seconds, more, posts in steps:
        at += timedelta(seconds=seconds)
        total += more
        arrived.append((at, more))
        wave, figure = observe(wave, at, total, posts)
        within = sum(count for when, count in arrived if when > at - HOUR - MINUTE)
        assert 0 <= figure <= posts
        assert figure <= total - 100
        assert len(wave.samples) <= 62
        assert figure <= within + max((count for when, count in arrived if when <= at - HOUR - MINUTE), default=0) or (
            len(wave.samples) < 2 or wave.samples[0].at <= at - HOUR
        )
        wave, told = judge(wave, figure, RULE, at)
        assert not told or (figure >= RULE.negative_posts_1h and figure >= RULE.rise * baseline)


def test_the_share_gives_the_sum() -> None:
    assert negatives(213, 0.3333) == 71
