"""Courses of events as analysis would tell them: bursts that decay, heavy-tailed interactions, sources that add up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from contracts.words import IncidentType
from services.cases.plan.backtest import Point
from services.cases.plan.course import type_code
from services.cases.plan.criteria import HUMAN_FACTS, PlanFact

HOUR = 3600.0
#: Standing of the gravest source that an event ever gets, with its share among events: from none known to central.
_TIERS = ((1, 0.45), (2, 0.15), (4, 0.2), (5, 0.12), (6, 0.06), (7, 0.02))


def events(count: int, points: int, since: datetime, days: int, seed: int) -> Iterator[list[Point]]:
    """Give the courses of `count` events over `days`, each with `points` points on average (lognormal)."""
    rng = np.random.default_rng(seed)
    begin = since.timestamp()
    for number in range(count):
        many = max(1, int(rng.lognormal(np.log(points) - 0.32, 0.8)))
        yield _course(
            rng, f"event-{number:06d}", many, begin + rng.uniform(0, 0.9 * days) * 86400, begin + days * 86400
        )


def _course(rng: np.random.Generator, event_id: str, many: int, start: float, end: float) -> list[Point]:
    # gaps that grow: an event is told of often at its outbreak and seldom later
    gaps = rng.exponential(1.0, many) * np.linspace(1, 12, many)
    at = start + np.cumsum(gaps) * (min(end - start, rng.lognormal(np.log(36), 1) * HOUR) / gaps.sum())
    posts = np.cumsum(1 + rng.poisson(rng.lognormal(0, 0.7), many))
    hour_ago = np.searchsorted(at, at - HOUR)
    day_ago = np.searchsorted(at, at - 24 * HOUR)
    before = np.concatenate([[0], posts])
    last_hour, last_day = posts - before[hour_ago], posts - before[day_ago]
    usual = (last_day - last_hour) / 23
    growth = np.where(usual > 0, np.round(last_hour / np.maximum(usual, 1e-9), 4), 0.0)
    negative = np.clip(rng.beta(1.2, 2) + np.cumsum(rng.normal(0, 0.02, many)), 0, 1).round(4)
    interactions = np.cumsum(rng.pareto(1.1, many) * rng.lognormal(1, 1.5)).astype(int)
    sources = np.minimum(1 + np.cumsum(rng.random(many) < 0.05), 40)
    top = rng.choice([tier for tier, _ in _TIERS], p=[share for _, share in _TIERS])
    tier = np.where(np.arange(many) >= rng.integers(0, many), top, 1)
    columns = {
        PlanFact.POSTS_TOTAL: posts,
        PlanFact.POSTS_1H: last_hour,
        PlanFact.POSTS_24H: last_day,
        PlanFact.GROWTH: growth,
        PlanFact.NEGATIVE_SHARE: negative,
        PlanFact.READS: interactions * int(rng.integers(5, 60)),
        PlanFact.INTERACTIONS: interactions,
        PlanFact.VOICES: (posts * 0.8).astype(int),
        PlanFact.SOURCES: sources,
        PlanFact.DURATION_HOURS: ((at - at[0]) / HOUR).round(2),
        PlanFact.TOP_TIER: tier,
        PlanFact.INCIDENT_TYPE: np.full(many, type_code(IncidentType.SOCIAL_SECURITY)),
    }
    unsaid = np.full(many, -1)
    rows = zip(*(columns.get(fact, unsaid).tolist() for fact in PlanFact), strict=True)
    assert all(fact in columns or fact in HUMAN_FACTS for fact in PlanFact)
    instants = np.maximum.accumulate((at * 1000).astype(np.int64) + np.arange(many)).tolist()
    return [
        Point(event_id, at_ms, ",".join(map(repr, row)), "resettlement", None)
        for at_ms, row in zip(instants, rows, strict=True)
    ]
