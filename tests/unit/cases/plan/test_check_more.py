"""Gaps that take more than one line to make: who holds what, holes between criteria, escalation, counts."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from services.cases.plan import check_plan
from services.cases.plan.loader import Finding
from tests.unit.cases.plans import PUER, WATER, Shipped


def findings_on(shipped: Shipped, change: Any) -> list[Finding]:
    """Return the findings on a plan after `change` has been at its data."""
    data = yaml.safe_load(shipped.text)
    change(data)
    return check_plan(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "p.yaml")


def told(found: list[Finding]) -> list[tuple[str, str, str]]:
    """Return findings as (severity, path, English half of the message)."""
    return [(one.severity, one.path, one.message.split(" / ")[-1]) for one in found]


def _unheld(role: str) -> Any:
    def change(data: dict[str, Any]) -> None:
        for holder in data["organisation"]["roles"]:
            if holder["role"] == role:
                holder.pop("held_by", None)
        units = data["organisation"]["units"]
        data["organisation"]["units"] = [unit for unit in units if unit["role"] != role]

    return change


def test_a_role_that_approves_and_that_nobody_holds_is_an_error(shipped: Shipped) -> None:
    found = told(findings_on(shipped, _unheld("city_leader")))
    assert (
        "error",
        "organisation.roles[0]",
        "nobody holds city_leader: give `held_by`, or a unit with this role",
    ) in found


def test_a_role_that_only_hears_and_that_nobody_holds_is_a_warning(shipped: Shipped) -> None:
    found = told(findings_on(shipped, _unheld("expert")))
    assert [item for item in found if "nobody holds expert" in item[2]] == [
        ("warning", "organisation.roles[7]", "nobody holds expert: give `held_by`, or a unit with this role")
    ]
    assert not [item for item in found if item[0] == "error"]


def test_a_row_of_the_matrix_that_reaches_nobody_is_found() -> None:
    found = told(findings_on(PUER, _unheld("expert")))
    assert [path for _, path, words in found if "it reaches no one" in words] == ["notices[18].roles"]


def test_counts_do_not_climb_on_each_other() -> None:
    # without triggers above IV, a count may lead to III, but none from there to II
    def change(data: dict[str, Any]) -> None:
        data["grading"]["triggers"] = [one for one in data["grading"]["triggers"] if one["level"] == "IV"]

    found = told(findings_on(PUER, change))
    assert [words for _, path, words in found if path == "grading"] == [
        "no criterion leads to level I",
        "no criterion leads to level II",
    ]


@pytest.mark.parametrize(
    ("role", "severity", "words"),
    [
        ("group_leader", "error", "but only group_leader, who is one person, may request and decide"),
        ("office", "warning", "and both steps belong to office: at least two must hold it"),
    ],
)
def test_a_chain_of_two_that_is_one_person_is_found(role: str, severity: str, words: str) -> None:
    def change(data: dict[str, Any]) -> None:
        data["levels"]["II"]["approval"]["steps"] = [
            {"kind": "request", "roles": [role]},
            {"kind": "decide", "roles": [role]},
        ]

    (found,) = [one for one in findings_on(PUER, change) if "two people" in one.message]
    assert (found.severity, found.path) == (severity, "levels.II.approval.steps")
    assert found.message.endswith(words)


@pytest.mark.parametrize(
    ("steps", "path", "severity", "words"),
    [
        ([("1 h", "office"), ("1 h", "group_leader")], "[1]", "error", "must come later than the one before"),
        ([("0 s", "office"), ("1 h", "office")], "[1].roles", "warning", "nothing is escalated"),
        ([("0 s", "office"), ("6 h", "city_leader")], "[1]", "warning", "than the first release of level I may take"),
    ],
)
def test_an_escalation_that_does_not_escalate_is_found(
    steps: list[tuple[str, str]], path: str, severity: str, words: str
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["clocks"]["escalation"]["I"] = [
            {"after": after, "roles": [role], "default": "project"} for after, role in steps
        ]

    found = [one for one in findings_on(PUER, change) if one.message.endswith(words)]
    assert [(one.severity, one.path) for one in found] == [(severity, f"clocks.escalation.I{path}")]


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ({"at_least": 0}, "every event meets this: negative_share is never below zero"),
        ({"above": 1}, "a share lies between 0 and 1: this is never met"),
        ({"at_least": 1.5}, "a share lies between 0 and 1: this is never met"),
    ],
)
def test_a_bound_that_always_or_never_holds_is_found(bound: dict[str, float], words: str) -> None:
    def change(data: dict[str, Any]) -> None:
        trigger = data["grading"]["triggers"][0]
        del trigger["at_least"]
        trigger.update(bound)

    assert ("error", "grading.triggers[0]", words) in told(findings_on(PUER, change))


def test_a_fact_that_jumps_over_a_level_is_found() -> None:
    def change(data: dict[str, Any]) -> None:
        triggers = data["grading"]["triggers"]
        data["grading"]["triggers"] = [one for one in triggers if one["key"] != "households"]
        data["grading"]["triggers"].append(
            {"key": "few", "label": "几人", "level": "IV", "fact": "voices", "at_least": 2, "default": "project"}
        )

    found = [item for item in told(findings_on(WATER, change)) if "jumps" in item[2]]
    assert found == [("warning", "grading.triggers[2]", "voices jumps from level IV to II")]


def test_incident_types_that_two_triggers_share_are_found() -> None:
    def change(data: dict[str, Any]) -> None:
        data["grading"]["triggers"].append(
            {
                "key": "sick",
                "label": "公共卫生",
                "level": "III",
                "fact": "incident_type",
                "one_of": ["public_health", "accident"],
                "default": "project",
            }
        )

    found = told(findings_on(WATER, change))
    assert ("error", "grading.triggers[10]", "overlaps with quality_incident (II)") in found


@pytest.mark.parametrize(
    ("part", "key", "value", "path", "words"),
    [
        ("opening", "levels", ["II", "III"], "opening.levels", "holds milder levels but not I"),
        ("surge", "levels", ["II"], "surge.levels", "holds milder levels but not I"),
        ("surge", "poll_every", "0 s", "surge.poll_every", "must be longer than nothing"),
    ],
)
def test_graver_levels_are_not_left_out(part: str, key: str, value: Any, path: str, words: str) -> None:
    found = told(findings_on(PUER, lambda data: data[part].update({key: value})))
    assert (path, words) in [item[1:] for item in found]


def test_somebody_told_twice_is_found() -> None:
    def change(data: dict[str, Any]) -> None:
        data["notices"].append({"kinds": ["alert_raised"], "levels": ["IV"], "roles": ["office"]})

    found = told(findings_on(PUER, change))
    assert [item[0] for item in found if item[2].startswith("told twice")] == ["warning"]


def test_a_version_that_is_a_path_of_the_api_is_refused() -> None:
    found = told(findings_on(PUER, lambda data: data["meta"].update(version="diff")))
    assert ("error", "meta.version", "the API has diff in its paths: name it otherwise") in found


def _approvers(**said: list[str]) -> Any:
    def change(data: dict[str, Any]) -> None:
        data["corrections"]["approvers"] = {"default": "project", **said}

    return change


def test_a_role_that_may_not_approve_corrections_is_an_error_where_it_stands() -> None:
    found = findings_on(PUER, _approvers(roles=["office", "county", "expert"], one_of=["office"]))
    assert [(one.severity, one.path) for one in found if one.severity == "error"] == [
        ("error", "corrections.approvers.roles[1]"),
        ("error", "corrections.approvers.roles[2]"),
    ]
    assert all(one.line > 1 for one in found)
    assert "county may not approve correction requests" in found[0].message


def test_corrections_that_nobody_could_approve_are_an_error() -> None:
    def change(data: dict[str, Any]) -> None:
        _approvers(roles=["propaganda", "office"], one_of=["propaganda"])(data)
        _unheld("propaganda")(data)

    assert (
        "error",
        "corrections.approvers.one_of",
        "nobody holds any role of one_of: no correction can be approved",
    ) in (told(findings_on(PUER, change)))


def test_only_a_department_takes_part_by_default() -> None:
    def change(data: dict[str, Any]) -> None:
        data["organisation"]["units"][0]["by_default"] = True

    found = told(findings_on(PUER, change))
    assert ("error", "organisation.units[0].by_default", "only a department takes part by default") in found
