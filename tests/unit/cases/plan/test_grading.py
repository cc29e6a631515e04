"""Hard triggers set a floor, counts raise by at most one level, and every reason says what was seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Level, Tier
from services.cases.plan import HumanFacts, grade
from tests.unit.cases.plans import SHIPPED, Shipped
from tests.unit.cases.seed import PLAN, story


@pytest.mark.parametrize(
    ("metrics", "level", "floor"),
    [
        ({}, "IV", "IV"),
        ({"negative_share": 0.19}, None, None),
        ({"sources": 2}, "III", "III"),
        ({"top_tier": Tier.COUNTY}, "IV", "IV"),
        ({"top_tier": Tier.MUNICIPAL}, "III", "III"),
        ({"top_tier": Tier.PROVINCIAL}, "II", "II"),
        ({"top_tier": Tier.CENTRAL}, "I", "I"),
        ({"interactions": 999}, "IV", "IV"),
        ({"interactions": 1000}, "III", "IV"),
        ({"interactions": 9_000_000}, "III", "IV"),  # counts raise by one level only
        ({"interactions": 9_000_000, "sources": 2}, "II", "III"),
        ({"interactions": 50_001, "top_tier": Tier.PROVINCIAL}, "I", "II"),
        ({"interactions": 50_000, "top_tier": Tier.PROVINCIAL}, "II", "II"),
        ({"growth": 30.0}, "IV", "IV"),  # three posts in an hour are no outbreak
        ({"growth": 30.0, "posts_24h": 20}, "III", "IV"),
        ({"reads": 100_000, "sources": 2}, "II", "III"),
        ({"duration_hours": 500.0, "posts_24h": 0}, "IV", "IV"),
        ({"duration_hours": 24.5, "posts_24h": 10}, "III", "IV"),
        ({"negative_share": 0.0, "top_tier": Tier.CENTRAL, "interactions": 10**6}, None, None),
    ],
)
def test_an_event_is_graded(metrics: dict[str, Any], level: str | None, floor: str | None) -> None:
    graded = grade(PLAN, story(**metrics))
    assert (graded.level, graded.floor) == (level, floor)


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ({"doubtful": True}, "IV"),
        ({"doubtful": False}, None),
        ({"provincial_hot_list": True}, None),
        ({"doubtful": True, "provincial_hot_list": True}, "II"),
        ({"deaths_or_injuries": True}, "II"),
        ({"mass_incident": True}, "I"),
        ({"doubtful": True, "national_hot_list": True}, "I"),
    ],
)
def test_what_people_establish_counts(facts: dict[str, bool], level: str | None) -> None:
    assert grade(PLAN, story(negative_share=0.0), HumanFacts.model_validate(facts)).level == level


def test_outside_the_scope_nothing_is_suggested() -> None:
    graded = grade(PLAN, story(topics=("weather",), top_tier=Tier.CENTRAL), HumanFacts(mass_incident=True))
    assert graded.level is None
    assert [(reason.criterion, reason.met) for reason in graded.reasons] == [("scope", False)]


def test_reasons_name_observation_threshold_and_source() -> None:
    graded = grade(PLAN, story(top_tier=Tier.PROVINCIAL, interactions=12_000))
    by_key = {reason.criterion: reason for reason in graded.reasons}
    media = by_key["provincial_media"]
    assert (media.observed, media.threshold, media.met, media.kind) == ("provincial", "provincial", True, "hard")
    count = by_key["interactions.II"]
    assert (count.observed, count.threshold, count.met, count.kind) == (12_000, "≥ 10000", True, "count")
    assert not by_key["central_media"].met
    assert all(reason.source for reason in graded.reasons)
    assert {reason.criterion for reason in graded.met} >= {"negative_story", "provincial_media", "interactions.III"}
    assert [reason.model_dump_json() for reason in graded.reasons]


ANY_PLAN = st.sampled_from(SHIPPED)
METRICS = st.fixed_dictionaries(
    {
        "negative_share": st.floats(0, 1),
        "interactions": st.integers(0, 10**7),
        "reads": st.integers(0, 10**8),
        "growth": st.floats(0, 100),
        "posts_24h": st.integers(0, 1000),
        "sources": st.integers(0, 50),
        "voices": st.integers(0, 500),
        "duration_hours": st.floats(0, 1000),
        "top_tier": st.sampled_from([None, *Tier]),
    }
)


@given(ANY_PLAN, METRICS)
def test_counts_never_raise_by_more_than_one_level(shipped: Shipped, metrics: dict[str, Any]) -> None:
    graded = grade(shipped.plan, shipped.story(**metrics))
    if graded.floor is None:
        assert graded.level is None
    else:
        assert graded.level is not None
        assert graded.floor.rank <= graded.level.rank <= graded.floor.rank + 1


@given(ANY_PLAN, METRICS, st.sampled_from(["interactions", "reads", "sources", "voices"]), st.integers(1, 10**6))
def test_more_of_a_thing_never_lowers_the_level(
    shipped: Shipped, metrics: dict[str, Any], name: str, more: int
) -> None:
    before = grade(shipped.plan, shipped.story(**metrics)).level
    after = grade(shipped.plan, shipped.story(**{**metrics, name: metrics[name] + more})).level
    assert (after.rank if after else 0) >= (before.rank if before else 0)


@given(ANY_PLAN, METRICS)
def test_a_level_has_a_reason_that_was_met(shipped: Shipped, metrics: dict[str, Any]) -> None:
    graded = grade(shipped.plan, shipped.story(**metrics))
    assert (graded.level is not None) == bool(graded.met)
    if graded.level is Level.I:
        assert any(reason.level.rank >= Level.II.rank and reason.kind == "hard" for reason in graded.met)
