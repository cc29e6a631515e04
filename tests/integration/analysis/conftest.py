"""Fixtures of analysis' tests, on both databases and a real Redis-compatible server."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast

import asyncpg
import pytest
import pytest_asyncio

from kit import migrations
from kit.clock import ManualClock
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY, MakeRuntime
from services.analysis import app as analysis_app
from services.analysis.exports import runner
from services.analysis.models import Base
from services.analysis.sentiment import Engine
from services.analysis.settings import AnalysisSettings
from services.analysis.topic_watch import TopicWatch
from services.analysis.tracker import Tracker
from services.analysis.worker import Worker
from tests.integration.analysis.exporting import Exporting, replica
from tests.integration.analysis.harness import Analysis, Api, FixedTopics, WordScorer

#: makes a runtime on a migrated, empty database of its own
Fresh = Callable[[], Awaitable[Runtime]]


@pytest_asyncio.fixture
async def analysis(make_runtime: MakeRuntime, clock: ManualClock) -> Analysis:
    """Give a tracker and a worker on a migrated database, driven by hand: no loop runs."""
    runtime = make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=clock)
    settings = cast("AnalysisSettings", runtime.settings)
    await migrations.upgrade(settings.database_url_for("analysis"), "analysis", Base.metadata)
    worker = Worker(runtime, cast("TopicWatch", FixedTopics()), Engine(WordScorer()))
    return Analysis(runtime, settings, Tracker(runtime, settings, lease=None), worker)


@pytest_asyncio.fixture
async def api(analysis: Analysis) -> AsyncIterator[Api]:
    """Give the API over the same database and clock, without its loops."""
    app = analysis_app.assemble(analysis.runtime, analysis.settings, WordScorer())
    made = Api(app)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def fresh(make_runtime: MakeRuntime, database_url: str, clock: ManualClock, tmp_path: Path) -> Fresh:
    """Give a maker of runtimes, each on an empty database of its own: copies of one that is migrated once."""
    await migrations.upgrade(
        AnalysisSettings(database_url=database_url, internal_key=INTERNAL_KEY).database_url_for("analysis"),
        "analysis",
        Base.metadata,
    )
    numbers = itertools.count(1)

    async def make() -> Runtime:
        url = f"{database_url}_{next(numbers)}"
        if database_url.startswith("sqlite"):
            url = f"sqlite:///{tmp_path}/{next(numbers)}-{{service}}.db"
            shutil.copy(tmp_path / "analysis.db", url.removeprefix("sqlite:///").format(service="analysis"))
        else:
            template = database_url.rpartition("/")[2]
            connection = await asyncpg.connect(database_url.replace(template, "postgres"))
            try:
                await connection.execute(f'CREATE DATABASE "{url.rpartition("/")[2]}" TEMPLATE "{template}"')
            finally:
                await connection.close()
        return make_runtime("analysis", Base, settings_type=AnalysisSettings, clock=clock, database_url=url)

    return make


@pytest_asyncio.fixture
async def one(make_runtime: MakeRuntime, clock: ManualClock) -> AsyncIterator[Exporting]:
    """Give a replica that exports."""
    made = await replica(make_runtime, clock)
    yield made
    await made.client.aclose()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a batch be of seven rows."""
    monkeypatch.setattr(runner, "BATCH", 7)
