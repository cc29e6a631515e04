"""Roles as officers call them, where no plan is at hand to name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.words import Role

ROLE_NAMES: Final = {
    Role.CITY_LEADER: "市领导",
    Role.GROUP_LEADER: "领导小组组长",
    Role.GROUP_MEMBER: "领导小组成员",
    Role.OFFICE: "领导小组办公室",
    Role.PROPAGANDA: "宣传部",
    Role.DEPARTMENT: "相关部门",
    Role.COUNTY: "县（区）联络员",
    Role.EXPERT: "专家",
    Role.AUDITOR: "监督审计",
    Role.ADMIN: "系统管理员",
}


def list_roles(roles: Iterable[Role]) -> str:
    """Return roles in Chinese, in the order of the plan's clause 三, each once."""
    named = set(roles)
    return "、".join(ROLE_NAMES[role] for role in Role if role in named)
