"""What a service's API document says of its calls beyond FastAPI's own: the action needed, and headers in and out.

All of it is read from the routes themselves, so that it cannot fall behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from contracts.permissions import ACTIONS
from contracts.words import Role
from kit import problems
from kit.auth import actions_of

#: Answer headers by name: what is said of each.
HEADERS: Final = {
    "ETag": "Version of what was answered, for `If-Match` and `If-None-Match`.",
    "Location": "Where what was made is found.",
    "Content-Disposition": "The file's name.",
    "Last-Modified": "When what was answered last changed.",
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that the change is meant for; 412 where somebody else has changed it since.",
    "schema": {"type": "string", "maxLength": 200},
    "example": '"3"',
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` name every call's action and roles, its headers, and the problem document's schema."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in components:
            described = problems.ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
            components.update(described.pop("$defs", {}))
            components["Problem"] = {**described, "title": "Problem"}
            for context in iter_route_contexts(app.routes):
                route = context.original_route
                path = schema["paths"].get(context.path_format or "", {})
                for method in context.methods or ():
                    if isinstance(route, APIRoute) and method.lower() in path:
                        _describe(route, path[method.lower()])
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _describe(route: APIRoute, operation: dict[str, Any]) -> None:
    actions = sorted(actions_of(route.dependant))
    if actions:
        operation["x-huiying-action"] = actions[0] if len(actions) == 1 else actions
        reaches = {str(role): [ACTIONS[action].reach({role}) for action in actions] for role in Role}
        # who calls must hold every one of them; the narrowest tells how far
        operation["x-huiying-roles"] = {
            role: str(max(held))
            for role, own in reaches.items()
            if len(held := [one for one in own if one]) == len(own)
        }
    if "412" in operation["responses"]:
        given = operation.setdefault("parameters", [])
        if not any(one["name"].lower() == "if-match" for one in given):
            given.append(dict(_IF_MATCH))
    named = route.endpoint.__code__.co_consts
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for name, said in HEADERS.items():
                if name in named and not (name == "Location" and status == "200"):
                    answer.setdefault("headers", {}).setdefault(
                        name, {"description": said, "schema": {"type": "string"}}
                    )
