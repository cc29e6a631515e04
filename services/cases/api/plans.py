"""`/api/v1/plans` and `/api/v1/plan`: versions of the plan, checking and putting one in force."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from kit.etags import etag
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems
from services.cases import store
from services.cases.api.parts import PartsDep, PlanReader, PlanWriter, Version, after_time_and_id
from services.cases.plan import PlanError, check_plan, parse_plan
from services.cases.plan.diff import compare
from services.cases.plan.loader import MAX_BYTES, read_document
from services.cases.plan.published import plan_schema
from services.cases.schemas.plans import (
    ActivationIn,
    ActivationOut,
    PlanCheckOut,
    PlanDiffOut,
    PlanFindingOut,
    PlanOut,
    PlanVersionOut,
)
from services.cases.service.actors import Actor
from services.cases.service.plans import plan_problem
from services.cases.store.plans import activation_page

router = APIRouter(prefix="/api/v1", tags=["plans"])

#: The version that a plan is compared with.
Against = Annotated[
    str | None,
    Query(max_length=60, pattern=r"^[0-9A-Za-z._-]+$", description="compared with this version; default: in force"),
]

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


@router.post(
    "/plans",
    status_code=201,
    responses={
        **problems(400, 409, 413),
        200: {"model": PlanVersionOut, "description": "the same text is stored already, as this version"},
    },
    summary="提交新版预案",
    openapi_extra=_YAML,
)
async def create_plan(parts: PartsDep, principal: PlanWriter, request: Request, response: Response) -> PlanVersionOut:
    """Store a plan (YAML) as a new version, not yet in force. 422 names every error with its line.

    A version never changes: the same text is the same version (200), another text under a known version is refused.
    """
    text = await plan_text(request)
    try:
        row, new = await parts.desk.plans.take_in(text, by=principal.name)
    except PlanError as error:
        raise plan_problem(error) from None
    if not new:
        response.status_code = 200
    return PlanVersionOut.of(row)


@router.get(
    "/plans/schema",
    response_class=Response,
    responses={**problems(), 200: {"content": {"application/schema+json": {"schema": {"type": "object"}}}}},
    summary="预案文件的 JSON Schema",
)
async def get_plan_schema(_: PlanReader) -> JSONResponse:
    """Return the JSON Schema of a plan file, for editors and for programs that write plans."""
    return JSONResponse(plan_schema(), media_type="application/schema+json")


@router.get("/plans/activations", responses=problems(400), summary="预案启用记录")
async def list_activations(parts: PartsDep, _: PlanReader, page: PageParams) -> Page[ActivationOut]:
    """List which version was put in force when, by whom and why, the newest first."""
    async with parts.desk.database.reading() as session:
        rows = await activation_page(session, page.limit, after_time_and_id(page))
    return page_of(rows, page, lambda row: (row.at, row.id), ActivationOut.of)


@router.post("/plans/diff", responses=problems(400, 404, 413, 503), summary="比较未提交的预案", openapi_extra=_YAML)
async def diff_plan_text(parts: PartsDep, _: PlanReader, request: Request, against: Against = None) -> PlanDiffOut:
    """Compare a plan (YAML, not stored) with a stored version: what would change, part by part, in words.

    The plan may have gaps, but must be readable: 422 names every error of form with its line.
    """
    text = await plan_text(request)
    try:
        new = parse_plan(text)
    except PlanError as error:
        raise plan_problem(error) from None
    async with parts.desk.database.reading() as session:
        old = await parts.desk.plans.read(session, against or (await parts.desk.plans.in_force(session)).version)
    return PlanDiffOut.of(old[0].version, new[0].version, compare(old, new))


@router.post("/plans/check", responses=problems(400, 413), summary="检查预案", openapi_extra=_YAML)
async def check_plan_text(_parts: PartsDep, _: PlanReader, request: Request) -> PlanCheckOut:
    """Check a plan (YAML) without storing it: errors and gaps, each with its line."""
    text = await plan_text(request)
    findings = check_plan(text)
    version = None
    if not any(finding.severity == "error" for finding in findings):
        version = str(read_document(text, "plan.yaml").data["meta"]["version"])
    return PlanCheckOut(
        ok=version is not None, version=version, findings=[PlanFindingOut.of(item) for item in findings]
    )


@router.get("/plans/{version}/diff", responses=problems(404, 503), summary="比较两版预案")
async def diff_plans(version: Version, parts: PartsDep, _: PlanReader, against: Against = None) -> PlanDiffOut:
    """Tell what changes from the version `against` (left out: the one in force) to this one, part by part, in words."""
    async with parts.desk.database.reading() as session:
        old = await parts.desk.plans.read(session, against or (await parts.desk.plans.in_force(session)).version)
        new = await parts.desk.plans.read(session, version)
    return PlanDiffOut.of(old[0].version, version, compare(old, new))


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
    response_class=Response,
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
async def activate_plan(
    version: Version, parts: PartsDep, principal: PlanWriter, body: Annotated[ActivationIn | None, Body()] = None
) -> PlanVersionOut:
    """Put a version in force; who did so, when and why is recorded. Cases keep the version they are on."""
    reason = body.reason if body is not None else ""
    return PlanVersionOut.of(await parts.desk.plans.activate(version, Actor.of(principal), reason))


async def plan_text(request: Request) -> str:
    """Return the body as text; 413 where it is larger than a plan may be, 400 where it is not UTF-8."""
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
