"""What is wrong with rosters ahead: each problem once, with its whole time, and none that is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notify.rosters.problems import Planned, ProblemKind, RosterProblem, problems_of
from services.notify.rosters.roster import GapReason, Roster, on_duty, shifts
from services.notify.rosters.rotation import Daily, Rotation
from services.notify.rosters.workdays import Days

ZONE = "Asia/Shanghai"
START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday, 8:00 in Shanghai
WEEK = START + timedelta(days=7)
DAY = timedelta(days=1)
MORNING, EVENING = time(8), time(20)


def daily(*people: str, days: Days = Days.ALL, starts_on: date = date(2026, 3, 2), handovers: int = 1) -> Rotation:
    return Rotation(f"m{'-'.join(people)}", people, Daily((MORNING, EVENING)[:handovers]), starts_on, days)


def planned(id_: str, *layers: Rotation, absent: str = "", **values: object) -> Planned:
    roster = Roster(id_, ZONE, layers, absent=frozenset(absent))
    return Planned(id_, shifts(roster, START, WEEK), **values)  # type: ignore[arg-type]


def test_a_roster_that_is_in_order_has_none() -> None:
    day = timedelta(hours=24)
    assert problems_of(planned("r", daily("a", "b"), daily("c", "d"), longest=day), [planned("s", daily("x"))]) == []


def test_a_gap_is_told_once_with_all_its_reasons() -> None:
    one = planned("r", daily("a", "b", days=Days.WORKDAYS), absent="b")
    gaps = problems_of(one, [])
    assert [(gap.start, gap.end, gap.details) for gap in gaps] == [
        (START + DAY, START + 2 * DAY, (GapReason.UNAVAILABLE,)),
        (START + 3 * DAY, START + 4 * DAY, (GapReason.UNAVAILABLE,)),
        (START + 5 * DAY, WEEK, (GapReason.OFF,)),
    ]
    office_hours = planned("r", daily("a", "b", days=Days.WORKDAYS), absent="b", round_the_clock=False)
    assert [gap.start for gap in problems_of(office_hours, [])] == [START + DAY, START + 3 * DAY]


def test_somebody_disabled_whom_others_cover_is_told_once() -> None:
    (problem,) = problems_of(planned("r", daily("a", "b"), daily("c"), absent="b"), [])
    assert problem == RosterProblem(ProblemKind.UNAVAILABLE, "r", START + DAY, START + 6 * DAY, "b")


def test_one_person_on_two_rosters_at_once_and_deputies_do_not_count() -> None:
    one, other = planned("r", daily("a", "b"), daily("c")), planned("s", daily("c", "b"))
    found = problems_of(one, [one, other])
    assert [(problem.start, problem.end, problem.contact_id, problem.other_roster_id) for problem in found] == [
        (START + number * DAY, START + (number + 1) * DAY, "b", "s") for number in (1, 3, 5)
    ]
    assert [problem.start for problem in problems_of(other, [one])] == [problem.start for problem in found]


def test_shifts_in_succession_beyond_what_is_allowed() -> None:
    half = daily("a", "a", "b", handovers=2)
    assert problems_of(planned("r", half, longest=timedelta(hours=24)), []) == []
    found = problems_of(planned("r", half, longest=timedelta(hours=23)), [])
    assert found[0] == RosterProblem(ProblemKind.TOO_LONG, "r", START, START + DAY, "a")
    assert len(found) == 5
    single = planned("r", Rotation("w", ("a",), Daily((MORNING,), 31), date(2026, 3, 1)), longest=timedelta(hours=24))
    assert problems_of(single, []) == [], "one long shift is what was set up"


def test_a_year_without_known_holidays_is_told() -> None:
    start = datetime(2098, 12, 29, tzinfo=UTC)
    layers = (daily("a", "b", days=Days.WORKDAYS), daily("c", "d", days=Days.REST_DAYS))
    one = Planned("r", shifts(Roster("r", ZONE, layers), start, start + 2 * DAY))
    assert [problem.kind for problem in problems_of(one, [])] == [ProblemKind.HOLIDAYS_UNKNOWN]
    plain = Planned("r", shifts(Roster("r", ZONE, (daily("a", "b"),)), start, start + 2 * DAY))
    assert problems_of(plain, []) == []


people = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)
layers = st.lists(
    st.builds(
        lambda names, days, halves, day: daily(*names, days=days, handovers=halves, starts_on=date(2026, 3, day)),
        people,
        st.sampled_from(Days),
        st.integers(1, 2),
        st.integers(1, 5),
    ),
    max_size=2,
    unique_by=lambda rotation: rotation.id,
)


@given(layers, layers, st.sets(st.sampled_from("abcd"), max_size=1), st.integers(0, 7 * 24 - 1))
def test_problems_say_what_is_on_duty_at_every_hour(
    mine: list[Rotation], theirs: list[Rotation], absent: set[str], hour: int
) -> None:
    one, other = planned("r", *mine, absent="".join(absent)), planned("s", *theirs, absent="".join(absent))
    instant = START + timedelta(hours=hour)
    here, there = (
        on_duty(Roster(id_, ZONE, tuple(rotations), absent=frozenset(absent)), instant).on_duty
        for id_, rotations in (("r", mine), ("s", theirs))
    )
    told = [found for found in problems_of(one, [one, other]) if found.start <= instant < found.end]
    kinds = [found.kind for found in told]
    assert kinds.count(ProblemKind.GAP) == (here is None)
    assert kinds.count(ProblemKind.DOUBLE_BOOKED) == (here is not None and here == there)
