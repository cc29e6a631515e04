"""The gaps that a plan's users would regret are found, each on its line."""

from __future__ import annotations

import pytest

from services.cases.plan import check_plan
from tests.unit.cases.seed import TEXT


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        (
            "        - {kind: decide, roles: [city_leader]}\n",
            "        - {kind: request, roles: [city_leader]}\n",
            "levels.I.approval.steps",
            "has no approver",
        ),
        ("decide, roles: [group_leader]", "decide, roles: []", "levels.II.approval", "no approver"),
        ("topics: [resettlement, hydropower]", "topics: [resettled]", "grading.topics[0]", "unknown topic"),
        ("places: [普洱市]", "places: [昆明市]", "scope.topics[1].places[0]", "unknown place"),
        ("within: 24 h, source", "within: 25 h, source", "clocks.limits.I.press_conference", "regulation allows"),
        ("first_release: {within: 48 h", "first_release: {within: 49 h", "clocks.limits.III", "regulation allows"),
        ("report_up: {within: 30 min", "report_up: {within: 2 h", "clocks.limits.I.report_up", "longer at I"),
        (
            "      next_update: {within: 4 h, default: project}\n      review",
            "      task: {within: 4 h, default: project}\n      review",
            "limits.I.task",
            "belong to the playbook",
        ),
        ("      acknowledge: {within: 2 h, default: project}\n", "", "clocks.limits.IV", "lacks the clock"),
        ("shares: [0.5, 0.8]", "shares: [0.8, 0.5]", "clocks.warn_at.shares", "rise between"),
        ("III: {at_least: 1000, default", "III: {at_least: 10000, default", "counts[0].levels.II", "asks no more"),
        ("II: {at_least: 10000, default: project}\n        ", "", "counts[0].levels", "a level is missing"),
        (
            "level: III, fact: sources, at_least: 2",
            "level: IV, fact: negative_share, at_least: 0.2",
            "triggers[2]",
            "overlaps",
        ),
        ("tier_at_least: municipal", "tier_at_least: central", "triggers[3]", "overlaps"),
        (
            "kinds: [case_changed], levels: [I, II], roles: [expert]",
            "kinds: [case_changed], levels: [I, II], roles: [office]",
            "organisation.roles[7]",
            "never told",
        ),
        ("key: two_sources", "key: negative_story", "grading.triggers[2]", "is repeated"),
        ("{role: auditor, name", "{role: office, name", "organisation.roles", "is repeated"),
        ("- key: compensation", "- key: follow_up", "statement_templates[3]", "is repeated"),
    ],
)
def test_a_gap_is_found(old: str, new: str, path: str, words: str) -> None:
    assert old in TEXT
    findings = check_plan(TEXT.replace(old, new, 1), "p.yaml")
    found = [finding for finding in findings if words in finding.message]
    assert found, [str(finding) for finding in findings]
    assert any(path in finding.path for finding in found), [str(finding) for finding in found]
    assert all(finding.line > 1 for finding in found)


def test_a_level_that_nothing_leads_to_is_found() -> None:
    lines = [line for line in TEXT.splitlines() if not line.startswith("        I: {above")]
    text = "\n".join(lines).replace(", level: I,", ", level: II,")
    found = [str(finding) for finding in check_plan(text, "p.yaml")]
    assert any("no criterion leads to level I" in line for line in found), found


def test_a_role_with_a_part_that_is_never_told_is_found() -> None:
    text = TEXT.replace("roles: [office, department, county], clause: 二(三)", "roles: [office], clause: 二(三)")
    text = text.replace("roles: [office, department],", "roles: [office],")
    text = text.replace("levels: [IV], roles: [department], requires", "levels: [IV], roles: [office], requires")
    text = text.replace("roles: [office, department]", "roles: [office]")
    found = [str(finding) for finding in check_plan(text, "p.yaml")]
    assert any("department has a part in level IV but is never told" in line for line in found), found


def test_findings_come_in_the_order_of_lines() -> None:
    text = TEXT.replace("within: 24 h, source", "within: 25 h, source").replace("[resettlement, hydropower]", "[x]")
    lines = [finding.line for finding in check_plan(text, "p.yaml")]
    assert len(lines) >= 3
    assert lines == sorted(lines)
