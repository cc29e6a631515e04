"""Hooks: vendor feeds and e-mail digests come in by signed webhook."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from kit.auth import Principal, require
from kit.etags import etag
from kit.pages import Page, PageParams, page_of
from kit.problems import prefers_chinese, problems
from services.ingest.hooks.schemas import Hook, HookChange, HookDetails, HookWithSecret, NewHook, Rotation
from services.ingest.hooks.service import Hooks, hook_of
from services.ingest.schemas import Pushed

router = APIRouter(tags=["hooks"])
_Reader = Annotated[Principal, require("sources.read")]
_Writer = Annotated[Principal, require("sources.write")]

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "what the hook's format says",
        "content": {
            "application/json": {"schema": {}},
            "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    "security": [],
}


def _hooks_of(request: Request) -> Hooks:
    hooks: Hooks = request.app.state.hooks
    return hooks


HooksDep = Annotated[Hooks, Depends(_hooks_of)]


@router.post("/api/v1/hooks", status_code=201, summary="Make a hook", responses=problems(409))
async def create_hook(new: NewHook, response: Response, hooks: HooksDep, _: _Writer) -> HookWithSecret:
    """Make an address that a vendor or a mail gateway may deliver posts to. Its secret is shown this once."""
    hook = await hooks.create(new)
    _secret(response)
    response.headers["Location"] = f"/api/v1/hooks/{hook.id}"
    response.headers["ETag"] = etag(hook.version)
    return hook


@router.get("/api/v1/hooks", summary="List hooks", responses=problems(400))
async def list_hooks(hooks: HooksDep, page: PageParams, _: _Reader) -> Page[Hook]:
    """List hooks, oldest first."""
    return page_of(await hooks.page(page), page, key=lambda row: (row.id,), show=hook_of)


@router.get("/api/v1/hooks/{hook_id}", summary="Read a hook and its last deliveries", responses=problems(404))
async def get_hook(hook_id: str, request: Request, response: Response, hooks: HooksDep, _: _Reader) -> HookDetails:
    """Return a hook, its last 20 deliveries, and the last that was refused for its signature."""
    hook = await hooks.details(hook_id, chinese=prefers_chinese(request.headers.get("accept-language")))
    response.headers["ETag"] = etag(hook.version)
    return hook


@router.patch("/api/v1/hooks/{hook_id}", summary="Change a hook", responses=problems(404, 409, 412))
async def change_hook(
    hook_id: str, change: HookChange, request: Request, response: Response, hooks: HooksDep, _: _Writer
) -> Hook:
    """Change a hook; what is left out stays."""
    hook = await hooks.change(hook_id, change, request)
    response.headers["ETag"] = etag(hook.version)
    return hook


@router.post("/api/v1/hooks/{hook_id}/secret", summary="Rotate a hook's secret", responses=problems(404, 412))
async def rotate_secret(
    hook_id: str, rotation: Rotation, request: Request, response: Response, hooks: HooksDep, _: _Writer
) -> HookWithSecret:
    """Give a hook a new secret, shown this once. The one before stays good for `overlap_hours`."""
    hook = await hooks.rotate(hook_id, rotation, request)
    _secret(response)
    response.headers["ETag"] = etag(hook.version)
    return hook


@router.delete("/api/v1/hooks/{hook_id}", status_code=204, summary="Delete a hook", responses=problems(404, 412))
async def delete_hook(hook_id: str, request: Request, hooks: HooksDep, _: _Writer) -> None:
    """Delete a hook; its posts stay."""
    await hooks.delete(hook_id, request)


@router.post(
    "/public/v1/hooks/{hook_id}",
    status_code=202,
    summary="Deliver posts",
    responses=problems(400, 404, 409, 410, 413, 503),
    openapi_extra=_BODY,
)
async def deliver(hook_id: str, request: Request, hooks: HooksDep) -> Pushed:
    """Take a signed delivery in, as the hook's format says. What is accepted is on disk before the answer is sent.

    A delivery without a good signature or with a stale time is answered 401, one that was taken before 409.
    """
    chinese = prefers_chinese(request.headers.get("accept-language"))
    return await hooks.deliveries.take(hook_id, request, chinese=chinese)


def _secret(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
