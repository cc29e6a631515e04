"""What fetching counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

FETCHES: Final = Counter("huiying_ingest_fetches", "Pages asked for, by what came of it", ["outcome"])
BYTES: Final = Counter("huiying_ingest_fetched_bytes", "Bytes of bodies read from the web, as they were transferred")
SECONDS: Final = Histogram(
    "huiying_ingest_fetch_seconds",
    "Time from a page's first request to its last byte, waiting in the host's queue between attempts included",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
