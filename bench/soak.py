"""Crawl hundreds of sources that misbehave, kill a replica now and then, and check that nothing is lost.

    python bench/soak.py                  # 30 minutes, 500 sources, PostgreSQL, two replicas
    python bench/soak.py --minutes 3      # quick: fewer sources, the service's clock ten times as fast
    python bench/soak.py --sqlite         # one replica on SQLite, which is not killed

A site of its own process publishes posts as feeds, list pages, JSON, sitemaps and hot lists and breaks by plan: storms
of 5xx, 429 with Retry-After, slow answers, broken connections, garbage, bombs of 50 MB, redirects in circles,
robots.txt that shuts, hosts that are dead, pages that lose their text, sources that fall quiet. The site's own log of
requests, the database, the streams and the processes tell afterwards what held. Ends with status 1 where something did
not.

Falling quiet takes days of habit and hours of silence, which no run has: the habits of those sources are put into the
database beforehand, and their last posts are made to look older in the middle of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.crawl_parts.site_process import free_site_port
from bench.soak_parts.report import checks, written
from bench.soak_parts.run import Run
from kit.embedded import EmbeddedPostgres

#: minutes of the service's clock in which sources fail often enough to be called silent, and are heard again
_LEAST_MINUTES: Final = 25


def main() -> None:
    """Run the soak and print its report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--sources", type=int, default=0, help="default: 500, or 100 in runs of less than 15 minutes")
    parser.add_argument(
        "--speed", type=float, default=0, help="of the service's clock; default: such that 30 minutes pass"
    )
    parser.add_argument("--delay", type=float, default=0.2, help="seconds between two requests to a host")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--report", type=Path, help="write the report here, and as JSON beside it")
    parser.add_argument("--keep", type=Path, help="keep the logs and the database in this folder")
    options = parser.parse_args()
    speed = options.speed or max(1.0, 30 / options.minutes)
    if options.minutes * speed < _LEAST_MINUTES:
        parser.error(f"silences take {_LEAST_MINUTES} minutes of the service's clock: give more --minutes or --speed")
    sources = options.sources or (500 if options.minutes >= 15 else 100)
    with contextlib.ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huiying-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        url = "" if options.sqlite else _postgres(stack)
        run = Run(folder, url, minutes=options.minutes, speed=speed, sources=sources, delay=options.delay)
        stack.callback(run.close)
        results: dict[str, Any] = asyncio.run(run.go(free_site_port()))
        found = checks(run, results)
        text, document = written(run, results, found)
    head = f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()})"
    print(f"{head}\n{text}")
    if options.report:
        options.report.write_text(f"{head}\n{text}\n", encoding="utf-8")
        options.report.with_suffix(".json").write_text(
            json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8"
        )
    if any(one.ok is False for one in found):
        sys.exit(1)


def _postgres(stack: contextlib.ExitStack) -> str:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder)
    server.start()
    stack.callback(server.stop)
    return server.url()


if __name__ == "__main__":
    main()
