"""What callers may send: nothing that a route does not name, and nothing without bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.integration.huiying.whole import Part

_MOST: Final = 200


def requests(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation with its name."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield f"{method.upper()} {path}", operation


def objects(schema: Any, document: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object with named members that a request's schema reaches."""
    if isinstance(schema, list):
        for one in schema:
            yield from objects(one, document, seen)
    if not isinstance(schema, dict):
        return
    target = schema.get("$ref")
    if isinstance(target, str):
        name = target.rsplit("/", 1)[1]
        if name not in seen:
            seen.add(name)
            yield from objects({**document["components"]["schemas"][name], "title": name}, document, seen)
        return
    if "properties" in schema:
        yield str(schema.get("title")), schema
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            for one in value.values():
                yield from objects(one, document, seen)
        elif key in ("items", "anyOf", "oneOf", "allOf", "prefixItems", "additionalProperties"):
            yield from objects(value, document, seen)


async def test_a_member_that_a_request_does_not_name_is_refused_or_dropped_and_never_kept(one_part: Part) -> None:
    document = one_part.app.openapi()
    loose, looked = [], 0
    for name, operation in requests(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for title, schema in objects(content.get("schema", {}), document, set()):
                looked += 1
                if schema.get("additionalProperties", False) is not False:
                    loose.append((name, title))
    assert looked
    assert not loose


async def test_lists_are_bounded_and_texts_of_queries_too(one_part: Part) -> None:
    document = one_part.app.openapi()
    endless = []
    for name, operation in requests(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            if parameter["name"] == "limit" and schema.get("maximum", 10**9) > (100_000 if "verify" in name else _MOST):
                endless.append((name, "limit"))
            if parameter["name"] == "cursor" and "maxLength" not in str(schema):
                endless.append((name, "cursor"))
    assert not endless
