"""One OpenAPI document out of every service's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from gateway.document import examples, headers, problems, summaries
from gateway.document.tags import TAGS
from gateway.routes import needs_login, service_for

#: Version of the contract, semantic: the first number moves when a change breaks callers (then CHANGELOG lists it under
#: "Breaking"), the second when something is added, the third when only words change. docs/clients.md has the rule.
VERSION: Final = "1.0.0"
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
_SECURITY: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`POST /api/v1/auth/token` gives one.",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "`POST /api/v1/api-keys` gives one.",
    },
}
_DESCRIPTION: Final = """\
Huiying 回应 turns a public body's emergency plan for online public opinion into a running system.

`/api/v1` wants `Authorization: Bearer …` or `X-API-Key`; `/public/v1` is open. Lists take `limit` and `cursor` and
answer `items` and `next_cursor`. Errors are RFC 9457 problem documents, in Chinese under `Accept-Language: zh`. Any
POST takes an `Idempotency-Key`. Times are RFC 3339 with offset, ids UUIDv7.
"""

_DESCRIPTION_ZH: Final = """\
Huiying 回应 把网络舆情应急预案变成运行着的系统。

`/api/v1` 需要 `Authorization: Bearer …` 或 `X-API-Key`；`/public/v1` 公开。列表取 `limit` 与 `cursor`，返回 `items` 与
`next_cursor`。错误均为 RFC 9457 问题文档，`Accept-Language: zh` 时为中文。任何 POST 可带 `Idempotency-Key`。
时间为带时区的 RFC 3339，标识为 UUIDv7。各操作的 `description` 只有英文。
"""


def merged(documents: Mapping[str, Mapping[str, Any]], address: str = "/", *, chinese: bool = False) -> dict[str, Any]:
    """Merge OpenAPI 3.1 documents by service name, and complete what every call says.

    A path that two services answer keeps the operations of both. Schemas of one name that differ are renamed to
    ``Service_Name`` in the later document, references included. Paths that need no login need no security. Summaries,
    tags and problems are in English or Chinese; descriptions are in English only.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    tags: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for service, original in documents.items():
        document = _renamed(service, _plain_names(copy.deepcopy(dict(original))), schemas)
        schemas.update(document.get("components", {}).get("schemas", {}))
        tags.update({tag["name"]: tag for tag in document.get("tags", ())})
        for path, item in document.get("paths", {}).items():
            for method, operation in item.items():
                if method not in _METHODS:
                    continue
                name = operation.get("operationId", f"{method}{path}")
                operation["operationId"] = name if name not in taken else f"{service}_{name}"
                taken.add(operation["operationId"])
                if not needs_login(path):
                    operation["security"] = []
                else:
                    operation.pop("security", None)
                paths.setdefault(path, {})[method] = operation
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, item in paths.items():
        for method, operation in item.items():
            _complete(path, method, operation, schemas, chinese)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Huiying 回应",
            "version": VERSION,
            "description": _DESCRIPTION_ZH if chinese else _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "tags": _tags(tags, paths, chinese),
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": problems.components(chinese),
            "securitySchemes": _SECURITY,
        },
    }


def _complete(path: str, method: str, operation: dict[str, Any], schemas: Mapping[str, Any], chinese: bool) -> None:
    summaries.complete(operation, chinese)
    _straighten_body(operation)
    problems.complete(path, method, operation, proxied=service_for(method.upper(), path) != "gateway")
    headers.complete(path, method, operation)
    for content, sent in [
        (operation.get("requestBody", {}).get("content", {}), True),
        *((answer.get("content", {}), False) for answer in operation["responses"].values()),
    ]:
        if len(content) > 1 and content.get("application/json", {}).get("schema") == {}:
            del content["application/json"]  # what FastAPI adds of itself beside the types that a route names
        for kind, media in content.items():
            if not media.get("schema"):
                media["schema"] = examples.bare_schema(kind)
            given = examples.of_media(kind, media.get("schema", {}), schemas, sent=sent)
            if given is not None and "example" not in media and "examples" not in media:
                media["example"] = given


def _straighten_body(operation: dict[str, Any]) -> None:
    """Let a body that may be left out refer to its schema, not to a choice between it and null."""
    body = operation.get("requestBody")
    for media in (body or {}).get("content", {}).values():
        choices = media.get("schema", {}).get("anyOf", [])
        kept = [choice for choice in choices if choice.get("type") != "null"]
        if body and len(kept) == 1 and len(choices) == 2:
            media["schema"] = kept[0]
            body["required"] = False


def _tags(given: Mapping[str, Any], paths: Mapping[str, Any], chinese: bool) -> list[dict[str, Any]]:
    used = {tag for item in paths.values() for operation in item.values() for tag in operation.get("tags", ())}
    known = [{"name": name, "description": zh if chinese else en} for name, en, zh in TAGS if name in used]
    names = {name for name, *_ in TAGS}
    return known + sorted((tag for tag in given.values() if tag["name"] not in names), key=lambda tag: str(tag["name"]))


def _plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """Give schemas names that generated code can bear: `PolicyInput`, `AlertPage`, a form's `CreateTokenBody`."""
    own = document.get("components", {}).get("schemas", {})
    names = {name: _plain_name(name) for name in own if _plain_name(name) != name}
    if names:
        document["components"]["schemas"] = {names.get(name, name): schema for name, schema in own.items()}
        for new in names.values():
            document["components"]["schemas"][new]["title"] = new
        prefix = "#/components/schemas/"
        _point_anew(document, {prefix + old: prefix + new for old, new in names.items()})
    return document


def _plain_name(name: str) -> str:
    if name.startswith("Body_"):
        return "".join(word.capitalize() for word in name.removeprefix("Body_").split("_")) + "Body"
    if name.startswith("Page_"):
        return name.removeprefix("Page_").rstrip("_").removesuffix("Out").removesuffix("View") + "Page"
    return name.replace("-", "")


def _renamed(service: str, document: dict[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
    own = document.get("components", {}).get("schemas", {})
    apart = {name for name, schema in own.items() if name in taken and taken[name] != schema}
    # a schema that looks the same means something else where what it refers to does
    while more := {n for n in own.keys() & taken.keys() - apart if _references(own[n]) & apart}:
        apart |= more
    names = {name: f"{service.capitalize()}_{name}" for name in apart}
    if not names:
        return document
    document["components"]["schemas"] = {names.get(name, name): schema for name, schema in own.items()}
    prefix = "#/components/schemas/"
    references = {prefix + old: prefix + new for old, new in names.items()}
    _point_anew(document, references)
    return document


def _references(node: Any) -> set[str]:
    """Return the names of the schemas that `node` refers to."""
    if isinstance(node, list):
        return set().union(*(_references(item) for item in node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].rsplit("/", 1)[1]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(_references(value) for value in node.values()))


def _point_anew(node: Any, references: Mapping[str, str]) -> None:
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target in references:
            node["$ref"] = references[target]
        mapping = node.get("mapping")
        if isinstance(mapping, dict) and all(isinstance(value, str) for value in mapping.values()):
            node["mapping"] = {key: references.get(value, value) for key, value in mapping.items()}
        for value in node.values():
            _point_anew(value, references)
    elif isinstance(node, list):
        for value in node:
            _point_anew(value, references)
