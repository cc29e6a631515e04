"""The one API document of all services is valid OpenAPI 3.1, and says what callers need to know of each call."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

import gateway.app
import services.analysis.app
import services.cases.app
import services.ingest.app
import services.notify.app
from gateway.openapi import merged
from gateway.routes import service_for

KEYS = ("INTERNAL_KEY", "TOKEN_KEY", "AUTHOR_KEY")
BUILDERS = {
    "gateway": lambda: gateway.app.build().own,
    "ingest": services.ingest.app.build,
    "analysis": services.analysis.app.build,
    "cases": services.cases.app.build,
    "notify": services.notify.app.build,
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        for key in KEYS:
            patch.setenv(f"HUIYING_{key}", "k" * 32)
        patch.setenv("HUIYING_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("HUIYING_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("HUIYING_LOG_LEVEL", "warning")
        return {name: build().openapi() for name, build in BUILDERS.items()}


@pytest.fixture(scope="module")
def document(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return merged(documents)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, item in document["paths"].items() for method, one in item.items()]


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_no_service_loses_a_call_in_the_merge(documents: dict[str, dict[str, Any]], document: dict[str, Any]) -> None:
    own = sum(len(item) for one in documents.values() for item in one["paths"].values())
    assert len(operations(document)) == own
    assert len({one["operationId"] for _, _, one in operations(document)}) == own


def test_every_call_is_described_and_routed_to_who_answers_it(
    documents: dict[str, dict[str, Any]], document: dict[str, Any]
) -> None:
    for path, method, one in operations(document):
        assert one.get("summary"), (method, path)
        assert one.get("tags"), (method, path)
        [owner] = [name for name, other in documents.items() if method in other["paths"].get(path, {})]
        assert service_for(method.upper(), path.replace("{", "x").replace("}", "x")) == owner, (method, path)


def test_every_closed_call_says_how_it_refuses(document: dict[str, Any]) -> None:
    for path, method, one in operations(document):
        if path.startswith("/api/v1/") and path != "/api/v1/auth/token":
            assert {"401", "403"} <= set(one["responses"]), (method, path)


def test_nobody_can_be_looked_up(document: dict[str, Any]) -> None:
    for path, method, one in operations(document):
        assert "author" not in path
        assert not [p["name"] for p in one.get("parameters", ()) if "author" in p["name"].lower()], (method, path)
    for name, schema in document["components"]["schemas"].items():
        held = [key for key in schema.get("properties", ()) if "author" in key.lower()]
        # a post comes with its author and loses it; a statement or correction request is signed by the official who
        # drafted it
        assert not held or name in ("PushedPost", "CorrectionOut") or "Statement" in name, (name, held)
