"""Prometheus metrics that every service has."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

BUS_LAG: Final = Gauge("huiying_bus_lag", "Messages that a group has yet to finish", ["stream", "group"])
BUS_FINISHED: Final = Gauge(
    "huiying_bus_finished", "Messages that a group has finished, all its consumers together", ["stream", "group"]
)
BUS_HANDLED: Final = Counter("huiying_bus_handled", "Messages handled and acknowledged", ["stream", "group"])
BUS_DEAD: Final = Counter("huiying_bus_dead_letters", "Messages put aside after repeated failure", ["stream", "group"])
BUS_SECONDS: Final = Histogram("huiying_bus_batch_seconds", "Time to handle one batch", ["stream", "group"])
OUTBOX_WAITING: Final = Gauge("huiying_outbox_waiting", "Messages committed and not yet on the bus", ["service"])
HTTP_SECONDS: Final = Histogram("huiying_http_seconds", "Time to answer a request", ["method", "route", "status"])
PASS_SECONDS: Final = Histogram("huiying_pass_seconds", "Time of one pass over rows", ["name"])
PASS_FAILED: Final = Counter("huiying_pass_failures", "Passes over rows that raised", ["name"])
