"""Who takes part by the plan: the chain of command, narrowed to the units that the case concerns."""

from __future__ import annotations

import pytest

from contracts.words import IncidentType, Level, Role
from services.cases.models import ParticipantRow
from services.cases.participation import About, Part, body_name, concerned, seats
from services.cases.plan.schema import Plan, Unit
from services.cases.plan.work import Concerns
from services.cases.service.notices import narrowed
from tests.unit.cases.seed import PLAN, START

ELEVEN = [unit.name for unit in PLAN.organisation.units if unit.role is Role.COUNTY]


def about(*places: str, kind: IncidentType = IncidentType.OTHER, topics: tuple[str, ...] = ()) -> About:
    return About(kind, topics, places)


@pytest.mark.parametrize(
    ("places", "units"),
    [
        (("景谷傣族彝族自治县",), ["景谷县移民系统"]),
        (("景谷县", "思茅"), ["思茅区移民系统", "景谷县移民系统"]),
        (("云南省普洱市澜沧县某镇",), ["澜沧县移民系统"]),
        ((), ELEVEN),
        (("昆明市",), ELEVEN),
    ],
)
def test_only_the_counties_that_are_named_take_part_and_all_where_none_is(
    places: tuple[str, ...], units: list[str]
) -> None:
    assert concerned(PLAN, Role.COUNTY, about(*places)) == units


def with_departments(*, default: bool = False) -> Plan:
    units = (
        Unit(key="water", name="市水务局", role=Role.DEPARTMENT, concerns=Concerns(topics=("hydropower",))),
        Unit(
            key="health",
            name="市卫健委",
            role=Role.DEPARTMENT,
            concerns=Concerns(incident_types=(IncidentType.PUBLIC_HEALTH,)),
        ),
        Unit(key="silent", name="市统计局", role=Role.DEPARTMENT, by_default=default),
    )
    organisation = PLAN.organisation.model_copy(update={"units": (*PLAN.organisation.units, *units)})
    return PLAN.model_copy(update={"organisation": organisation})


def test_departments_take_part_where_the_plan_says_they_are_concerned_else_by_default_or_none() -> None:
    plan = with_departments()
    both = about(kind=IncidentType.PUBLIC_HEALTH, topics=("hydropower",))
    assert concerned(plan, Role.DEPARTMENT, both) == ["市水务局", "市卫健委"]
    assert concerned(plan, Role.DEPARTMENT, about(topics=("hydropower",))) == ["市水务局"]
    assert concerned(plan, Role.DEPARTMENT, about()) == []
    assert concerned(with_departments(default=True), Role.DEPARTMENT, about()) == ["市统计局"]
    assert concerned(with_departments(default=True), Role.DEPARTMENT, about(topics=("hydropower",))) == ["市水务局"]
    assert concerned(PLAN, Role.DEPARTMENT, both) == []


def test_the_office_leads_where_no_department_is_known_that_should() -> None:
    found = seats(PLAN, Level.IV, about("景谷县"))
    assert [(seat.role, seat.part) for seat in found] == [(Role.OFFICE, Part.LEAD)]


@pytest.mark.parametrize("level", list(Level))
def test_every_role_of_the_chain_has_one_part_and_the_first_counts(level: Level) -> None:
    plan = with_departments(default=True)
    found = seats(plan, level, about("景谷县"))
    chain = PLAN.levels[level].chain
    assert {seat.role for seat in found} == {*chain.lead, *chain.executors, *chain.informed}
    assert len({(seat.role, seat.unit) for seat in found}) == len(found)
    assert {seat.role for seat in found if seat.part is Part.LEAD} == set(chain.lead)


def test_a_body_is_called_by_its_unit_or_by_what_the_plan_calls_its_role() -> None:
    assert body_name(PLAN, Role.GROUP_LEADER) == "应急领导小组组长"
    assert body_name(PLAN, Role.COUNTY, "景谷县移民系统", "李联络员") == "景谷县移民系统李联络员"


def row(role: Role, unit: str = "", *, left: bool = False) -> ParticipantRow:
    return ParticipantRow(
        id=f"{role}-{unit}",
        case_id="case",
        role=role,
        unit=unit,
        part=Part.INFORMED,
        added_at=START,
        added_by="预案",
        left_at=START if left else None,
    )


def told(wanted: list[Role], rows: list[ParticipantRow]) -> list[tuple[Role | None, str | None]]:
    return [(one.role, one.unit) for one in narrowed(wanted, rows)]


def test_counties_and_departments_hear_only_of_cases_in_which_they_take_part() -> None:
    rows = [row(Role.OFFICE), row(Role.COUNTY, "景谷县"), row(Role.COUNTY, "思茅区", left=True), row(Role.DEPARTMENT)]
    assert told([Role.OFFICE, Role.COUNTY], rows) == [(Role.OFFICE, None), (Role.COUNTY, "景谷县")]
    assert told([Role.DEPARTMENT], rows) == [(Role.DEPARTMENT, None)], "the role takes part as a whole"
    assert told([Role.EXPERT], rows) == [], "no expert was invited"
    assert told([Role.PROPAGANDA], rows) == [(Role.PROPAGANDA, None)], "who works on every case is always told"
    assert told([Role.COUNTY], []) == [(Role.COUNTY, None)], "without participants nobody is left out"
