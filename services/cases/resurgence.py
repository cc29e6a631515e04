"""Whether an event in aftercare has come back: negative posts of the last hour against the plan's figure.

Analysis tells how many posts of an event are negative in all. Noted over time, the difference of two such sums an hour
apart is what the last hour brought, which a share of the whole event is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
#: Within this time of a resurgence that was told only a further rise is told again; a calm of this length ends a wave.
PAUSE: Final = timedelta(hours=24)
#: Sums closer together than this are not kept apart.
_GRAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many posts of the event were negative in all, at an instant."""

    at: datetime
    negatives: int


@dataclass(frozen=True, slots=True)
class Rule:
    """The plan's figures: negative posts within an hour, and the factor by which a figure must exceed another."""

    negative_posts_1h: int
    rise: float


@dataclass(frozen=True, slots=True)
class Wave:
    """What is remembered of an event in aftercare. Figures are negative posts within an hour.

    `baseline`: when the response ended. `told`, `told_at`: the last resurgence. `held`: the figure at which a person
    sent the case back to monitoring. `above_at`: when the plan's figure was last reached.
    """

    baseline: int
    samples: tuple[Sample, ...] = ()
    told: int | None = None
    told_at: datetime | None = None
    held: int | None = None
    above_at: datetime | None = None


def negatives(posts_total: int, negative_share: float) -> int:
    """Return how many posts of an event are negative; the share is told to four digits."""
    return round(posts_total * negative_share)


def observe(wave: Wave, at: datetime, total: int, posts_1h: int) -> tuple[Wave, int]:
    """Note that `total` posts are negative by now; returns the wave and the negative posts of the last hour.

    Never more than the `posts_1h` that the event had: what came from another event that went up in this one is older.
    A sum that has fallen (posts were split off) starts the notes anew.
    """
    samples: Sequence[Sample] = wave.samples
    if samples and total < samples[-1].negatives:
        samples = ()
    before = [sample for sample in samples if sample.at <= at - HOUR]
    since = before[-1] if before else (samples[0] if samples else None)
    figure = 0 if since is None else max(0, min(posts_1h, total - since.negatives))
    kept = [*before[-1:], *(sample for sample in samples if sample.at > at - HOUR)]
    if not kept or at - kept[-1].at >= _GRAIN:
        kept.append(Sample(at, total))
    return replace(wave, samples=tuple(kept)), figure


def judge(wave: Wave, figure: int, rule: Rule, at: datetime) -> tuple[Wave, bool]:
    """Tell whether a figure is a resurgence that is to be told; returns the wave as it is remembered from here on."""
    if figure < rule.negative_posts_1h:
        return wave, False
    calm = wave.above_at is None or at - wave.above_at >= PAUSE
    held = None if calm else wave.held
    told = wave.told if wave.told_at is not None and at - wave.told_at < PAUSE else None
    wave = replace(wave, held=held, above_at=at)
    risen = all(figure >= rule.rise * other for other in (wave.baseline, held, told) if other is not None)
    return (replace(wave, told=figure, told_at=at), True) if risen else (wave, False)


def send_back(wave: Wave) -> Wave:
    """Remember that a person has let the last resurgence pass: only a further rise is told."""
    return replace(wave, held=wave.told)
