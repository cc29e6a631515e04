"""Heat and stage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.messages import EventMetrics
from contracts.words import Stage, Tier
from services.analysis.events.heat import HeatWeights, StageRules, growth, heat, stage

NOW = datetime(2026, 3, 1, tzinfo=UTC)
WEIGHTS = HeatWeights()


def of(**figures: object) -> float:
    return heat(EventMetrics.model_validate(figures), NOW, NOW, WEIGHTS)


def test_growth_is_the_last_hour_over_the_mean_before() -> None:
    assert growth(10, 33) == 10.0
    assert growth(5, 5) == 0.0
    assert growth(0, 0) == 0.0


@pytest.mark.parametrize(
    "more",
    [
        {"posts_24h": 9},
        {"posts_1h": 9},
        {"voices": 9},
        {"sources": 9},
        {"interactions": 9},
        {"reads": 9},
        {"growth": 9.0},
        {"negative_share": 1.0},
        {"top_tier": Tier.CENTRAL},
    ],
)
def test_every_figure_adds_heat(more: dict[str, object]) -> None:
    base: dict[str, object] = {"posts_24h": 3, "voices": 2, "top_tier": Tier.SOCIAL}
    assert of(**(base | more)) > of(**base)


def test_heat_stays_within_bounds_and_halves() -> None:
    assert of() == 0
    assert of(posts_24h=10**6, voices=10**6, reads=10**9, negative_share=1.0) <= 100
    cold = heat(EventMetrics(posts_24h=1, voices=1), NOW - timedelta(days=10), NOW, WEIGHTS)
    assert cold < 0.1 < of(posts_24h=1, voices=1)


@pytest.mark.parametrize(
    ("posts_1h", "posts_24h", "expected"),
    [
        (0, 0, Stage.FADING),
        (1, 1, Stage.LATENT),
        (1, 3, Stage.GROWING),
        (20, 20, Stage.BURSTING),
        (30, 60, Stage.BURSTING),
        (20, 1000, Stage.GROWING),
        (0, 50, Stage.FADING),
    ],
)
def test_stages(posts_1h: int, posts_24h: int, expected: Stage) -> None:
    metrics = EventMetrics(posts_1h=posts_1h, posts_24h=posts_24h, growth=growth(posts_1h, posts_24h))
    assert stage(metrics, StageRules()) is expected
