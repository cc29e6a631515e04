"""The API document says of every call what a caller needs, and is the one that stands in docs/.

A rule that a new route breaks fails with a sentence that says what to add, and where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from contracts.permissions import ACTIONS
from gateway.document.summaries import is_chinese
from gateway.document.tags import TAGS
from gateway.openapi import VERSION
from gateway.routes import needs_login
from huiying.contract_diff import breaking, unlisted
from huiying.openapi import document, document_text

ROOT = Path(__file__).parents[3]
#: Calls that any login will do for, or whose action depends on what is asked for (exports: that of what is exported).
WITHOUT_ONE_ACTION = re.compile(r"create_token|get_me|\w+_sessions?|\w+_second_factor|(\w+_)?exports?(_file)?")
#: what no text can show
BINARY = re.compile(r"application/(gzip|warc|octet-stream|pdf|vnd\..*|zip)|image/.*")

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return document()


@pytest.fixture(scope="module")
def calls(whole: dict[str, Any]) -> list[Operation]:
    return [(path, method, one) for path, item in whole["paths"].items() for method, one in item.items()]


def media(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (body or status, media type, media) of what goes in and out."""
    for kind, one in operation.get("requestBody", {}).get("content", {}).items():
        yield "body", kind, one
    for status, answer in operation["responses"].items():
        for kind, one in answer.get("content", {}).items():
            yield status, kind, one


def wanted(calls: list[Operation], fault: Callable[[str, str, dict[str, Any]], str | None]) -> None:
    """Fail with every call's fault."""
    faults = [f"{method.upper()} {path}: {said}" for path, method, one in calls if (said := fault(path, method, one))]
    assert not faults, "\n".join(faults)


def test_it_is_valid_openapi(whole: dict[str, Any]) -> None:
    validate(whole)
    assert whole["openapi"].startswith("3.1")
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
    assert whole["info"]["version"] == VERSION


def test_the_committed_document_is_the_present_one() -> None:
    kept = (ROOT / "docs/openapi.json").read_text(encoding="utf-8")
    assert kept == document_text(), "run `huiying openapi > docs/openapi.json`"


