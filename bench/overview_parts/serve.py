"""The calls about events and trends of analysis, served over HTTP with the clock at the end of the stored posts.

The same routers, runtime and edge as in `services/analysis/app.py`; the scorer and the tracker, which these calls do
not touch, are left out. Settings come from the environment as for the service.
"""

from __future__ import annotations

import os

import uvicorn

from bench.stored_posts import END
from kit.clock import ManualClock
from kit.garbage import collect_rarely
from kit.runtime import Runtime
from kit.service import create_app, routes_of
from services.analysis.api import events, series, trends
from services.analysis.models import Base
from services.analysis.settings import AnalysisSettings

if __name__ == "__main__":
    settings = AnalysisSettings()
    runtime = Runtime(settings, "analysis", Base, clock=ManualClock(END))
    app = create_app(runtime, routes_of(events.router, series.router, trends.router), title="bench")
    collect_rarely()  # as every service does
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
