"""The JSON Schema of plan files: published as it is in the code, and as strict as the reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from services.cases.plan import PlanError, parse_plan
from services.cases.plan.loader import read_document
from services.cases.plan.published import plan_schema, plan_schema_text
from tests.unit.cases.plans import PUER, ROOT

SCHEMA = plan_schema()
DATA = json.loads(json.dumps(read_document(PUER.text, "p.yaml").data, default=str))


def parts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schema's objects by name."""
    for name, part in {"Plan": SCHEMA, **SCHEMA["$defs"]}.items():
        if "properties" in part:
            yield name, part


def test_the_file_in_the_docs_is_the_codes() -> None:
    written = (ROOT / "docs" / "plan.schema.json").read_text(encoding="utf-8")
    assert written == plan_schema_text(), "write it anew: huiying plan schema > docs/plan.schema.json"


def test_it_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_part_is_described_and_every_key_has_a_chinese_title() -> None:
    for name, part in parts():
        assert part["description"], name
        assert part["additionalProperties"] is False, name
        for key, described in part["properties"].items():
            title = described["title"]
            assert title.endswith(f" {key}"), f"{name}.{key}: name it in services/cases/plan/names.py"
            assert any("\u4e00" <= sign <= "\u9fff" for sign in title), (
                f"{name}.{key}: name it in services/cases/plan/names.py"
            )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("meta", "version"), "a version"),
        (("meta", "versoin"), "1"),
        (("clocks", "limits", "I", "report_up"), {"within": "30 min"}),
        (("clocks", "limits", "I", "report_up"), {"within": "30 min", "source": "a", "default": "project"}),
        (("clocks", "limits", "I", "report_up"), {"within": "soon", "default": "project"}),
        (("clocks", "limits", "V"), {}),
        (("levels", "I", "chain", "lead"), ["mayor"]),
        (("levels", "I", "chain", "lead"), []),
        (("grading", "counts", 0, "levels", "III"), {"at_least": 1, "above": 1, "default": "project"}),
        (("opening", "levels"), "I"),
    ],
)
def test_what_the_schema_forbids_is_never_read(path: tuple[str | int, ...], value: Any) -> None:
    data = copy.deepcopy(DATA)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(data)
    with pytest.raises(PlanError):
        parse_plan(json.dumps(data, ensure_ascii=False))


@pytest.mark.parametrize("text", ["30 s", "30min", "1.5 h", " 15 d "])
def test_durations_are_durations_to_editors_too(text: str) -> None:
    data = copy.deepcopy(DATA)
    data["surge"]["poll_every"] = text
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    parse_plan(json.dumps(data, ensure_ascii=False))


def test_a_plan_of_another_schema_is_told_in_one_finding() -> None:
    with pytest.raises(PlanError) as refused:
        parse_plan(PUER.text.replace("\nschema: 1\n", "\nschema: 2\nfuture: true\n"), "p.yaml")
    (finding,) = refused.value.findings
    assert (finding.path, PUER.text.splitlines()[finding.line - 1]) == ("schema", "schema: 1")
    assert finding.message.endswith("此文件为第 2 版 / this program reads plans of schema 1, not 2")


def test_a_plan_that_names_no_schema_is_of_the_first() -> None:
    assert parse_plan(PUER.text.replace("\nschema: 1\n", "\n"))[0] == PUER.plan
