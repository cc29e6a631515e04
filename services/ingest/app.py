"""Assembles the ingest service."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from contracts.streams import PLANS_ACTIVATED, WATCH_CHANGED
from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.ingest.api import evidence, hooks, imports, oversight, posts, sources
from services.ingest.collecting.collector import Collector
from services.ingest.collecting.silence import SilenceWatch
from services.ingest.consumers import Consumers
from services.ingest.evidence import Archive
from services.ingest.fetching.fetcher import Fetcher
from services.ingest.hooks.service import Hooks
from services.ingest.imports.service import Imports
from services.ingest.models import Base
from services.ingest.retention import Retention
from services.ingest.service import Ingest
from services.ingest.settings import IngestSettings, fetch_limits
from services.ingest.sourcing import Sources

_TAGS = [
    {"name": "posts", "description": "Posts come in. 信息推送"},
    {"name": "imports", "description": "Files of posts, read on the server. 文件导入"},
    {"name": "hooks", "description": "Vendor feeds and e-mail digests by signed webhook. 推送接收"},
    {"name": "sources", "description": "Where posts come from, how each is, and what is covered. 信源、健康与覆盖"},
]
_HOUR = 3600

_ROUTES: Final = routes_of(
    posts.router, imports.router, hooks.router, evidence.router, sources.router, oversight.router
)


def assemble(runtime: Runtime, settings: IngestSettings) -> FastAPI:
    """Put the service together around its runtime."""
    ingest = Ingest(runtime, settings)
    fetcher = Fetcher(fetch_limits(settings))
    archive = Archive(
        settings.data / "evidence", replica=settings.replica_name(), clock=runtime.clock, contact=settings.contact
    )
    collector = Collector(runtime, settings, ingest, fetcher, archive)
    consumers = Consumers(runtime, collector)
    retention = Retention(runtime, settings, archive)
    runtime.on_start(ingest.load_sources)
    runtime.on_start(collector.start)
    runtime.subscribe(WATCH_CHANGED, "ingest", consumers.hear_watches)
    runtime.subscribe(PLANS_ACTIVATED, "ingest", consumers.hear_plans)
    runtime.every(_HOUR, "retention", retention.purge_rows)
    # archives lie where their replica is, so that each looks after its own
    runtime.every(_HOUR, "archive", retention.purge_pages, leased=False)
    # replicas learn of each other's changes to the sources
    runtime.every(30, "sources", ingest.load_sources, leased=False)
    runtime.every(60, "silence", SilenceWatch(runtime).look)
    if settings.collect:
        collector.wake = runtime.every(1, "collect", collector.tick, leased=False)
    runtime.on_stop(collector.stop)
    runtime.on_stop(fetcher.close)
    files = Imports(runtime, ingest, settings)
    files.register()
    doors = Hooks(runtime, ingest, settings)
    doors.register()
    app = create_app(runtime, _ROUTES, title="Huiying ingest", tags=_TAGS)
    app.state.ingest, app.state.archive, app.state.collector = ingest, archive, collector
    app.state.consumers, app.state.retention = consumers, retention
    app.state.imports, app.state.hooks = files, doors
    app.state.sources = Sources(runtime, ingest, collector, fetcher)
    return app


def build() -> FastAPI:
    """Build the service from the environment."""
    settings: Any = IngestSettings()
    return assemble(Runtime(settings, "ingest", Base), settings)
