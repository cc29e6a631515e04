"""`/api/v1/plans/backtest`: what a plan would have raised, beside what was raised."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, ValidationError

from kit.problems import Problem, problems
from services.cases.access import own_of
from services.cases.api.parts import PartsDep, PlanReader
from services.cases.api.plans import plan_text
from services.cases.plan import Plan, PlanError, check_plan, parse_plan
from services.cases.schemas.backtests import BacktestIn, BacktestOut
from services.cases.service.plans import plan_problem

router = APIRouter(prefix="/api/v1/plans", tags=["plans"])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {
                "schema": {"type": "string"},
                "example": 'meta:\n  name: 某市应急预案\n  version: "2"\n',
            },
            "application/json": {"schema": BacktestIn.model_json_schema(), "example": {"version": "2026.2"}},
        },
    }
}


@router.post("/backtest", responses=problems(400, 404, 413, 503), summary="回放预案", openapi_extra=_BODY)
async def backtest_plan(
    parts: PartsDep,
    principal: PlanReader,
    request: Request,
    since: Annotated[AwareDatetime | None, Query(description="default: 30 days before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="default: now")] = None,
    rows: Annotated[int, Query(ge=0, le=5000, description="events shown, differences first")] = 200,
) -> BacktestOut:
    """Replay a plan (YAML, or the version of a stored one) on the courses of events, beside the alerts that came.

    Nothing is stored and nobody is told. 422 where the plan has errors or the window holds too much; 503 while another
    backtest runs.
    """
    if own_of(principal, "alerts.read") is not None:
        raise Problem(
            403,
            "forbidden",
            zh="回放涉及全部事件，仅能查看所参与处置单的角色不能使用",
            en="A backtest shows every event; roles that see only their own cases may not ask for one",
        )
    outcome = await parts.backtesting.run(await _plan(parts, request), since, until, rows)
    return BacktestOut.of(outcome, rows)


async def _plan(parts: PartsDep, request: Request) -> Plan:
    text = await plan_text(request)
    if request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json":
        try:
            wanted = BacktestIn.model_validate_json(text)
        except ValidationError:
            raise Problem(
                422,
                "invalid-fields",
                zh='须为 {"version": "…"}，或以 application/yaml 提交预案全文',
                en='Give {"version": "…"}, or a whole plan as application/yaml',
            ) from None
        async with parts.desk.database.reading() as session:
            return await parts.desk.plans.version(session, wanted.version)
    findings = [finding for finding in check_plan(text) if finding.severity == "error"]
    if findings:
        raise plan_problem(PlanError(findings))
    return parse_plan(text)[0]
