"""Assembles the ingest service."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from contracts.streams import WATCH_CHANGED
from kit.runtime import Runtime
from kit.service import create_app
from services.ingest.api import posts, sources
from services.ingest.models import Base
from services.ingest.service import Ingest
from services.ingest.settings import IngestSettings

_TAGS = [
    {"name": "posts", "description": "Posts come in. 信息推送"},
    {"name": "sources", "description": "Where posts come from, and what is covered. 信源与覆盖"},
]


def assemble(runtime: Runtime, settings: IngestSettings) -> FastAPI:
    """Put the service together around its runtime."""
    ingest = Ingest(runtime, settings)
    runtime.on_start(ingest.load_sources)
    runtime.subscribe(WATCH_CHANGED, "ingest", ingest.hear_watches)
    runtime.every(3600, "retention", ingest.purge)
    # replicas learn of each other's changes to the sources
    runtime.every(30, "sources", ingest.load_sources, leased=False)
    app = create_app(runtime, [posts.router, sources.router], title="Huiying ingest", tags=_TAGS)
    app.state.ingest = ingest
    return app


def build() -> FastAPI:
    """Build the service from the environment."""
    settings: Any = IngestSettings()
    return assemble(Runtime(settings, "ingest", Base), settings)
