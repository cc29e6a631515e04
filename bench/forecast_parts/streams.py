"""Hourly counts to foretell: real ones, and simulated events."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.analysis.calendar import HOUR, SHANGHAI, hour_of
from services.analysis.events.series import rhythm

Ints = NDArray[np.int64]
_FORMS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Stream:
    """Posts by hour from `begin` on."""

    name: str
    begin: datetime
    counts: Ints


def reports(folder: Path) -> list[Stream]:
    """Return the news reports of five real events, by the minute that their pages state; those without are left out."""
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    with gzip.open(folder / "events" / "eventmonitor.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            report = json.loads(line)
            with suppress(ValueError):
                found[report["event"]].append(datetime.strptime(report["date"], _FORMS[0]))
    return [_stream(f"event {i + 1}", times) for i, (_, times) in enumerate(sorted(found.items()))]


def messages(folder: Path) -> list[Stream]:
    """Return citizens' messages to their governments: two streams of all messages."""
    streams = []
    for name in ("hot", "replies"):
        times = []
        with gzip.open(folder / "topic" / f"taidi_messages_{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for form in _FORMS:
                    with suppress(ValueError):
                        times.append(datetime.strptime(row["time"].strip(), form))
                        break
        streams.append(_stream(name, times))
    return streams


def simulated(events: int, seed: int) -> list[Stream]:
    """Return events of a week each, from a Hawkes process with the rhythm of the day.

    In steps of ten minutes: posts come from shocks (one at the start, on the mean one and a half more later on; 0.3 to
    300 posts an hour at first, half as many every 1 to 8 hours), from a trickle, and from earlier posts, each of which
    calls forth 0.3 to 0.95 others (by event) after half-lives of 0.5, 6 and 30 hours (60, 30 and 10 %). All are
    multiplied by the rhythm of the day, and by gamma noise of variance 0.1.
    """
    random = np.random.default_rng(seed)
    steps, length = 7 * 144, 1 / 6
    begin = datetime(2026, 3, 1, 16, tzinfo=UTC)
    offsets = random.integers(24, size=events)
    half_lives = np.array([0.5, 6.0, 30.0])
    decay = 0.5 ** (length / half_lives)
    branching = random.uniform(0.3, 0.95, size=events)[:, None] * np.array([0.6, 0.3, 0.1])
    shocks = np.zeros((events, steps))
    for event in range(events):
        starts = [0, *random.integers(steps, size=random.poisson(1.5))]
        for number, start in enumerate(starts):
            height = np.exp(random.uniform(np.log(0.3), np.log(300 if number == 0 else 60)))
            fade = 0.5 ** (length / random.uniform(1, 8))
            shocks[event, start:] += height * fade ** np.arange(steps - start)
    trickle = random.uniform(0, 0.2, size=events)
    profiles = np.array([rhythm(begin + int(offset) * HOUR, 24) for offset in offsets])
    counts = np.zeros((events, steps), dtype=np.int64)
    excited = np.zeros((events, 3))
    for step in range(steps):
        rate = shocks[:, step] + trickle + excited.sum(axis=1)
        rate *= profiles[:, step // 6 % 24] * random.gamma(10, 0.1, size=events)
        counts[:, step] = random.poisson(np.minimum(rate * length, 20_000))
        # what a post will call forth, spread over the half-lives
        excited = excited * decay + counts[:, step, None] * branching * (1 - decay) / length
    hourly = counts.reshape(events, -1, 6).sum(axis=2)
    return [Stream(f"{i}", begin + int(o) * HOUR, c) for i, (o, c) in enumerate(zip(offsets, hourly, strict=True))]


def _stream(name: str, times: Iterable[datetime]) -> Stream:
    """Return local times of Shanghai as a stream, with the two days after the last."""
    hours = sorted(hour_of(at.replace(tzinfo=SHANGHAI)) for at in times)
    begin = hours[0]
    counts = np.zeros((hours[-1] - begin) // HOUR + 48, dtype=np.int64)
    for at in hours:
        counts[(at - begin) // HOUR] += 1
    return Stream(name, begin, counts)


def live(counts: Ints, horizon: int) -> Ints:
    """Return the hours to foretell from: those before which a post was published within 24 hours."""
    upto = np.concatenate(([0], np.cumsum(counts)))
    at = np.arange(1, len(counts) - horizon + 1)
    return at[upto[at] - upto[np.maximum(0, at - 24)] > 0]


__all__ = ["Stream", "live", "messages", "reports", "simulated"]
