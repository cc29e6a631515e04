"""How hot an event is, and where it stands in its life. Rules of the project; every weight is a setting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import exp, log2

from contracts.messages import EventMetrics
from contracts.words import Stage


@dataclass(frozen=True, slots=True)
class HeatWeights:
    """Weights of :func:`heat`. Counts enter by their logarithm to base 2 (of one more than the count)."""

    posts_24h: float = 6.0
    posts_1h: float = 4.0
    voices: float = 3.0
    sources: float = 3.0
    interactions: float = 1.5
    reads: float = 0.5
    growth: float = 3.0
    #: per step of standing, 1 (self_media) to 7 (central)
    tier: float = 2.0
    #: the sum grows by this share when every post is negative
    negative: float = 0.5
    #: hours after the last post in which heat halves
    half_life_hours: float = 24.0
    #: the weighted sum at which heat is 63
    scale: float = 60.0


@dataclass(frozen=True, slots=True)
class StageRules:
    """Thresholds of :func:`stage`."""

    #: posts within an hour from which an event can burst
    burst_posts: int = 20
    #: growth from which such an event bursts
    burst_growth: float = 2.0
    #: posts within 24 hours from which an event grows
    growing_posts: int = 3
    #: growth below which an event of that size fades
    fading_growth: float = 0.3


def growth(posts_1h: int, posts_24h: int) -> float:
    """Return the last hour's posts over the mean hour of the 23 before; 0 where those hold none."""
    before = posts_24h - posts_1h
    return round(posts_1h * 23 / before, 3) if before > 0 else 0.0


def heat(metrics: EventMetrics, last_seen: datetime, now: datetime, weights: HeatWeights) -> float:
    """Return the heat of an event, 0..100 with two decimals.

    ``raw   = sum(weight * log2(1 + count)) over posts_24h, posts_1h, voices, sources, interactions, reads, growth``
    ``        + tier weight * standing of the highest source``
    ``heat  = 100 * (1 - exp(-raw * (1 + negative weight * negative share) * freshness / scale))``
    ``freshness = 0.5 ** (hours since the last post / half life)``, 1 for a last post in the future.
    """
    counts = (
        (weights.posts_24h, metrics.posts_24h),
        (weights.posts_1h, metrics.posts_1h),
        (weights.voices, metrics.voices),
        (weights.sources, metrics.sources),
        (weights.interactions, metrics.interactions),
        (weights.reads, metrics.reads),
        (weights.growth, metrics.growth),
    )
    raw = sum(weight * log2(1 + count) for weight, count in counts)
    if metrics.top_tier is not None:
        raw += weights.tier * metrics.top_tier.rank
    age = max(0.0, (now - last_seen).total_seconds() / 3600)
    freshness = 0.5 ** (age / weights.half_life_hours)
    tone = 1 + weights.negative * metrics.negative_share
    return round(100 * (1 - exp(-raw * tone * freshness / weights.scale)), 2)


def stage(metrics: EventMetrics, rules: StageRules) -> Stage:
    """Return the stage of an event.

    - fading: no post for 24 hours, or of a grown event (`growing_posts`) the last hour is far below the hours before
    - bursting: at least `burst_posts` within the hour, `burst_growth` times the mean hour before (or nothing before)
    - growing: at least `growing_posts` within 24 hours
    - latent: everything else
    """
    if metrics.posts_24h == 0:
        return Stage.FADING
    before = metrics.posts_24h - metrics.posts_1h
    if metrics.posts_1h >= rules.burst_posts and (before == 0 or metrics.growth >= rules.burst_growth):
        return Stage.BURSTING
    if metrics.posts_24h >= rules.growing_posts:
        return Stage.FADING if before > 0 and metrics.growth < rules.fading_growth else Stage.GROWING
    return Stage.LATENT
