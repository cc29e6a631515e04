"""Prometheus metrics of notify."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter

ATTEMPTS: Final = Counter(
    "huiying_notify_attempts", "Attempts to deliver, by what the delivery then was", ["channel", "state"]
)
TEMPLATES_FAILED: Final = Counter(
    "huiying_notify_templates_failed",
    "Letters that went out in the built-in wording, as by the office's own none could be made",
)
GAPS: Final = Counter("huiying_notify_gaps", "Recipients that a notification named and nobody stands for")
