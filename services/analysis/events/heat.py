"""How hot an event is. A rule of the project; every weight is a setting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import exp, log2

from contracts.messages import EventMetrics


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
    #: the sum grows by this share when every post of many is negative
    negative: float = 0.5
    #: posts that are neither, which the share of negatives is taken with, so that one angry post is not "all negative"
    negative_prior: float = 3.0
    #: hours after the last post in which heat halves
    half_life_hours: float = 12.0
    #: the weighted sum at which heat is 63
    scale: float = 60.0


def growth(posts_1h: int, posts_24h: int) -> float:
    """Return the last hour's posts over the mean hour of the 23 before; 0 where those hold none."""
    before = posts_24h - posts_1h
    return round(posts_1h * 23 / before, 3) if before > 0 else 0.0


def heat(metrics: EventMetrics, last_seen: datetime, now: datetime, weights: HeatWeights) -> float:
    """Return the heat of an event, 0..100 with two decimals.

    ``present = posts_24h / posts_total``
    ``surge   = log2((1 + posts_1h) / (1 + mean posts of the 23 hours before)), at least 0``
    ``raw     = sum(weight * log2(1 + count)) over posts_24h, posts_1h and, times present, voices, sources,``
    ``          interactions, reads; + growth weight * surge + tier weight * standing of the highest source * present``
    ``tone    = 1 + negative weight * negatives / (posts_total + negative_prior)``
    ``fresh   = 0.5 ** (hours since the last post / half life)``, 1 for a last post in the future
    ``heat    = 100 * (1 - exp(-raw * tone * fresh / scale))``

    Voices, sources, interactions, reads and standing are sums over an event's life; `present` is the part of that life
    that the last day is, so that a post more does not rekindle what a thousand said last year. The surge is smoothed by
    one post on both sides, so that two posts after one are not a multiplication by forty-six.
    """
    present = min(1.0, metrics.posts_24h / metrics.posts_total) if metrics.posts_total else 0.0
    lasting = (
        (weights.voices, metrics.voices),
        (weights.sources, metrics.sources),
        (weights.interactions, metrics.interactions),
        (weights.reads, metrics.reads),
    )
    raw = weights.posts_24h * log2(1 + metrics.posts_24h) + weights.posts_1h * log2(1 + metrics.posts_1h)
    raw += sum(weight * log2(1 + count * present) for weight, count in lasting)
    before = (metrics.posts_24h - metrics.posts_1h) / 23
    raw += weights.growth * max(0.0, log2((1 + metrics.posts_1h) / (1 + before)))
    if metrics.top_tier is not None:
        raw += weights.tier * metrics.top_tier.rank * present
    age = max(0.0, (now - last_seen).total_seconds() / 3600)
    fresh = 0.5 ** (age / weights.half_life_hours)
    negatives = metrics.negative_share * metrics.posts_total
    tone = 1 + weights.negative * negatives / (metrics.posts_total + weights.negative_prior)
    return round(100 * (1 - exp(-raw * tone * fresh / weights.scale)), 2)
