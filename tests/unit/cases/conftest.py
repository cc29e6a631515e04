"""Fixtures of the tests of cases' pure core."""

from tests.unit.cases.plans import plans, shipped

__all__ = ["plans", "shipped"]
