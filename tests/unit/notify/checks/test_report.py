"""What a check found: counts, medians, who is silent, and what has changed since the one before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.notify.checks.report import NO_UNIT, Answer, by_unit, compare, figures

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DEADLINE = START + timedelta(hours=1)


def person(name: str, unit: str | None, minutes: float | None, *, county: bool = False, reached: bool = True) -> Answer:
    at = None if minutes is None else START + timedelta(minutes=minutes)
    return Answer(name, name, unit, county, reached, at, None if at is None else "link")


ANSWERS = [
    person("甲", "澜沧县", 4, county=True),
    person("乙", "澜沧县", 10, county=True),
    person("丙", "局办公室", None, reached=False),
    person("丁", "局办公室", 61),
    person("戊", None, 60),
]


def test_figures_count_in_time_and_late_apart() -> None:
    found = figures(ANSWERS, START, DEADLINE)
    assert (found.asked, found.reached, found.answered, found.late) == (5, 4, 3, 1)
    assert found.share == 0.6
    assert found.median_minutes == 10.0


def test_nothing_to_reckon_from() -> None:
    found = figures([], START, DEADLINE)
    assert (found.asked, found.share, found.median_minutes) == (0, None, None)


def test_counties_stand_first_and_the_silent_are_named() -> None:
    units = by_unit(ANSWERS, START, DEADLINE)
    assert [(unit.unit, unit.county) for unit in units] == [
        ("澜沧县", True),
        ("局办公室", False),
        (NO_UNIT, False),
    ]
    assert units[0].figures.median_minutes == 7.0
    assert [unit.silent for unit in units] == [(), ("丙", "丁"), ()]


def test_comparison_names_only_who_was_asked_twice() -> None:
    now, before = figures(ANSWERS, START, DEADLINE), figures(ANSWERS[:2], START, DEADLINE)
    found = compare(
        now,
        before,
        {"a": True, "b": False, "c": True, "new": False},
        {"a": False, "b": True, "c": True, "gone": True},
        {"a": "甲", "b": "乙", "c": "丙", "new": "丁"},
    )
    assert (found.regained, found.lost) == (("甲",), ("乙",))
    assert found.share_change == -0.4
    assert found.median_minutes_change == 3.0
