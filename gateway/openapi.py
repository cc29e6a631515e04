"""One OpenAPI document out of every service's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from gateway.routes import needs_login

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


def merged(documents: Mapping[str, Mapping[str, Any]], address: str = "/") -> dict[str, Any]:
    """Merge OpenAPI 3.1 documents by service name.

    A path that two services answer keeps the operations of both. Schemas of one name that differ are renamed to
    ``Service_Name`` in the later document, references included. Paths that need no login need no security.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    tags: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for service, original in documents.items():
        document = _renamed(service, copy.deepcopy(dict(original)), schemas)
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
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Huiying 回应",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "tags": sorted(tags.values(), key=lambda tag: str(tag["name"])),
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SECURITY},
    }


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
        if isinstance(mapping, dict):
            node["mapping"] = {key: references.get(value, value) for key, value in mapping.items()}
        for value in node.values():
            _point_anew(value, references)
    elif isinstance(node, list):
        for value in node:
            _point_anew(value, references)
