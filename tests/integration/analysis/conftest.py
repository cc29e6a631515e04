"""Fixtures of analysis' tests, on both databases and a real Redis-compatible server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest_asyncio

from kit import migrations
from kit.clock import ManualClock
from kit.testing import MakeRuntime
from services.analysis import app as analysis_app
from services.analysis.models import Base
from services.analysis.sentiment import Engine
from services.analysis.settings import AnalysisSettings
from services.analysis.topic_watch import TopicWatch
from services.analysis.tracker import Tracker
from services.analysis.worker import Worker
from tests.integration.analysis.harness import Analysis, Api, FixedTopics, WordScorer


@pytest_asyncio.fixture
async def analysis(make_runtime: MakeRuntime, clock: ManualClock) -> Analysis:
    """Give a tracker and a worker on a migrated database, driven by hand: no loop runs."""
    runtime = make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=clock)
    settings = cast("AnalysisSettings", runtime.settings)
    await migrations.upgrade(settings.database_url_for("analysis"), "analysis", Base.metadata)
    worker = Worker(runtime, cast("TopicWatch", FixedTopics()), Engine(WordScorer()))
    return Analysis(runtime, settings, Tracker(runtime, settings, leased=False), worker)


@pytest_asyncio.fixture
async def api(analysis: Analysis) -> AsyncIterator[Api]:
    """Give the API over the same database and clock, without its loops."""
    app = analysis_app.assemble(analysis.runtime, analysis.settings, WordScorer())
    made = Api(app)
    yield made
    await made.close()
