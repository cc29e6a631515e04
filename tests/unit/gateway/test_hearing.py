"""Who hears which message of the live stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.envelope import Message
from contracts.words import Role
from gateway.hearing import audience
from gateway.live import EVENT_TYPES
from kit.auth import Principal

JINGDONG = {"role": "county", "unit": "景东县移民系统", "person": ""}


def message(type_: str, **data: Any) -> Message:
    return Message(id="1", source="cases", type=type_, time=datetime(2026, 3, 2, tzinfo=UTC), subject="x", data=data)


def who(*roles: Role, unit: str | None = None) -> Principal:
    return Principal(id="1", name="li.na", roles=frozenset(roles), unit=unit)


def hears(principal: Principal, said: Message) -> bool:
    return audience(principal, frozenset(EVENT_TYPES)).hears(said)


@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_the_office_and_the_auditor_hear_everything(type_: str) -> None:
    for role in (Role.OFFICE, Role.CITY_LEADER, Role.AUDITOR):
        assert hears(who(role), message(type_))


@pytest.mark.parametrize("type_", ["alert.raised", "case.changed", "clock.warning", "clock.breached"])
def test_a_county_hears_of_its_own_alone(type_: str) -> None:
    said = message(type_, seen_by=[{"role": "department", "unit": "甲", "person": ""}, JINGDONG])
    assert hears(who(Role.COUNTY, unit="景东县移民系统"), said)
    assert not hears(who(Role.COUNTY, unit="景谷县移民系统"), said)
    assert not hears(who(Role.DEPARTMENT, unit="景东县移民系统"), said)
    assert not hears(who(Role.EXPERT), said)
    assert not hears(who(Role.COUNTY), said)
    assert hears(who(Role.COUNTY, Role.AUDITOR), message(type_))


def test_what_names_nobody_or_nonsense_is_not_told() -> None:
    county = who(Role.COUNTY, unit="景东县移民系统")
    for data in ({}, {"seen_by": []}, {"seen_by": None}, {"seen_by": [{"role": "king"}]}, {"seen_by": "county"}):
        assert not hears(county, message("case.changed", **data))
    assert not hears(county, message("notification.changed", seen_by=[]))
    assert not hears(who(Role.ADMIN), message("something.else"))
    assert not hears(who(), message("event.updated"))


def test_a_whole_role_and_one_person_can_be_named() -> None:
    assert hears(who(Role.EXPERT), message("case.changed", seen_by=[{"role": "expert", "unit": "", "person": "li.na"}]))
    assert not hears(who(Role.EXPERT), message("case.changed", seen_by=[{"role": "expert", "person": "wang"}]))
    assert hears(who(Role.DEPARTMENT, unit="甲"), message("case.changed", seen_by=[{"role": "department"}]))


def test_public_material_is_heard_by_all() -> None:
    for type_ in ("event.updated", "source.silent", "source.recovered"):
        assert hears(who(Role.EXPERT), message(type_))


def test_people_with_the_same_rights_are_one_audience() -> None:
    every = frozenset(EVENT_TYPES)
    everywhere = {audience(who(role), every) for role in (Role.OFFICE, Role.CITY_LEADER, Role.AUDITOR, Role.ADMIN)}
    assert len(everywhere) == 1
    own = {audience(who(Role.COUNTY, unit=unit), every) for unit in ("甲", "乙")}
    assert len(own) == 2
    assert audience(who(Role.COUNTY, unit="甲"), frozenset({"event.updated"})) == audience(
        who(Role.EXPERT), frozenset({"event.updated"})
    )


def test_only_the_types_asked_for_are_heard() -> None:
    some = audience(who(Role.OFFICE), frozenset({"alert.raised"}))
    assert some.hears(message("alert.raised"))
    assert not some.hears(message("case.changed"))
