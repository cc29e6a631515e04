"""Every role has a name that officers read."""

from __future__ import annotations

from contracts.words import Role
from services.cases.roles import ROLE_NAMES, list_roles


def test_every_role_is_named() -> None:
    assert set(ROLE_NAMES) == set(Role)
    assert list_roles([Role.OFFICE, Role.CITY_LEADER, Role.OFFICE]) == "市领导、领导小组办公室"
