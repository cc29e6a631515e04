"""Find gaps in a plan: what its schema allows but its users would regret.

Each part has its own module `check_<part>`, a function `gaps(plan, document)` that yields findings. An error makes the
plan unusable at some turn, so that it is not taken in; a warning is a doubt that its authors may have reasons for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from services.cases.plan import (
    check_clocks,
    check_grading,
    check_levels,
    check_names,
    check_notices,
    check_people,
    check_rest,
    check_waiting,
)
from services.cases.plan.loader import Document, Finding, PlanError, parse_plan
from services.cases.plan.schema import Plan
from services.cases.plan.work_check import work_gaps

#: Every check there is; a new part of the plan adds its own here.
CHECKS: Final[tuple[Callable[[Plan, Document], Iterable[Finding]], ...]] = (
    check_levels.gaps,
    check_names.gaps,
    check_grading.gaps,
    check_clocks.gaps,
    check_people.gaps,
    check_notices.gaps,
    check_rest.gaps,
    check_waiting.gaps,
    work_gaps,
)


def check_plan(text: str, name: str = "plan.yaml") -> list[Finding]:
    """Return everything wrong or doubtful in a plan, by line; an empty list is a plan without gaps."""
    try:
        plan, document = parse_plan(text, name)
    except PlanError as error:
        return sorted(error.findings, key=_place)
    return gaps(plan, document)


def gaps(plan: Plan, document: Document) -> list[Finding]:
    """Return the findings on a plan that can be read, by line, errors first on each."""
    return sorted((finding for check in CHECKS for finding in check(plan, document)), key=_place)


def _place(finding: Finding) -> tuple[int, str]:
    return finding.line, finding.severity
