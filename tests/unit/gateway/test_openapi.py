"""The documents of several services become one."""

from __future__ import annotations

from typing import Any

from gateway.openapi import merged


def _document(path: str, schema: dict[str, Any], operation: str = "read") -> dict[str, Any]:
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
    return {
        "paths": {path: {"get": {"operationId": operation, "responses": answer}, "parameters": []}},
        "components": {"schemas": {"Thing": schema}},
        "tags": [{"name": "things"}],
    }


def _schema_of(document: dict[str, Any], path: str) -> Any:
    response = document["paths"][path]["get"]["responses"]["200"]
    name = response["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    return document["components"]["schemas"][name]


def test_schemas_of_one_name_that_differ_stay_apart() -> None:
    one, other = {"type": "object", "title": "one"}, {"type": "string", "title": "other"}
    document = merged({"cases": _document("/api/v1/a", one), "notify": _document("/api/v1/b", other)})
    assert _schema_of(document, "/api/v1/a") == one
    assert _schema_of(document, "/api/v1/b") == other
    assert set(document["components"]["schemas"]) == {"Thing", "Notify_Thing"}


def test_equal_schemas_are_kept_once_and_operation_ids_stay_apart() -> None:
    same = {"type": "object"}
    document = merged({"cases": _document("/api/v1/a", same), "notify": _document("/api/v1/b", same)})
    assert set(document["components"]["schemas"]) == {"Thing"}
    assert document["paths"]["/api/v1/a"]["get"]["operationId"] == "read"
    assert document["paths"]["/api/v1/b"]["get"]["operationId"] == "notify_read"
    assert [tag["name"] for tag in document["tags"]] == ["things"]


def test_methods_of_one_path_from_two_services_stand_together() -> None:
    pushing = {"paths": {"/api/v1/posts": {"post": {"operationId": "push", "responses": {}}}}}
    document = merged({"ingest": pushing, "analysis": _document("/api/v1/posts", {"type": "object"})})
    assert set(document["paths"]["/api/v1/posts"]) == {"get", "post"}


def test_only_public_paths_and_the_login_are_without_security() -> None:
    document = merged({"cases": _document("/public/v1/statements", {}), "notify": _document("/api/v1/contacts", {})})
    assert document["paths"]["/public/v1/statements"]["get"]["security"] == []
    assert "security" not in document["paths"]["/api/v1/contacts"]["get"]
    assert document["security"] == [{"bearer": []}, {"apiKey": []}]


def test_the_services_documents_are_left_as_they_were() -> None:
    cases, notify = _document("/api/v1/a", {"type": "object"}), _document("/api/v1/b", {"type": "string"})
    merged({"cases": cases, "notify": notify})
    assert notify == _document("/api/v1/b", {"type": "string"})


def test_a_schema_that_looks_the_same_but_refers_to_another_stays_apart() -> None:
    def document(path: str, inner: dict[str, Any]) -> dict[str, Any]:
        made = _document(path, {"type": "array", "items": {"$ref": "#/components/schemas/Inner"}}, path)
        made["components"]["schemas"]["Inner"] = inner
        return made

    both = merged(
        {"cases": document("/api/v1/a", {"type": "string"}), "notify": document("/api/v1/b", {"type": "null"})}
    )
    schemas = both["components"]["schemas"]
    for path, kind in (("/api/v1/a", "string"), ("/api/v1/b", "null")):
        inner = _schema_of(both, path)["items"]["$ref"].rsplit("/", 1)[1]
        assert schemas[inner] == {"type": kind}
