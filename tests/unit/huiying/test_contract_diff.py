"""Every rule by which a change of the API breaks callers, and changes that break nobody."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from huiying.contract_diff import breaking, contract, unlisted

Document = dict[str, Any]


def made() -> Document:
    """Return a small document with one of everything."""
    return {
        "info": {"title": "t", "version": "1.0.0"},
        "security": [{"bearer": []}, {"apiKey": []}],
        "paths": {
            "/things": {
                "post": {
                    "operationId": "make_thing",
                    "x-huiying-roles": {"office": "all", "admin": "all"},
                    "parameters": [
                        {"in": "query", "name": "dry", "required": False, "schema": {"type": "boolean"}},
                        {"$ref": "#/components/parameters/Lang"},
                    ],
                    "requestBody": {
                        "required": False,
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/In"}},
                            "text/csv": {"schema": {"type": "string"}},
                        },
                    },
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}},
                        "201": {
                            "headers": {"Location": {"schema": {"type": "string"}}},
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/Out"}},
                                "text/html": {"schema": {"type": "string"}},
                            },
                        },
                        "404": {"description": "none"},
                    },
                },
                "get": {"operationId": "open_things", "security": [], "responses": {"204": {}}},
            },
        },
        "components": {
            "parameters": {"Lang": {"in": "header", "name": "Accept-Language", "schema": {"type": "string"}}},
            "schemas": {
                "In": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "maxLength": 10, "pattern": "^a"},
                        "level": {"$ref": "#/components/schemas/Level"},
                        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "amount": {"type": "number", "minimum": 0},
                    },
                },
                "Out": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {
                        "id": {"type": "string"},
                        "count": {"type": "integer"},
                        "level": {"$ref": "#/components/schemas/Level"},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Out"}},
                        "title": {"type": "string", "title": "Title"},
                    },
                },
                "Level": {"type": "string", "enum": ["I", "II"]},
            },
        },
    }


def post(document: Document) -> Any:
    return document["paths"]["/things"]["post"]


def schema(document: Document, name: str) -> Any:
    return document["components"]["schemas"][name]


Edit = Callable[[Document], Any]

BREAKING: dict[str, Edit] = {
    "path-removed": lambda d: d["paths"].pop("/things"),
    "operation-removed": lambda d: d["paths"]["/things"].pop("post"),
    "operation-id-changed": lambda d: post(d).update(operationId="create_thing"),
    "security-added": lambda d: d["paths"]["/things"]["get"].pop("security"),
    "security-removed": lambda d: d.update(security=[{"bearer": []}]),
    "role-removed": lambda d: post(d)["x-huiying-roles"].pop("office"),
    "parameter-required": lambda d: post(d)["parameters"][0].update(required=True),
    "parameter-removed": lambda d: post(d)["parameters"].pop(0),
    "body-removed": lambda d: post(d).pop("requestBody"),
    "body-required": lambda d: post(d)["requestBody"].update(required=True),
    "media-type-removed": lambda d: post(d)["requestBody"]["content"].pop("text/csv"),
    "success-status-removed": lambda d: post(d)["responses"].pop("201"),
    "header-removed": lambda d: post(d)["responses"]["201"].pop("headers"),
    "type-narrowed": lambda d: schema(d, "In")["properties"].update(note={"type": "string"}),
    "type-widened": lambda d: schema(d, "Out")["properties"].update(
        id={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "enum-value-removed": lambda d: schema(d, "Level")["enum"].remove("II"),
    "enum-added": lambda d: schema(d, "In")["properties"]["name"].update(enum=["a"]),
    "enum-opened": lambda d: schema(d, "Level").pop("enum"),
    "limit-narrowed": lambda d: schema(d, "In")["properties"]["name"].update(maxLength=9),
    "pattern-changed": lambda d: schema(d, "In")["properties"]["name"].update(pattern="^b"),
    "field-required": lambda d: schema(d, "In")["required"].append("note"),
    "request-field-removed": lambda d: (
        schema(d, "In")["properties"].pop("note"),
        schema(d, "In").update(additionalProperties=False),
    ),
    "response-field-removed": lambda d: schema(d, "Out")["properties"].pop("title"),
    "response-field-optional": lambda d: schema(d, "Out")["required"].remove("id"),
}


@pytest.mark.parametrize("rule", BREAKING)
def test_it_catches(rule: str) -> None:
    new = made()
    BREAKING[rule](new)
    found = breaking(made(), new)
    assert rule in {change.rule for change in found}, found
    assert all(str(change).startswith(f"{change.operation}: {change.rule}: ") for change in found)


def test_each_of_these_is_caught_for_itself_and_nothing_else() -> None:
    for rule in ("limit-narrowed", "field-required", "parameter-required", "response-field-removed", "role-removed"):
        new = made()
        BREAKING[rule](new)
        assert {change.rule for change in breaking(made(), new)} == {rule}


HARMLESS: dict[str, Edit] = {
    "nothing": lambda d: None,
    "another call": lambda d: d["paths"].update({"/more": {"get": {"operationId": "more", "responses": {}}}}),
    "another error": lambda d: post(d)["responses"].update({"409": {}}),
    "an error less": lambda d: post(d)["responses"].pop("404"),
    "an optional field": lambda d: schema(d, "In")["properties"].update(more={"type": "string"}),
    "an optional parameter": lambda d: post(d)["parameters"].append(
        {"in": "query", "name": "more", "schema": {"type": "string"}}
    ),
    "another field answered": lambda d: schema(d, "Out")["properties"].update(more={"type": "string"}),
    "a field that is always there now": lambda d: schema(d, "Out")["required"].append("count"),
    "a field no longer required": lambda d: schema(d, "In")["required"].remove("name"),
    "a wider limit": lambda d: schema(d, "In")["properties"]["name"].update(maxLength=11),
    "no pattern": lambda d: schema(d, "In")["properties"]["name"].pop("pattern"),
    "another role": lambda d: post(d)["x-huiying-roles"].update(county="own"),
    "an open call": lambda d: post(d).update(security=[]),
    "another enum value": lambda d: schema(d, "Level")["enum"].append("III"),
    "a narrower answer": lambda d: schema(d, "Out")["properties"].update(count={"type": "integer", "minimum": 0}),
    "a number taken where an integer was": lambda d: schema(d, "In")["properties"].update(amount={"type": "number"}),
    "other words": lambda d: post(d).update(summary="x", description="y"),
    "a schema of another name": lambda d: (
        d["components"]["schemas"].update(Thing=d["components"]["schemas"]["Out"]),
        post(d)["responses"]["200"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Thing"}
        ),
    ),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_it_lets_pass(change: str) -> None:
    new = made()
    HARMLESS[change](new)
    assert breaking(made(), new) == []


def test_an_integer_no_longer_answered_as_one_breaks() -> None:
    new = made()
    schema(new, "Out")["properties"]["count"] = {"type": "number"}
    assert [change.rule for change in breaking(made(), new)] == ["type-widened"]


def test_a_change_deep_in_an_answer_says_where() -> None:
    new = made()
    schema(new, "Level")["enum"].remove("II")
    [change] = breaking(made(), new)
    assert (change.operation, change.where) == ("make_thing", "POST /things body.level")


def test_the_changelog_must_name_the_operation_in_its_newest_section_under_breaking() -> None:
    new = made()
    BREAKING["operation-removed"](new)
    changes = breaking(made(), new)
    listed = "# C\n\n## Unreleased\n\n### Breaking\n\n- `make_thing` is gone.\n\n## 1.0\n"
    assert unlisted(changes, listed) == []
    assert unlisted(changes, listed.replace("make_thing", "other")) == changes
    assert (
        unlisted(changes, "# C\n\n## Unreleased\n\n- `make_thing`\n\n## 1.0\n\n### Breaking\n\n- `make_thing`\n")
        == changes
    )
    assert unlisted(changes, "# C\n\n## Unreleased\n\n### Breaking\n\n- x\n\n### Added\n\n- `make_thing`\n") == changes


def test_the_baseline_keeps_what_binds_and_nothing_else() -> None:
    document = made()
    before = copy.deepcopy(document)
    kept = contract(document)
    assert document == before
    assert breaking(document, kept) == breaking(kept, document) == []
    assert "title" in kept["components"]["schemas"]["Out"]["properties"], "a field of that name is no text"
    assert "title" not in kept["components"]["schemas"]["Out"]["properties"]["title"]
