"""The plan's schema as JSON Schema, for editors and for programs that write plans."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from services.cases.plan.names import key_name
from services.cases.plan.schema import SCHEMA, Plan

#: What the schema is known by; version 1 of the form never changes its meaning.
SCHEMA_ID: Final = f"urn:huiying:plan:{SCHEMA}"


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a plan file; titles in Chinese, descriptions from the docstrings.

    What the schema allows `plan check` may still find fault with; what it forbids can never be read.
    """
    body = Plan.model_json_schema()
    parts = {"Plan": body, **body["$defs"]}
    for name, part in parts.items():
        part["description"] = _prose(part.get("description", ""))
        for key, described in part.get("properties", {}).items():
            described["title"] = f"{key_name(key, name)} {key}"
            if "description" in described:
                described["description"] = _prose(described["description"])
            _drop_null(described)
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA_ID, **body, "title": "网络舆情应急预案"}


def plan_schema_text() -> str:
    """Return the schema as it is kept in `docs/plan.schema.json`."""
    return json.dumps(plan_schema(), ensure_ascii=False, indent=2) + "\n"


def _prose(text: str) -> str:
    """Return a docstring's paragraphs each on one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n")).strip()


def _drop_null(described: dict[str, Any]) -> None:
    """Turn "this or null, default null" into "this": what is not wanted is left out of a plan, not set to null."""
    kinds = [kind for kind in described.get("anyOf", []) if kind != {"type": "null"}]
    if "anyOf" in described and len(kinds) == 1 and described.get("default", 0) is None:
        del described["anyOf"], described["default"]
        described.update(kinds[0])
