"""The seed's plan, read once for all tests of the pure core."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.messages import EventMetrics, EventUpdated
from contracts.words import IncidentType
from services.cases.plan import load_plan

PATH = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"
TEXT = PATH.read_text(encoding="utf-8")
PLAN = load_plan(PATH)
START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def story(topics: tuple[str, ...] = ("resettlement",), **metrics: Any) -> EventUpdated:
    """Return an event of the plan's scope: one negative story, unless the metrics say otherwise."""
    values: dict[str, Any] = {"posts_total": 4, "posts_24h": 4, "negative_share": 0.5, "sources": 1, **metrics}
    return EventUpdated(
        id="event-1",
        version=1,
        title="补偿款",
        first_seen=START,
        last_seen=START,
        incident_type=IncidentType.OTHER,
        topics=list(topics),
        metrics=EventMetrics.model_validate(values),
    )
