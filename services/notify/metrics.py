"""Prometheus metrics of notify."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

ATTEMPTS: Final = Counter(
    "huiying_notify_attempts", "Attempts to deliver, by what the delivery then was", ["channel", "state"]
)
GAPS: Final = Counter("huiying_notify_gaps", "Recipients that a notification named and nobody stands for")
