"""Drafts from templates: filled with what is confirmed, marked where something is not, and shut in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.words import IncidentType
from services.cases.plan import load_plan
from services.cases.plan.statements import DEFAULTS, StatementKind, StatementTemplate, templates_for
from services.cases.voice.drafting import DraftError, draft, subjects_of

SEED = Path(__file__).parents[4] / "plans" / "puer-resettlement-2019.yaml"
GIVEN = {
    "处置单": "停水",
    "发布机构": "市搬迁安置办",
    "截至": "10月9日10:00",
    "编号": "YQ-2026-0001",
    "今日": "10月9日",
}


def test_what_is_confirmed_is_filled_in_and_what_is_not_is_marked() -> None:
    made = draft("关于{{ 处置单 }}", "{{ 事发地点 }}停水，影响{{ 受影响户数 }}。", {**GIVEN, "受影响户数": "213户"})
    assert made.title == "关于停水"
    assert made.text == "〔待核实：事发地点〕停水，影响213户。"
    assert made.missing == ("事发地点",)


def test_a_missing_fact_can_be_asked_for() -> None:
    source = "{% if 起因 %}原因是{{ 起因 }}。{% else %}原因正在调查。{% endif %}"
    assert draft("t", source, {}).text == "原因正在调查。"
    assert draft("t", source, {"起因": "管道爆裂"}).text == "原因是管道爆裂。"
    made = draft("t", source + "{{ 事发地点 }}", {})
    assert (made.missing, made.optional) == (("事发地点",), ("起因",))
    assert draft("t", "{{ 死亡人数.多少 }}{{ 死亡人数 | upper }}", {}).text.startswith("〔待核实：死亡人数〕")


@pytest.mark.parametrize(
    "source",
    ["{{ ''.__class__.__mro__ }}", "{{ 处置单.__class__ }}", "{% for i in range(9) %}x{% endfor %}", "{{ 1 / 0 }}"],
)
def test_a_template_reaches_nothing_outside(source: str) -> None:
    try:
        text = draft("t", source, GIVEN).text
    except DraftError:
        return
    assert "<class" not in text
    assert "x" not in text


def test_a_template_that_cannot_be_read_is_refused_with_its_line() -> None:
    with pytest.raises(DraftError, match="第 2 行"):
        subjects_of("一\n{% if %}")
    with pytest.raises(ValidationError, match="模板第 1 行有误"):
        StatementTemplate(key="a", kind=StatementKind.QA, name="a", title="a", text="{{ 死亡人数 ")


def test_the_shipped_templates_can_be_filled() -> None:
    plan = load_plan(SEED)
    assert {one.kind for one in plan.statement_templates} == set(StatementKind)
    for one in (*DEFAULTS, *plan.statement_templates):
        values = dict.fromkeys(subjects_of(one.title) | subjects_of(one.text), "某事") | GIVEN
        made = draft(one.title, one.text, values)
        assert made.missing == ()
        assert "〔" not in made.text
        assert "{" not in made.text


def test_a_plan_without_templates_has_the_projects_own_and_types_narrow_them() -> None:
    assert templates_for((), IncidentType.OTHER) == list(DEFAULTS)
    narrow = DEFAULTS[0].model_copy(update={"incident_types": (IncidentType.ACCIDENT,)})
    assert templates_for((narrow,), IncidentType.OTHER) == []
    assert templates_for((narrow,), IncidentType.ACCIDENT) == [narrow]
