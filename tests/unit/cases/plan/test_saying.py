"""A grade is told in one sentence, and what a person might establish is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.words import Level, Tier
from services.cases.plan import HumanFacts, grade
from services.cases.plan.grading import facts_of
from services.cases.plan.saying import explain, questions
from tests.unit.cases.seed import PLAN, story


@pytest.mark.parametrize(
    ("metrics", "facts", "sentence"),
    [
        (
            {"top_tier": Tier.PROVINCIAL, "interactions": 40},
            {},
            "因为 省级媒体报道，定为 Ⅱ级；Ⅰ级未达到：中央媒体报道（省级媒体，须 中央媒体），互动量（40，须 > 50000），"
            "登上全国热榜、现场发生群体性事件尚无人认定",
        ),
        (
            {"growth": 30.0},
            {},
            "因为 出现负面信息（0.5），定为 Ⅳ级；Ⅲ级未达到：两个以上独立信源（1，须 ≥ 2），市级媒体报道（尚无），"
            "增速（30，但不具备计入的前提）",
        ),
        (
            {"negative_share": 0.0, "top_tier": Tier.CENTRAL},
            {"doubtful": False},
            "Ⅳ级的条件均未达到，不定级：出现负面信息（0，须 ≥ 0.2），出现存疑或虚假信息（已认定：否）",
        ),
        ({"top_tier": Tier.CENTRAL}, {}, "因为 中央媒体报道，定为 Ⅰ级"),
        ({"topics": ("weather",)}, {}, "不属于预案适用范围，不定级"),
    ],
)
def test_the_sentence(metrics: dict[str, Any], facts: dict[str, bool], sentence: str) -> None:
    graded = grade(PLAN, story(**metrics), HumanFacts.model_validate(facts))
    assert explain(graded.level, graded.reasons) == sentence


def test_counts_that_are_capped_say_so() -> None:
    graded = grade(PLAN, story(interactions=9_000_000))
    assert explain(graded.level, graded.reasons).startswith(
        "因为 互动量（9000000），定为 Ⅲ级（数量指标最多上调一级）；Ⅱ级未达到："
    )


def asked(**facts: bool) -> list[tuple[str, str]]:
    event, human = story(), HumanFacts.model_validate(facts)
    found = questions(PLAN, event.topics, facts_of(event, human), grade(PLAN, event, human))
    return [(question.fact, question.level) for question in found]


def test_only_what_nobody_has_said_and_what_would_matter_is_asked() -> None:
    assert asked() == [
        ("national_hot_list", "I"),
        ("mass_incident", "I"),
        ("provincial_hot_list", "II"),
        ("deaths_or_injuries", "II"),
    ]
    assert asked(national_hot_list=False, deaths_or_injuries=True) == [("mass_incident", "I")]
    assert asked(mass_incident=True) == []


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "negative_share": st.floats(0, 1),
            "interactions": st.integers(0, 10**6),
            "sources": st.integers(0, 5),
            "top_tier": st.sampled_from([None, *Tier]),
        }
    )
)
def test_every_sentence_names_its_level(metrics: dict[str, Any]) -> None:
    graded = grade(PLAN, story(**metrics))
    said = explain(graded.level, graded.reasons)
    roman = {Level.I: "Ⅰ", Level.II: "Ⅱ", Level.III: "Ⅲ", Level.IV: "Ⅳ", None: "不"}[graded.level]
    assert f"定为 {roman}级" in said or (graded.level is None and "不定级" in said)
