"""What holds for every plan that is shipped, whatever kind of body it is of."""

from __future__ import annotations

import json

import jsonschema
import pytest

from contracts.words import ClockKind, IncidentType, Level, NotificationKind
from services.cases.plan import check_plan, grade
from services.cases.plan.diff import compare
from services.cases.plan.loader import read_document
from services.cases.plan.published import plan_schema
from tests.unit.cases.plans import ROOT, Shipped


def test_it_has_no_gaps(shipped: Shipped) -> None:
    assert [str(finding) for finding in check_plan(shipped.text, shipped.name)] == []


def test_every_plan_in_the_folder_is_tested(plans: tuple[Shipped, ...]) -> None:
    assert {one.path for one in plans} == set((ROOT / "plans").glob("*.yaml"))


def test_plans_are_of_different_bodies(plans: tuple[Shipped, ...]) -> None:
    assert len({one.plan.version for one in plans}) == len(plans)
    assert len({tuple(spec.name for spec in one.plan.levels.values()) for one in plans}) == len(plans)


def test_an_editor_that_knows_the_published_schema_finds_nothing_wrong(shipped: Shipped) -> None:
    data = json.loads(json.dumps(read_document(shipped.text, shipped.name).data, default=str))
    jsonschema.Draft202012Validator(plan_schema()).validate(data)


def test_it_differs_in_nothing_from_itself(shipped: Shipped) -> None:
    assert compare(shipped.read, shipped.read) == []


@pytest.mark.parametrize("level", Level)
def test_every_level_is_reached_led_decided_timed_and_told(shipped: Shipped, level: Level) -> None:
    plan = shipped.plan
    assert grade(plan, shipped.reaching(level)).level is level
    assert plan.levels[level].chain.lead
    assert plan.deciders(level)
    assert {ClockKind.ACKNOWLEDGE, ClockKind.REPORT_UP, ClockKind.FIRST_RELEASE} <= plan.clocks.limits[level].keys()
    assert plan.tasks_for(level, IncidentType.OTHER)
    for kind in (NotificationKind.ALERT_RAISED, NotificationKind.LEVEL_CHANGED, NotificationKind.CLOCK_BREACHED):
        assert plan.notices_for(level, kind)


def test_every_figure_has_an_origin(shipped: Shipped) -> None:
    for limits in shipped.plan.clocks.limits.values():
        assert all(limit.origin for limit in limits.values())
    assert all(trigger.origin for trigger in shipped.plan.grading.triggers)
