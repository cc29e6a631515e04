"""`/public/v1/widget.js`: the list of statements for other sites' pages, as one script."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from kit.problems import Problem, problems
from services.cases.portal.answers import FOREVER, FRESH, answer
from services.cases.portal.widgets import NEWEST, WIDGETS

router = APIRouter(tags=["portal"])

_MEDIA: Final = "text/javascript; charset=utf-8"
_SCRIPT: Final[dict[str, Any]] = {"text/javascript": {"schema": {"type": "string"}}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    422: problems()[422],
    200: {"content": _SCRIPT, "description": "The script"},
    304: {"description": "Not changed since the entity tag"},
}


@router.get(
    "/public/v1/widget.js",
    responses=_ANSWERS,
    response_class=Response,
    summary="嵌入组件（最新版）",
)
async def get_widget(request: Request) -> Response:
    """Return the newest version of the widget. Pages that name its hash ask for a version instead."""
    found = WIDGETS[NEWEST]
    return answer(request, found.script, _MEDIA, tag=found.tag, cache=FRESH)


@router.get(
    "/public/v1/widget/{version}.js",
    responses={**{status: told for status, told in problems(404).items() if status not in (401, 403)}, **_ANSWERS},
    response_class=Response,
    summary="嵌入组件（指定版本）",
)
async def get_widget_version(version: Annotated[str, Path(examples=[NEWEST])], request: Request) -> Response:
    """Return a version of the widget; a version never changes."""
    found = WIDGETS.get(version)
    if found is None:
        raise Problem(404, "not-found", zh="没有这个版本的嵌入组件", en="There is no such version of the widget")
    return answer(request, found.script, _MEDIA, tag=found.tag, cache=FOREVER)


for _path, _endpoint in (("/public/v1/widget.js", get_widget), ("/public/v1/widget/{version}.js", get_widget_version)):
    router.add_api_route(_path, _endpoint, methods=["HEAD"], include_in_schema=False, response_model=None)
