"""For any roster and any instant there is exactly one answer to who is on duty, across daylight and holiday edges."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.rosters.roster import (
    Answer,
    Override,
    Roster,
    Shift,
    Surge,
    Swap,
    duties,
    duty_at,
    on_duty,
    shifts,
)
from services.notify.rosters.rotation import Daily, Hourly, Rotation, Turns, Weekly
from services.notify.rosters.workdays import Days

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"]
PEOPLE = ["a", "b", "c"]
#: instants around which clocks are put on or back, holidays begin or end, make-up days are worked; and the year's end
EDGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 2, 14, 0, tzinfo=UTC),
    datetime(2026, 2, 28, 0, tzinfo=UTC),
    datetime(2026, 10, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 10, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 16, tzinfo=UTC),
]

people = st.sampled_from(PEOPLE)
lists = st.lists(people, min_size=1, max_size=4).map(tuple)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
halves = st.lists(times, min_size=1, max_size=3, unique=True).map(lambda found: Daily(tuple(sorted(found))))
turns = st.one_of(
    halves,
    st.builds(lambda at, every: Daily((at,), every), times, st.integers(1, 5)),
    st.builds(Weekly, st.integers(1, 7), times),
    st.builds(Hourly, st.sampled_from([1, 6, 8, 12, 24, 36]), times),
)
orders = st.tuples(st.integers(0, 100).map(lambda hours: EDGES[0] + timedelta(hours=hours)), st.uuids().map(str))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Roster, datetime, int]:
    """Draw a roster, with all that was changed on it near one edge, an instant there, and minutes to look ahead."""
    edge = draw(st.sampled_from(EDGES))
    instants = st.integers(-100, 100).map(lambda halves: edge + timedelta(minutes=30 * halves))
    spans = st.tuples(instants, st.integers(1, 200)).map(
        lambda span: (span[0], span[0] + timedelta(minutes=30 * span[1]))
    )
    rotations = st.builds(
        Rotation,
        id=st.uuids().map(str),
        participants=lists,
        turns=turns,
        starts_on=st.integers(-60, 2).map(lambda days: edge.date() + timedelta(days=days)),
        days=st.sampled_from(Days),
        between=st.none() | st.tuples(times, times).filter(lambda pair: pair[0] != pair[1]),
        valid_until=st.none() | instants,
    )
    overrides = st.builds(
        lambda span, order, who, whom: Override(order[1], order, *span, who, whom),
        spans,
        orders,
        people,
        st.none() | people,
    )
    swaps = st.builds(
        lambda order, pair, first, second: Swap(order[1], order, *pair, first, second),
        orders,
        st.permutations(PEOPLE).map(lambda found: found[:2]),
        spans,
        spans,
    )
    surges = st.builds(
        lambda span, order, hours, lines: Surge(order[1], order, *span, hours, tuple(lines)),
        spans,
        orders,
        st.sampled_from([4, 8, 12]),
        st.lists(lists, min_size=1, max_size=2),
    )
    roster = Roster(
        "r",
        draw(st.sampled_from(ZONES)),
        tuple(draw(st.lists(rotations, max_size=3, unique_by=lambda rotation: rotation.id))),
        tuple(draw(st.lists(overrides, max_size=3, unique_by=lambda one: one.id))),
        tuple(draw(st.lists(swaps, max_size=3, unique_by=lambda one: one.id))),
        tuple(draw(st.lists(surges, max_size=2, unique_by=lambda one: one.id))),
        draw(st.frozensets(people, max_size=1)),
    )
    # not on the half hour, so that edges lie within
    instant = draw(instants) + timedelta(minutes=draw(st.integers(0, 29)))
    return roster, instant, draw(st.integers(2, 6000))


def is_one_answer(roster: Roster, answer: Answer) -> bool:
    """Tell whether an answer names one person who is there, or nobody with the reason; never both, never twice."""
    named = [*([answer.on_duty] if answer.on_duty else []), *answer.deputies]
    return (
        (answer.on_duty is None) == (answer.gap is not None) == (answer.turn is None)
        and not (answer.on_duty is None and answer.deputies)
        and len(set(named)) == len(named)
        and not roster.absent & set(named)
        and set(answer.unavailable) <= roster.absent
    )


def at(found: list[Shift], instant: datetime) -> list[Answer]:
    return [shift.answer for shift in found if shift.start <= instant < shift.end]


@given(scenes())
def test_there_is_exactly_one_answer_at_every_instant(scene: tuple[Roster, datetime, int]) -> None:
    roster, instant, _ = scene
    answer = on_duty(roster, instant)
    assert is_one_answer(roster, answer)
    assert on_duty(roster, instant) == answer
    assert at(shifts(roster, instant, instant + timedelta(microseconds=1)), instant) == [answer]


@given(scenes(), st.lists(st.floats(0, 1, exclude_max=True), max_size=20))
def test_shifts_part_the_time_as_on_duty_says(scene: tuple[Roster, datetime, int], shares: list[float]) -> None:
    roster, start, minutes = scene
    end = start + timedelta(minutes=minutes)
    found = shifts(roster, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    for one, following in pairwise(found):
        assert one.end == following.start
        assert one.answer != following.answer
    asked = [start + timedelta(minutes=int(minutes * share)) for share in shares]
    for shift in found:
        assert shift.start < shift.end
        asked += [shift.start, shift.start + (shift.end - shift.start) / 2, shift.end - timedelta(microseconds=1)]
    for instant in asked:
        assert at(found, instant) == [on_duty(roster, instant)], instant


@given(scenes(), st.floats(0.01, 0.99))
def test_a_range_split_in_two_gives_the_same_shifts(scene: tuple[Roster, datetime, int], share: float) -> None:
    roster, start, minutes = scene
    end = start + timedelta(minutes=minutes)
    middle = start + (end - start) * share
    left, right = shifts(roster, start, middle), shifts(roster, middle, end)
    if left[-1].answer == right[0].answer:
        left, right = [*left[:-1], Shift(left[-1].start, right[0].end, right[0].answer)], right[1:]
    assert left + right == shifts(roster, start, end)


@settings(max_examples=60)
@given(scenes(), st.randoms(use_true_random=False))
def test_the_order_of_stored_rows_means_nothing(scene: tuple[Roster, datetime, int], chance: random.Random) -> None:
    def shuffled(rows: tuple) -> tuple:  # type: ignore[type-arg]
        return tuple(chance.sample(rows, len(rows)))

    roster, start, _ = scene
    other = replace(
        roster,
        overrides=shuffled(roster.overrides),
        swaps=shuffled(roster.swaps),
        surges=shuffled(roster.surges),
    )
    end = start + timedelta(days=2)
    assert shifts(other, start, end) == shifts(roster, start, end)


@settings(max_examples=40)
@given(scenes())
def test_the_shift_at_an_instant_is_the_whole_shift_of_whoever_is_on_duty(
    scene: tuple[Roster, datetime, int],
) -> None:
    roster, instant, _ = scene
    answer, shift = on_duty(roster, instant), duty_at(roster, instant)
    if answer.on_duty is None:
        assert shift is None
        return
    assert shift is not None
    assert shift.start <= instant < shift.end
    around = duties(shifts(roster, shift.start - timedelta(hours=1), shift.end + timedelta(hours=1)))
    assert shift in around
    for edge in (shift.start, shift.end - timedelta(microseconds=1)):
        assert on_duty(roster, edge).turn == answer.turn


@settings(max_examples=50)
@given(lists, turns, st.sampled_from(ZONES))
def test_days_of_rest_and_workdays_fill_each_other_up(names: tuple[str, ...], kind: Turns, zone: str) -> None:
    start = datetime(2026, 9, 20, tzinfo=UTC)
    rotation = Rotation("r", names, kind, date(2026, 9, 1))
    work, rest = (replace(rotation, id=days.value, days=days) for days in (Days.WORKDAYS, Days.REST_DAYS))
    found = shifts(Roster("r", zone, (work, rest)), start, start + timedelta(days=25))
    assert all(shift.answer.on_duty is not None and not shift.answer.deputies for shift in found)
