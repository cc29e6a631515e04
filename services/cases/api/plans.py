"""`/api/v1/plans` and `/api/v1/plan`: versions of the plan, checking and putting one in force."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from kit.etags import etag
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.cases import store
from services.cases.api.parts import PartsDep, PlanReader, PlanWriter, Version, after_time_and_id
from services.cases.plan import PlanError, check_plan
from services.cases.plan.loader import MAX_BYTES, read_document
from services.cases.schemas.plans import CheckOut, FindingOut, PlanOut, PlanVersionOut
from services.cases.service.plans import plan_problem

router = APIRouter(prefix="/api/v1", tags=["plans"])

_YAML: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {
                "schema": {"type": "string"},
                "example": 'meta:\n  name: 某市应急预案\n  version: "1"\n',
            }
        },
    }
}


@router.get("/plan", responses=problems(503), summary="生效的预案")
async def get_active_plan(parts: PartsDep, _: PlanReader, response: Response) -> PlanOut:
    """Return the plan in force, whole."""
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.in_force(session)
        row = await store.active_plan(session)
    assert row is not None
    response.headers["ETag"] = etag(row.digest[:16])
    return PlanOut.of(row, plan)


@router.get("/plans", responses=problems(400), summary="预案版本")
async def list_plans(parts: PartsDep, _: PlanReader, page: PageParams) -> Page[PlanVersionOut]:
    """List the plan's versions, newest first."""
    async with parts.desk.database.reading() as session:
        rows = await store.plan_page(session, page.limit, after_time_and_id(page))
    return page_of(rows, page, lambda row: (row.created_at, row.version), PlanVersionOut.of)


@router.post("/plans", status_code=201, responses=problems(400, 409, 413), summary="提交新版预案", openapi_extra=_YAML)
async def create_plan(parts: PartsDep, principal: PlanWriter, request: Request) -> PlanVersionOut:
    """Store a plan (YAML) as a new version, not yet in force. 422 names every error with its line."""
    text = await _text(request)
    try:
        return PlanVersionOut.of(await parts.desk.plans.take_in(text, by=principal.name))
    except PlanError as error:
        raise plan_problem(error) from None


@router.post("/plans/check", responses=problems(400, 413), summary="检查预案", openapi_extra=_YAML)
async def check_plan_text(_parts: PartsDep, _: PlanReader, request: Request) -> CheckOut:
    """Check a plan (YAML) without storing it: errors and gaps, each with its line."""
    text = await _text(request)
    findings = check_plan(text)
    version = None
    if not any(finding.severity == "error" for finding in findings):
        version = str(read_document(text, "plan.yaml").data["meta"]["version"])
    return CheckOut(ok=version is not None, version=version, findings=[FindingOut.of(item) for item in findings])


@router.get("/plans/{version}", responses=problems(404), summary="某一版预案")
async def get_plan(version: Version, parts: PartsDep, _: PlanReader) -> PlanOut:
    """Return one version of the plan, whole."""
    async with parts.desk.database.reading() as session:
        plan = await parts.desk.plans.version(session, version)
        row = await store.plan_row(session, version)
    assert row is not None
    return PlanOut.of(row, plan)


@router.get(
    "/plans/{version}/text",
    responses={**problems(404), 200: {"content": {"application/yaml": {}}}},
    response_class=PlainTextResponse,
    summary="某一版预案的原文",
)
async def get_plan_text(version: Version, parts: PartsDep, _: PlanReader) -> PlainTextResponse:
    """Return one version of the plan as it was handed in (YAML)."""
    async with parts.desk.database.reading() as session:
        await parts.desk.plans.version(session, version)
        row = await store.plan_row(session, version)
    assert row is not None
    return PlainTextResponse(row.text, media_type="application/yaml")


@router.post("/plans/{version}/activate", responses=problems(404), summary="启用某一版预案")
async def activate_plan(version: Version, parts: PartsDep, _: PlanWriter) -> PlanVersionOut:
    """Put a version in force. Cases that are open keep the version they were opened under."""
    return PlanVersionOut.of(await parts.desk.plans.activate(version))


async def _text(request: Request) -> str:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise Problem(
                413, "too-large", zh=f"预案不能超过 {MAX_BYTES} 字节", en=f"A plan has at most {MAX_BYTES} bytes"
            )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem(400, "malformed", zh="预案须为 UTF-8 编码的 YAML", en="A plan is YAML in UTF-8") from None
