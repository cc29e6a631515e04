"""Assembles the analysis API, which also runs the tracker."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app
from services.analysis import consumers
from services.analysis.api import events, posts, sentiment, topics, trends
from services.analysis.models import Base
from services.analysis.retention import Retention
from services.analysis.sentiment import Scorer, load_scorer
from services.analysis.settings import AnalysisSettings

_TAGS = [
    {"name": "sentiment", "description": "情感研判 · the tone of texts"},
    {"name": "posts", "description": "信息 · posts with their analysis"},
    {"name": "events", "description": "舆情事件 · posts that tell one story, with figures over time"},
    {"name": "topics", "description": "监测专题 · what is watched"},
]


def build(settings: AnalysisSettings | None = None) -> FastAPI:
    """Assemble the service out of its settings."""
    settings = settings or AnalysisSettings()
    return assemble(Runtime(settings, "analysis", Base), settings)


def assemble(runtime: Runtime, settings: AnalysisSettings, scorer: Scorer | None = None) -> FastAPI:
    """Put the API, the tracker and the passes on `runtime`."""
    tracker = consumers.subscribe(runtime, settings)
    runtime.every(30, "cooling", tracker.cool)
    runtime.every(3600, "retention", Retention(runtime, settings).run)
    routers = [sentiment.router, posts.router, events.router, topics.router, trends.router]
    app = create_app(runtime, routers, title="Huiying analysis", tags=_TAGS)

    async def load() -> None:
        app.state.scorer = scorer or await asyncio.to_thread(load_scorer, settings.sentiment_model)

    async def workers() -> str:
        return f"{await consumers.count_workers(runtime)} live"

    runtime.on_start(load)
    runtime.check("workers", workers)
    return app
