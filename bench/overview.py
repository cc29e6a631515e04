"""Measure how fast the overview, the trends and an event's course are answered from a full database.

    python bench/overview.py [--posts 1000000] [--calls 300] [--sqlite | --postgres]

Fills a database with posts that nobody wrote (`bench/stored_posts.py`: 60 days), on SQLite and on the test PostgreSQL
(without fsync), serves the calls over HTTP in a process of its own, and prints p50 and p99 of each, one call after
another on one connection, and p50 and p99 of the serving process's processor time for a call (on SQLite the database's
too, on PostgreSQL without its server), which says what remains on a machine that does nothing else. `--keep FOLDER`
keeps the SQLite file there and uses it again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx

from bench.readiness import bus, end, wait_ready
from bench.stored_posts import DAYS, END, fill
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.embedded import EmbeddedPostgres, free_port

_WARM = 10
#: the median and the 99th percentile, milliseconds
Quantiles = tuple[float, float]


@contextlib.contextmanager
def served(database_url: str, folder: Path) -> Iterator[tuple[httpx.Client, int]]:
    """Serve the database; gives a client that speaks for somebody who may read everything, and the process."""
    key, port = secrets.token_hex(32), free_port()
    with bus(folder) as redis_url:
        environment = {
            **os.environ,
            "HUIYING_DATA": str(folder),
            "HUIYING_DATABASE_URL": database_url,
            "HUIYING_REDIS_URL": redis_url,
            "HUIYING_INTERNAL_KEY": key,
            "HUIYING_LOG_LEVEL": "warning",
            "BENCH_PORT": str(port),
        }
        process = subprocess.Popen([sys.executable, "-m", "bench.overview_parts.serve"], env=environment)
        base = f"http://127.0.0.1:{port}"
        principal = Principal("bench", "bench", frozenset({Role.ADMIN}))
        try:
            wait_ready(base, process, "the service")
            with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
                signer = ContextSigner(key)

                def signed(request: httpx.Request) -> None:
                    request.headers[CONTEXT_HEADER] = signer.sign(principal)

                client.event_hooks = {"request": [signed]}
                yield client, process.pid
        finally:
            end(process)


def calls(client: httpx.Client) -> dict[str, tuple[str, dict[str, str]]]:
    """Return what is asked: the path and its parameters, by name."""
    (event,) = client.get("/api/v1/events", params={"limit": "1"}).raise_for_status().json()["items"]
    path = f"/api/v1/events/{event['id']}"
    start = (END - timedelta(days=DAYS)).isoformat()
    return {
        "overview": ("/api/v1/overview", {}),
        "trends, a week by hour": ("/api/v1/trends", {}),
        "trends, 60 days by day": ("/api/v1/trends", {"bucket": "1d", "since": start}),
        "trends, a week by day and topic": ("/api/v1/trends", {"bucket": "1d", "by": "topic"}),
        "trends, a week by day and place": ("/api/v1/trends", {"bucket": "1d", "by": "place"}),
        "trends, a week by hour and channel": ("/api/v1/trends", {"by": "channel"}),
        f"course of an event ({event['metrics']['posts_total']} posts)": (f"{path}/series", {"forecast": "true"}),
        "its last day by 10 minutes": (f"{path}/series", {"bucket": "10m"}),
    }


def measure(
    client: httpx.Client, server: int, path: str, asked: dict[str, str], number: int
) -> tuple[Quantiles, Quantiles, int]:
    """Return milliseconds by the clock and of the serving process's processor time, and the size of the answer."""
    for _ in range(_WARM):
        size = len(client.get(path, params=asked).raise_for_status().content)
    taken, worked = [], []
    for _ in range(number):
        began, before = time.perf_counter(), processor(server)
        client.get(path, params=asked).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((processor(server) - before) * 1000)
    return quantiles(taken), quantiles(worked), size


def quantiles(values: list[float]) -> Quantiles:
    """Return the median and the 99th percentile."""
    return statistics.median(values), sorted(values)[int(len(values) * 0.99)]


def processor(pid: int) -> float:
    """Return the seconds that a process's threads have been on a core, to the microsecond (Linux)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def report(name: str, database_url: str, folder: Path, number: int) -> None:
    """Print a table of one database."""
    with served(database_url, folder) as (client, server):
        print(f"\n| {name} | p50 | p99 | processor p50 | p99 | answer |\n| --- | --- | --- | --- | --- | --- |")
        for call, (path, asked) in calls(client).items():
            taken, worked, size = measure(client, server, path, asked, number)
            shown = " | ".join(f"{one:.1f} ms" for pair in (taken, worked) for one in pair)
            print(f"| {call} | {shown} | {size / 1024:.0f} KiB |", flush=True)


def filled(url: str, posts: int) -> None:
    """Fill a database and say how long it took."""
    began = time.perf_counter()
    made = fill(url, posts, full_text=False)
    seconds = time.perf_counter() - began
    print(f"{made.posts:,} posts in {made.events:,} events, stored in {seconds:.0f} s", file=sys.stderr)


def main() -> None:
    """Run the benchmark and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=300, help="calls of each kind that are timed")
    parser.add_argument("--sqlite", action="store_true", help="SQLite alone")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL alone")
    parser.add_argument("--keep", type=Path, help="folder that keeps the SQLite file")
    options = parser.parse_args()
    cores, machine = os.cpu_count(), platform.machine()
    print(f"{time.strftime('%Y-%m')}, {cores} cores ({machine}), {options.posts:,} posts, {options.calls} calls each")
    with tempfile.TemporaryDirectory(prefix="huiying-bench-", ignore_cleanup_errors=True) as made:
        if not options.postgres:
            folder = options.keep or Path(made) / "sqlite"
            folder.mkdir(exist_ok=True)
            url = f"sqlite:///{folder}/{{service}}.db"
            if not (folder / "analysis.db").exists():
                filled(url, options.posts)
            report("SQLite", url, folder, options.calls)
        if not options.sqlite:
            folder = Path(made) / "postgres"
            folder.mkdir()
            folder.chmod(0o755)
            Path(made).chmod(0o755)
            postgres = EmbeddedPostgres(folder)
            postgres.start()
            try:
                filled(postgres.url(), options.posts)
                report("PostgreSQL", postgres.url(), Path(made), options.calls)
            finally:
                postgres.stop()


if __name__ == "__main__":
    main()