def test_what_breaks_callers_is_listed_in_the_changelog(whole: dict[str, Any]) -> None:
    baseline = json.loads((ROOT / "docs/openapi-baseline.json").read_text(encoding="utf-8"))
    changes = breaking(baseline, whole)
    left = unlisted(changes, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert not left, "name each operation under `### Breaking` in CHANGELOG.md:\n" + "\n".join(map(str, left))
    if changes:
        assert VERSION.split(".")[0] > baseline["info"]["version"].split(".")[0], (
            "a breaking change moves the first number"
        )


def test_operation_ids_are_short_stable_names(calls: list[Operation]) -> None:
    ids = [one["operationId"] for _, _, one in calls]
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice, f"two functions of one name; rename one of each: {twice}"
    services = "gateway_|ingest_|analysis_|cases_|notify_"
    wanted(
        calls,
        lambda _p, _m, one: (
            None
            if re.fullmatch(rf"(?!{services})[a-z][a-z0-9]*(_[a-z0-9]+){{0,5}}", one["operationId"])
            else f"{one['operationId']}: name the function with at most six words, and not as another service's"
        ),
    )


def test_every_call_is_summed_up_and_described_in_english(calls: list[Operation]) -> None:
    def fault(_path: str, _method: str, one: dict[str, Any]) -> str | None:
        if is_chinese(one["summary"]) or len(one["summary"]) > 80:
            return "its summary is not a short English one"
        described = one.get("description", "")
        return None if len(described) > 8 and not is_chinese(described[:20]) else "write the function's docstring"

    wanted(calls, fault)


def test_every_call_has_a_chinese_summary() -> None:
    chinese = document(chinese=True)
    assert is_chinese(chinese["info"]["description"])
    wanted(
        [(path, method, one) for path, item in chinese["paths"].items() for method, one in item.items()],
        lambda _p, _m, one: (
            None
            if is_chinese(one["summary"]) or one["operationId"] == "get_letter" or not one["summary"].isascii()
            else f'give the route summary="中文", or {one["operationId"]} a line in gateway/document/summaries.py'
        ),
    )
    assert all(is_chinese(tag["description"]) or tag["name"] == "webhooks" for tag in chinese["tags"])


def test_every_call_has_a_tag_that_stands_in_reading_order(whole: dict[str, Any], calls: list[Operation]) -> None:
    known = [name for name, *_ in TAGS]
    wanted(
        calls,
        lambda _p, _m, one: (
            None
            if len(one.get("tags", ())) == 1 and one["tags"][0] in known
            else f"give its router one tag of gateway/document/tags.py, not {one.get('tags')}"
        ),
    )
    names = [tag["name"] for tag in whole["tags"]]
    assert names == [name for name in known if name in names]


def test_every_closed_call_names_its_action_and_roles(calls: list[Operation]) -> None:
    def fault(path: str, _method: str, one: dict[str, Any]) -> str | None:
        if not needs_login(path) or WITHOUT_ONE_ACTION.fullmatch(one["operationId"]):
            return None
        named = one.get("x-huiying-action")
        actions = [named] if isinstance(named, str) else named or []
        if not actions or set(actions) - ACTIONS.keys():
            return "take the caller by kit.auth.require(action)"
        return None if one.get("x-huiying-roles") else "no role may do it"

    wanted(calls, fault)


def test_only_public_calls_and_the_login_are_open(calls: list[Operation]) -> None:
    wanted(
        calls,
        lambda path, _m, one: (
            None if (one.get("security") == []) == (not needs_login(path)) else "who may call it is said wrongly"
        ),
    )


def test_every_error_is_the_one_problem_document(whole: dict[str, Any], calls: list[Operation]) -> None:
    for name, answer in whole["components"]["responses"].items():
        [(kind, one)] = answer["content"].items()
        assert (kind, one["schema"]["$ref"]) == ("application/problem+json", "#/components/schemas/Problem"), name

    def fault(path: str, _method: str, one: dict[str, Any]) -> str | None:
        for status, answer in one["responses"].items():
            page = set(answer.get("content", ())) == {"text/html"} and path.startswith("/public/")
            if status[0] in "45" and "$ref" not in answer and not page:
                return f"document {status} by kit.problems.problems({status})"
        return None

    wanted(calls, fault)


def test_every_call_names_the_errors_that_it_can_give(calls: list[Operation]) -> None:
    def fault(path: str, method: str, one: dict[str, Any]) -> str | None:
        needed = {"422", "429", "503"}
        if needs_login(path):
            needed |= {"401", "403"}
        ids = [p for p in one["parameters"] if p["in"] == "path" and "$ref" not in p["schema"]]
        if any(re.fullmatch(r"\w*(id|version)", p["name"]) for p in ids) and path.startswith("/api/"):
            needed |= {"404"}
        if "requestBody" in one:
            needed |= {"400", "413"}
        if {"limit", "cursor"} <= {p.get("name") for p in one["parameters"]}:
            needed |= {"400"}
        missing = needed - set(one["responses"])
        return f"add {', '.join(sorted(missing))} to its problems(…)" if missing else None

    wanted(calls, fault)


def test_every_success_and_body_has_a_schema_and_an_example_that_fits(
    whole: dict[str, Any], calls: list[Operation]
) -> None:
    resource = Resource(contents=whole, specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:whole", resource)

    def fault(_path: str, _method: str, one: dict[str, Any]) -> str | None:
        for where, kind, content in media(one):
            if not content.get("schema") and "json" not in kind:
                return f"{where} {kind}: say its schema"
            if "example" not in content and "examples" not in content:
                if BINARY.fullmatch(kind):
                    continue
                return f"{where} {kind}: give it an example (gateway/document/examples.py)"
            example = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
            schema = json.loads(json.dumps(content["schema"]).replace('"#/', '"urn:whole#/'))
            for error in OAS31Validator(schema, registry=registry).iter_errors(example):
                return f"{where} {kind}: its example does not fit: {list(error.path)} {error.message[:120]}"
        return None

    wanted(calls, fault)


def test_headers_in_and_out_are_said(calls: list[Operation]) -> None:
    def fault(path: str, method: str, one: dict[str, Any]) -> str | None:
        names = {p["name"] for p in one["parameters"]}
        if "412" in one["responses"] and "If-Match" not in names:
            return "take If-Match"
        if "Accept-Language" not in names:
            return "take Accept-Language"
        if method == "post" and path.startswith("/api/") and "Idempotency-Key" not in names:
            return "take Idempotency-Key"
        return None

    wanted(calls, fault)


def test_lists_are_pages(whole: dict[str, Any], calls: list[Operation]) -> None:
    for name, schema in whole["components"]["schemas"].items():
        if name.endswith("Page"):
            assert set(schema["properties"]) == {"items", "next_cursor"}, name

    def fault(_path: str, _method: str, one: dict[str, Any]) -> str | None:
        paged = {"limit", "cursor"} <= {p.get("name") for p in one["parameters"]}
        schema = one["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        return "answer a Page" if paged and schema and not schema.get("$ref", "").endswith("Page") else None

    wanted(calls, fault)


def test_schemas_have_names_that_generated_code_can_bear(whole: dict[str, Any]) -> None:
    odd = [name for name in whole["components"]["schemas"] if not re.fullmatch(r"[A-Z][A-Za-z0-9]+", name)]
    assert not odd, f"two classes of one name, or a name of no class; rename at the source: {odd}"
    services = ("Gateway", "Ingest", "Analysis", "Cases", "Notify")
    assert not [name for name in whole["components"]["schemas"] if name.startswith(tuple(f"{s}_" for s in services))]


def test_nothing_stands_for_nothing(calls: list[Operation]) -> None:
    """A body that may be left out is no choice between a schema and null."""
    wanted(
        calls,
        lambda _p, _m, one: (
            "straighten its body"
            if any({"type": "null"} in c.get("schema", {}).get("anyOf", ()) for w, _, c in media(one) if w == "body")
            else None
        ),
    )
