"""What is counted of posts: buckets and events, as the tracker would have left them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bench.stored_parts.posts import END, TONES, Row
from contracts.words import Tier
from services.analysis import models
from services.analysis.calendar import day_of, hour_of
from services.analysis.models import Base


@dataclass
class Buckets:
    """The buckets of the posts, counted as :mod:`services.analysis.store.buckets` counts them."""

    events: dict[tuple[str, datetime], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    trends: dict[tuple[str, str, datetime], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    def count(self, row: Row) -> None:
        hour, tone = hour_of(row["published_at"]), TONES.index(row["sentiment"])
        counts = self.events[row["event_id"], hour]
        counts[0] += 1
        counts[1] += tone == 0
        self.trends["all", "", hour][tone] += 1
        self.trends["channel", row["channel"], hour][tone] += 1
        for kind in ("topic", "place"):
            for word in row[f"{kind}s"]:
                self.trends[kind, word, hour][tone] += 1

    def rows(self) -> Iterator[tuple[type[Base], list[Row]]]:
        event_days: dict[tuple[str, datetime], np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(2, int))
        trend_days: dict[tuple[str, str, datetime], np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(3, int))
        for (event, hour), counts in self.events.items():
            event_days[event, day_of(hour)] += counts
        for (kind, key, hour), counts in self.trends.items():
            trend_days[kind, key, day_of(hour)] += counts
        for model, name, of_events in (
            (models.EventHour, "hour", self.events),
            (models.EventDay, "day", event_days),
        ):
            yield (
                model,
                [
                    {"event_id": event, name: at, "posts": int(posts), "negatives": int(negatives)}
                    for (event, at), (posts, negatives) in sorted(of_events.items())
                ],
            )
        for model, name, of_trends in ((models.TrendHour, "hour", self.trends), (models.TrendDay, "day", trend_days)):
            yield (
                model,
                [
                    {"kind": kind, "key": key, name: at, **dict(zip(TONES, map(int, counts), strict=True))}
                    for (kind, key, at), counts in sorted(of_trends.items())
                ],
            )


class Events:
    """The rows of events."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._rows: dict[str, Row] = {}
        self._seen: dict[str, set[tuple[str, str]]] = {id_: set() for id_ in ids}

    def count(self, row: Row) -> None:
        """Add a post; posts come by time of publication."""
        id_ = row["event_id"]
        event = self._rows.get(id_)
        if event is None:
            event = self._rows[id_] = self._begun(row)
        event["last_seen"] = row["published_at"]
        event["posts_total"] += 1
        event["negatives"] += row["sentiment"] == "negative"
        event["reads"] += row["reads"]
        event["interactions"] += row["likes"] + row["comments"] + row["reposts"]
        for kind in ("topics", "places", "keywords"):
            tally = event["tallies"][kind]
            for word in row[kind]:
                if word in tally or len(tally) < 30:
                    tally[word] = tally.get(word, 0) + 1
        seen = self._seen[id_]
        seen.add(("voice", row["author_hash"]))
        seen.add(("source", row["source"]))

    @staticmethod
    def _begun(row: Row) -> Row:
        return {
            "id": row["event_id"],
            "version": 1,
            "title": row["title"] or row["text"][:20],
            "summary": row["text"],
            "first_seen": row["published_at"],
            "incident_type": row["incident_type"],
            "posts_total": 0,
            "negatives": 0,
            "reads": 0,
            "interactions": 0,
            "top_tier": Tier.COUNTY.value,
            "partition": 0,
            "founder_id": row["id"],
            "tallies": {"topics": {}, "places": {}, "keywords": {}, "incidents": {}},
            "updated_at": END,
        }

    def rows(self, buckets: Buckets) -> Iterator[Row]:
        """Return the rows of events, with figures as of the end."""
        day: defaultdict[str, int] = defaultdict(int)
        for (event, hour), counts in buckets.events.items():
            if hour > END - timedelta(hours=25):
                day[event] += counts[0]
        for id_, row in self._rows.items():
            kinds = [kind for kind, _ in self._seen[id_]]
            total, recent = row["posts_total"], day[id_]
            row["voices"], row["sources"] = kinds.count("voice"), kinds.count("source")
            row["stage"] = "fading" if not recent else "growing" if recent >= 3 else "latent"
            row["heat"] = round(100 * (1 - float(np.exp(-np.log2(1 + recent) / 8))), 2)
            row["metrics"] = {
                **{
                    name: row[name]
                    for name in ("posts_total", "reads", "interactions", "voices", "sources", "top_tier")
                },
                "posts_24h": recent,
                "negative_share": round(row["negatives"] / total, 4),
                "places": list(row["tallies"]["places"]),
                "heat": row["heat"],
                "duration_hours": round((row["last_seen"] - row["first_seen"]).total_seconds() / 3600, 2),
            }
            yield row

    def associations(self) -> Iterator[tuple[type[Base], list[Row]]]:
        """Return the rows of the tables that hang on events."""
        for model, kind in ((models.EventTopic, "topic"), (models.EventPlace, "place")):
            yield (
                model,
                [
                    {kind: word, "event_id": id_}
                    for id_, row in self._rows.items()
                    for word in row["tallies"][f"{kind}s"]
                ],
            )
        for model, kind, column in (
            (models.EventVoice, "voice", "author_hash"),
            (models.EventSource, "source", "source"),
        ):
            yield (
                model,
                [
                    {"event_id": id_, column: word}
                    for id_, seen in self._seen.items()
                    for seen_kind, word in seen
                    if seen_kind == kind
                ],
            )
