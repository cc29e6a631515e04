"""Rosters on known dates: daylight edges, the holidays and make-up workdays of 2026, and what people changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notify.rosters.local_time import moment
from services.notify.rosters.roster import Answer, GapReason, Override, Roster, Surge, Swap, duty_at, on_duty, shifts
from services.notify.rosters.rotation import Daily, Hourly, Rotation, Weekly
from services.notify.rosters.workdays import Days, count, is_known, is_rest_day

SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
MORNING, EVENING = time(8), time(20)
ENTERED = datetime(2026, 1, 1, tzinfo=UTC)


def local(month: int, day: int, hour: int = 12, minute: int = 0, zone: str = SHANGHAI, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))


def daily(*people: str, days: Days = Days.ALL, starts_on: date = date(2026, 1, 1), id_: str = "main") -> Rotation:
    return Rotation(id_, people, Daily((MORNING,)), starts_on, days)


def who(roster: Roster, *instants: datetime) -> str:
    return "".join(on_duty(roster, instant).on_duty or "-" for instant in instants)


def test_day_and_night_change_at_eight() -> None:
    roster = Roster("r", SHANGHAI, (Rotation("m", ("a", "b", "c"), Daily((MORNING, EVENING)), date(2026, 3, 2)),))
    assert on_duty(roster, local(3, 2, 7, 59)) == Answer(None, gap=GapReason.NOT_BEGUN)
    found = shifts(roster, local(3, 2, 8), local(3, 4, 8))
    assert [(shift.start.astimezone(ZoneInfo(SHANGHAI)).hour, shift.answer.on_duty) for shift in found] == [
        (8, "a"),
        (20, "b"),
        (8, "c"),
        (20, "a"),
    ]
    assert who(roster, local(3, 2, 19, 59), local(3, 2, 20), local(3, 3, 7, 59), local(3, 3, 8)) == "abbc"


def test_every_so_many_days_and_every_week() -> None:
    every = Roster("r", SHANGHAI, (Rotation("m", ("a", "b"), Daily((MORNING,), 3), date(2026, 3, 2)),))
    assert who(every, *(local(3, day, 9) for day in range(2, 15))) == "aaabbbaaabbba"
    # starts on a Wednesday; hand-over is on Mondays, so that the first turn begins on 9 March
    weekly = Roster("r", SHANGHAI, (Rotation("m", ("a", "b"), Weekly(1, MORNING), date(2026, 3, 4)),))
    assert (
        who(weekly, local(3, 9, 7, 59), local(3, 9, 8), local(3, 16, 7, 59), local(3, 16, 8), local(3, 23, 8))
        == "-aaba"
    )


@pytest.mark.parametrize(
    ("day", "rest"),
    [
        ((1, 1), True),
        ((1, 3), True),
        ((1, 4), False),  # a Sunday, worked for the new year's Friday
        ((2, 14), False),  # a Saturday, worked before 春节
        ((2, 15), True),
        ((2, 16), True),  # 除夕
        ((2, 17), True),  # 春节
        ((2, 23), True),
        ((2, 24), False),
        ((2, 28), False),  # a Saturday, worked after 春节
        ((3, 1), True),
        ((4, 6), True),  # 清明
        ((5, 5), True),  # 劳动节
        ((5, 9), False),
        ((6, 19), True),  # 端午
        ((9, 20), False),  # a Sunday, worked before 国庆
        ((9, 25), True),  # 中秋
        ((10, 1), True),
        ((10, 7), True),
        ((10, 8), False),
        ((10, 10), False),  # a Saturday, worked after 国庆
        ((10, 11), True),
    ],
)
def test_the_days_of_rest_of_2026(day: tuple[int, int], rest: bool) -> None:
    assert is_rest_day(date(2026, *day)) is rest


def test_days_are_counted_as_one_by_one() -> None:
    start = date(2025, 11, 3)
    for length in (0, 1, 59, 100, 400, 700):
        days = [start + timedelta(days=number) for number in range(length)]
        rest = sum(is_rest_day(day) for day in days)
        end = start + timedelta(days=length)
        assert (count(Days.ALL, start, end), count(Days.REST_DAYS, start, end)) == (length, rest)
        assert count(Days.WORKDAYS, start, end) == length - rest


def test_a_year_whose_holidays_are_not_known_has_weekends_alone_and_the_answer_says_so() -> None:
    assert is_known(2026)
    assert not is_known(2098)
    roster = Roster("r", SHANGHAI, (daily("a", days=Days.WORKDAYS), daily("b", days=Days.REST_DAYS, id_="rest")))
    first, monday = local(1, 1, year=2098), local(1, 6, year=2098)
    assert (on_duty(roster, first).on_duty, on_duty(roster, first).presumed) == ("a", True), "1 January, a Wednesday"
    assert on_duty(roster, monday).presumed
    assert not on_duty(roster, local(12, 31, 9)).presumed
    assert not on_duty(Roster("r", SHANGHAI, (daily("a"),)), first).presumed, "it asks for no holidays"


def test_spring_festival_and_its_make_up_days() -> None:
    work, rest = daily("a", "b", days=Days.WORKDAYS), daily("x", "y", "z", days=Days.REST_DAYS, id_="rest")
    roster = Roster("r", SHANGHAI, (work, rest))
    february = [on_duty(roster, local(2, day, 9)).on_duty or "-" for day in range(13, 30 - 1)]
    kinds = "".join("r" if one in "xyz" else "w" for one in february)
    #        13 14 15……………………23 24……28 (the 14th and 28th are Saturdays that are worked)
    assert kinds == "ww" + "r" * 9 + "w" * 5
    resting = "".join(one for one in february if one in "xyz")
    assert resting in ("xyz" * 4), "the days of rest go round in order, without regard to what lies between"
    working = "".join(one for one in february if one in "ab")
    assert working in ("ab" * 5)
    # the night of the last workday belongs to it until 8 in the morning of the holiday
    assert on_duty(roster, local(2, 15, 7, 59)).on_duty in ("a", "b")
    assert on_duty(roster, local(2, 15, 8)).on_duty in ("x", "y", "z")


def test_national_day_hands_over_between_workdays_and_days_of_rest() -> None:
    roster = Roster("r", SHANGHAI, (daily("w", days=Days.WORKDAYS), daily("r", days=Days.REST_DAYS, id_="rest")))
    days = [local(9, day, 9) for day in range(18, 31)] + [local(10, day, 9) for day in range(1, 12)]
    #       18 19 20 21…24 25…27 28…30 1…7 8 9 10 11
    assert who(roster, *days) == "wrw" + "wwww" + "rrr" + "www" + "r" * 7 + "wwwr"


def test_hand_overs_through_the_hour_that_is_missing_and_the_hour_that_comes_twice() -> None:
    times = Daily((time(1, 30), time(2, 30), time(3)))
    roster = Roster("r", BERLIN, (Rotation("m", ("a", "b", "c"), times, date(2026, 3, 28)),))
    spring = shifts(roster, datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC))
    # 2:30 does not exist: it is the jump from 2:00 to 3:00, as 3:00 is; b's turn is empty and c's begins
    assert [(shift.start.hour, shift.start.minute, shift.answer.on_duty) for shift in spring] == [
        (0, 0, "c"),
        (0, 30, "a"),
        (1, 0, "c"),
    ]
    autumn = shifts(roster, datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC))
    # 2:30 comes twice: the first counts (0:30 UTC), and its turn lasts until 3:00, an hour and a half later
    assert [(shift.start.hour, shift.start.minute, shift.answer.on_duty) for shift in autumn] == [
        (23, 0, "c"),
        (23, 30, "a"),
        (0, 30, "b"),
        (2, 0, "c"),
    ]


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    roster = Roster("r", BERLIN, (Rotation("m", ("a", "b"), Daily((MORNING, EVENING)), date(2026, 3, 1)),))
    lengths = []
    for month, day in ((3, 28), (10, 24), (10, 26)):
        night = duty_at(roster, local(month, day, 23, zone=BERLIN))
        assert night is not None
        lengths.append(night.end - night.start)
    assert lengths == [timedelta(hours=hours) for hours in (11, 13, 12)]
    hourly = Roster("r", BERLIN, (Rotation("m", ("a", "b"), Hourly(8, MORNING), date(2026, 3, 28)),))
    found = shifts(hourly, local(3, 28, 8, zone=BERLIN), local(3, 30, 9, zone=BERLIN))
    assert {shift.end - shift.start for shift in found} == {timedelta(hours=8)}


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
def test_later_local_times_are_never_earlier_instants(zone: str) -> None:
    last = moment(date(2011, 12, 28), time(0), zone)
    for year, month, first in (
        (2011, 12, 28),
        (2026, 3, 7),
        (2026, 3, 28),
        (2026, 4, 4),
        (2026, 10, 3),
        (2026, 10, 24),
    ):
        for number in range(3):
            day = date(year, month, first) + timedelta(days=number)
            for minute in range(0, 24 * 60, 15):
                instant = moment(day, time(minute // 60, minute % 60), zone)
                assert instant >= last
                last = instant


def test_a_layer_of_part_of_the_day_comes_before_the_one_below_it() -> None:
    office = Rotation("o", ("a",), Daily((MORNING,)), date(2026, 3, 1), Days.WORKDAYS, (time(9), time(17)))
    night = Rotation("n", ("n",), Daily((MORNING,)), date(2026, 3, 1), between=(time(22), time(6)))
    roster = Roster("r", SHANGHAI, (office, night, daily("z", id_="all")))
    assert on_duty(roster, local(3, 2, 9)) == Answer("a", ("z",), ("o", 0))
    assert (
        who(roster, local(3, 2, 8, 59), local(3, 2, 17), local(3, 2, 22), local(3, 3, 5, 59), local(3, 3, 6)) == "zznnz"
    )
    assert who(roster, local(3, 1, 12)) == "z", "a Sunday"
    bare = Roster("r", SHANGHAI, (office,))
    assert on_duty(bare, local(3, 1, 12)).gap is not None
    assert on_duty(bare, local(3, 3, 18)) == Answer(None, gap=GapReason.OFF)


def test_a_rotation_that_is_over_and_one_that_takes_over_from_it() -> None:
    end = local(3, 10, 8)
    old = Rotation("old", ("a",), Daily((MORNING,)), date(2026, 3, 1), valid_until=end)
    assert on_duty(Roster("r", SHANGHAI, (old,)), end) == Answer(None, gap=GapReason.ENDED)
    roster = Roster("r", SHANGHAI, (old, daily("b", starts_on=date(2026, 3, 10), id_="new")))
    assert who(roster, end - timedelta(seconds=1), end) == "ab"
    assert on_duty(Roster("r", SHANGHAI, ()), end) == Answer(None, gap=GapReason.NO_ROTATION)


def override(number: int, start: datetime, end: datetime, contact_id: str, replaces: str | None) -> Override:
    id_ = f"o{number}"
    return Override(id_, (ENTERED + timedelta(minutes=number), id_), start, end, contact_id, replaces)


def test_overrides_apply_to_what_those_before_left() -> None:
    noon, evening = local(3, 2, 12), local(3, 2, 18)
    first = override(1, noon, evening, "b", "a")
    second = override(2, local(3, 2, 15), evening, "c", "b")
    roster = Roster("r", SHANGHAI, (daily("a"),), overrides=(second, first))
    assert who(roster, local(3, 2, 11, 59), noon, local(3, 2, 15), evening) == "abca"


def test_somebody_added_deputises_and_is_on_duty_where_nobody_else_is() -> None:
    add = override(1, local(3, 2, 10), local(3, 3, 10), "b", None)
    assert on_duty(Roster("r", SHANGHAI, (daily("a"),), overrides=(add,)), local(3, 2)).deputies == ("b",)
    assert on_duty(Roster("r", SHANGHAI, (), overrides=(add,)), local(3, 2)) == Answer("b", turn=("o1", 0))
    twice = Roster("r", SHANGHAI, (daily("b"),), overrides=(add,))
    assert on_duty(twice, local(3, 2)).deputies == (), "nobody is their own deputy"


def test_a_swap_changes_both_shifts_and_a_simultaneous_one_leader_and_deputy() -> None:
    roster = Roster("r", SHANGHAI, (daily("a", "b", "c", starts_on=date(2026, 3, 2)),))
    mine, theirs = duty_at(roster, local(3, 2)), duty_at(roster, local(3, 4))
    assert mine is not None
    assert theirs is not None
    swap = Swap("s", (ENTERED, "s"), "a", "c", (mine.start, mine.end), (theirs.start, theirs.end))
    swapped = Roster("r", SHANGHAI, roster.layers, swaps=(swap,))
    assert who(swapped, *(local(3, day) for day in range(2, 9))) == "cbaabca"
    both = Roster("r", SHANGHAI, (daily("a"), daily("b", id_="deputy")))
    span = (local(3, 2, 8), local(3, 3, 8))
    exchanged = Roster("r", SHANGHAI, both.layers, swaps=(Swap("s", (ENTERED, "s"), "a", "b", span, span),))
    answer = on_duty(exchanged, local(3, 2))
    assert (answer.on_duty, answer.deputies) == ("b", ("a",))


def test_a_surge_replaces_the_whole_roster_round_the_clock() -> None:
    start, end = local(3, 2, 15), local(3, 4, 15)
    surge = Surge("s", (ENTERED, "s"), start, end, 8, (("x", "y", "z"), ("p", "q")))
    swap_sick = override(1, local(3, 3, 7), local(3, 3, 15), "w", "z")
    roster = Roster("r", SHANGHAI, (daily("a"),), surges=(surge,), overrides=(swap_sick,))
    found = shifts(roster, local(3, 2, 14), local(3, 4, 16))
    assert [(shift.answer.on_duty, *shift.answer.deputies) for shift in found] == [
        ("a",),
        ("x", "p"),
        ("y", "q"),
        ("w", "p"),
        ("x", "q"),
        ("y", "p"),
        ("z", "q"),
        ("a",),
    ]
    later = Surge("t", (ENTERED + timedelta(hours=1), "t"), local(3, 2, 16), local(3, 2, 17), 12, (("m",),))
    for both in ((later, surge), (surge, later)):
        two = Roster("r", SHANGHAI, (daily("a"),), surges=both)
        assert who(two, local(3, 2, 15), local(3, 2, 16), local(3, 2, 17)) == "xmx", "the one entered last is in force"


def test_whoever_is_disabled_leaves_it_to_the_deputy_or_a_gap() -> None:
    layers = (daily("a", "b"), daily("c", id_="deputy"))
    covered = on_duty(Roster("r", SHANGHAI, layers, absent=frozenset("a")), local(1, 1))
    assert (covered.on_duty, covered.deputies, covered.unavailable) == ("c", (), ("a",))
    assert on_duty(Roster("r", SHANGHAI, layers[:1], absent=frozenset("a")), local(1, 1)) == Answer(
        None, gap=GapReason.UNAVAILABLE, unavailable=("a",)
    )
