"""What is a caller's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.messages import Party
from contracts.words import Role
from kit.auth import Principal
from services.cases.access import counties_of, is_confined, own_alerts, own_of, owns, parties_at, places_of
from services.cases.plan import Plan, parse_plan
from services.cases.plan.schema import Place, Unit
from services.cases.plan.work import Concerns
from services.cases.service.actors import MACHINE, PLAN, Actor

SEED = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(SEED.read_text(encoding="utf-8"), str(SEED))[0]


def caller(*roles: Role, unit: str | None = None, name: str = "li.na") -> Principal:
    return Principal(id="1", name=name, roles=frozenset(roles), unit=unit)


def test_a_county_answers_for_the_place_with_which_its_name_begins(plan: Plan) -> None:
    places = {"景东彝族自治县", "景东县", "景东"}
    assert places_of(plan, Role.COUNTY, "景东县移民系统") == places
    assert places_of(plan, Role.COUNTY, "景东县移民局") == places, "of a unit that the plan does not name too"
    for role, unit in ((Role.COUNTY, ""), (Role.COUNTY, "移民系统"), (Role.DEPARTMENT, "景东县移民系统")):
        assert places_of(plan, role, unit) == frozenset()


def test_of_two_places_the_longer_name_is_meant(plan: Plan) -> None:
    places = tuple(Place(name=name) for name in ("河", "河东乡", "城关镇"))
    other = plan.model_copy(update={"scope": plan.scope.model_copy(update={"places": places})})
    assert places_of(other, Role.COUNTY, "河东乡水务站") == {"河东乡"}


def test_what_the_plan_says_of_a_unit_comes_before_its_name(plan: Plan) -> None:
    units = (
        Unit(key="a", name="景东县移民系统", role=Role.COUNTY, concerns=Concerns(places=("景谷",))),
        Unit(key="b", name="市搬迁安置办", role=Role.DEPARTMENT, concerns=Concerns(places=("景谷县", "思茅区"))),
        Unit(key="c", name="市水务局", role=Role.DEPARTMENT, concerns=Concerns(topics=("hydropower",))),
    )
    other = plan.model_copy(update={"organisation": plan.organisation.model_copy(update={"units": units})})
    assert places_of(other, Role.COUNTY, "景东县移民系统") == {"景谷傣族彝族自治县", "景谷县", "景谷"}
    assert "思茅" in places_of(other, Role.DEPARTMENT, "市搬迁安置办")
    assert places_of(other, Role.DEPARTMENT, "市水务局") == frozenset()
    assert parties_at(other, ["景谷县"]) == [
        Party(role=Role.COUNTY, unit="景东县移民系统"),
        Party(role=Role.DEPARTMENT, unit="市搬迁安置办"),
    ]


def test_counties_are_found_by_any_name_of_their_place(plan: Plan) -> None:
    assert counties_of(plan, ["景谷", "普洱市"]) == ("景谷县移民系统",)
    assert counties_of(plan, ["景谷傣族彝族自治县", "思茅区"]) == ("思茅区移民系统", "景谷县移民系统")
    assert counties_of(plan, ["普洱市"]) == ()


def test_alerts_of_ones_places_are_ones_own(plan: Plan) -> None:
    own = own_alerts(caller(Role.COUNTY, unit="景谷县移民系统"), plan)
    assert own is not None
    assert "景谷县" in own.places
    assert own_alerts(caller(Role.OFFICE), plan) is None
    expert = own_alerts(caller(Role.EXPERT), plan)
    assert expert is not None
    assert not expert.places


def test_nobody_without_the_right_owns_anything() -> None:
    for action in ("cases.decide", "cases.write"):
        own = own_of(caller(Role.EXPERT, unit="甲"), action)
        assert own is not None
        assert not any(own.has(role, "", "") for role in Role)


@pytest.mark.parametrize(
    ("role", "unit", "person", "his"),
    [
        ("county", "甲", "", True),
        ("county", "", None, True),
        ("county", None, "", True),
        ("county", "乙", "", False),
        ("department", "甲", "", False),
        ("county", "甲", "li.na", True),
        ("county", "甲", "wang", False),
    ],
)
def test_work_is_ones_own_by_role_unit_and_person(role: str, unit: str | None, person: str | None, his: bool) -> None:
    assert owns(caller(Role.COUNTY, unit="甲"), role, unit, person) is his
    assert owns(Actor.of(caller(Role.COUNTY, unit="甲")), role, unit, person) is his
    assert owns(caller(Role.COUNTY, Role.OFFICE, unit="甲"), role, unit, person), "the office does any unit's"


def test_machines_own_nothing_and_are_not_confined() -> None:
    for actor in (MACHINE, PLAN):
        assert not is_confined(actor)
        assert not owns(actor, Role.OFFICE)
    assert is_confined(caller(Role.COUNTY, Role.EXPERT))
    assert not is_confined(caller(Role.COUNTY, Role.AUDITOR))
