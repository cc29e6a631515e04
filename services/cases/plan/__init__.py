"""The emergency plan as data: schema, loader, checks and grading."""

from services.cases.plan.check import check_plan
from services.cases.plan.grading import Grade, HumanFacts, grade
from services.cases.plan.loader import Finding, PlanError, load_plan, parse_plan
from services.cases.plan.schema import Plan

__all__ = ["Finding", "Grade", "HumanFacts", "Plan", "PlanError", "check_plan", "grade", "load_plan", "parse_plan"]
