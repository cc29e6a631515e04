"""What a review reads out of the records: phases, receipts, accountability by unit, and its seal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.lifecycle import Refused
from services.cases.review import (
    Due,
    Entry,
    accountability,
    averages,
    check_marks,
    digest,
    has_path,
    phases,
    receipts,
)
from tests.unit.cases.seed import PLAN

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_phases_follow_each_other_without_a_gap() -> None:
    entries = [
        Entry(1, "opened", START, "", {}),
        Entry(2, "state_changed", START + HOUR, "", {"to": "assessing"}),
        Entry(3, "state_changed", START + 3 * HOUR, "", {"to": "responding"}),
    ]
    told = phases(entries, START + 10 * HOUR)
    assert [(one["state"], one["seconds"] // 3600) for one in told] == [
        ("reported", 1),
        ("assessing", 2),
        ("responding", 7),
    ]
    assert phases([], START) == []


def test_the_first_acknowledgement_of_a_notice_counts() -> None:
    asked = {"a": START, "b": START, "c": START}
    entries = [
        Entry(1, "acknowledged", START + HOUR, "", {"notification_id": "a"}),
        Entry(2, "acknowledged", START + 2 * HOUR, "", {"notification_id": "a"}),
        Entry(3, "acknowledged", START + 3 * HOUR, "", {"notification_id": "b"}),
        Entry(4, "acknowledged", START + 3 * HOUR, "", {"notification_id": "of another"}),
    ]
    assert receipts(asked, entries) == {"asked": 3, "acknowledged": 2, "median": 7200, "longest": 10800}
    assert receipts({}, entries) == {"asked": 0, "acknowledged": 0, "median": None, "longest": None}


def test_units_answer_for_what_was_due_and_when_it_was_done() -> None:
    dues = [
        Due("县移民局", "任务一", START + HOUR, START),
        Due("县移民局", "任务二", START + HOUR, START + 3 * HOUR),
        Due("县移民局", "任务三", START + HOUR, None),
        Due("办公室", "上报", None, START),
        Due("办公室", "签收", START + 9 * HOUR, None),
    ]
    first, second = accountability(dues, START + 5 * HOUR)
    assert (first["unit"], first["due"], first["met"], first["late"], first["overdue"], first["open"]) == (
        "县移民局",
        3,
        1,
        1,
        1,
        0,
    )
    assert first["longest_late"] == 4 * 3600
    assert first["late_items"] == ["任务二", "任务三"]
    assert (second["due"], second["met"], second["late"], second["overdue"], second["open"]) == (2, 1, 0, 0, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 20), st.none() | st.integers(0, 20)), max_size=12
    )
)
def test_every_duty_is_counted_once(given: list[tuple[str, int | None, int | None]]) -> None:
    dues = [
        Due(unit, "", None if due is None else START + due * HOUR, None if done is None else START + done * HOUR)
        for unit, due, done in given
    ]
    table = accountability(dues, START + 20 * HOUR)
    assert sum(row["due"] for row in table) == len(dues)
    assert all(row["met"] + row["late"] + row["overdue"] + row["open"] == row["due"] for row in table)


def test_marks_are_whole_and_within_range() -> None:
    wanted = [one.key for one in PLAN.review.marks.criteria]
    check_marks(dict.fromkeys(wanted, 5), wanted, 5)
    for marks, rule in (
        ({}, "marks_incomplete"),
        ({**dict.fromkeys(wanted, 5), "loyalty": 5}, "marks_incomplete"),
        (dict.fromkeys(wanted, 6), "marks_out_of_range"),
        (dict.fromkeys(wanted, -1), "marks_out_of_range"),
    ):
        with pytest.raises(Refused) as refused:
            check_marks(marks, wanted, 5)
        assert refused.value.rule == rule
    assert averages([{"a": 5}, {"a": 4}], ["a"]) == {"a": 4.5}
    assert averages([], ["a"]) == {}


def test_a_path_leads_somewhere_in_the_plan_or_not() -> None:
    data = PLAN.model_dump(mode="json")
    for path in ("clocks.limits.I.first_release", "review.sections.0", "aftercare.resurgence.rise", "playbook.3.due"):
        assert has_path(data, path)
    for path in ("", "clocks.limits.V", "review.sections.99", "review.sections.x", "meta.name.x"):
        assert not has_path(data, path)


def test_the_seal_changes_with_every_word() -> None:
    assert digest({"a": "一"}) != digest({"a": "二"})
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
