"""Assembles the analysis API, which also runs the tracker."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.analysis import consumers
from services.analysis.api import concerns, events, exports, posts, sentiment, series, topics, trends
from services.analysis.exports.service import Exports
from services.analysis.hand import Hand
from services.analysis.models import Base
from services.analysis.recent import Recent
from services.analysis.retention import Retention
from services.analysis.sentiment import Engine, Scorer, load_scorer
from services.analysis.settings import AnalysisSettings
from services.analysis.store import fulltext

_TAGS = [
    {"name": "sentiment", "description": "情感研判 · the tone of texts"},
    {"name": "posts", "description": "信息 · posts with their analysis"},
    {"name": "events", "description": "舆情事件 · posts that tell one story, with figures over time"},
    {"name": "exports", "description": "导出 · posts and events as files"},
    {"name": "topics", "description": "监测专题 · what is watched"},
]

_ROUTES: Final = routes_of(
    *(sentiment.router, posts.router, events.router, series.router, concerns.router),
    *(topics.router, trends.router, exports.router),
)


def build(settings: AnalysisSettings | None = None) -> FastAPI:
    """Assemble the service out of its settings; raises :class:`ModelError` where its sentiment model cannot be used."""
    settings = settings or AnalysisSettings()
    scorer = load_scorer(settings.sentiment_model)
    return assemble(Runtime(settings, "analysis", Base), settings, scorer)


def assemble(runtime: Runtime, settings: AnalysisSettings, scorer: Scorer) -> FastAPI:
    """Put the API, the tracker and the passes on `runtime`."""
    tracker = consumers.subscribe(runtime, settings)
    runtime.every(30, "cooling", tracker.cool)
    runtime.every(3600, "retention", Retention(runtime, settings).run)
    files = Exports(runtime, settings.export_rules())
    files.register()
    app = create_app(runtime, _ROUTES, title="Huiying analysis", tags=_TAGS)
    app.state.exports = files
    app.state.concerns = Recent(runtime.clock)
    app.state.hand = Hand(runtime, settings)
    engine = app.state.sentiment = Engine(scorer, settings.engine_rules())

    async def workers() -> str:
        return f"{await consumers.count_workers(runtime)} live"

    async def index_words() -> None:
        async with runtime.database.writing() as session:
            await fulltext.refresh(session)

    runtime.on_start(index_words)
    runtime.on_stop(engine.close)
    runtime.check("workers", workers)
    return app
