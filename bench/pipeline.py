"""Import the public sentiment test set through the real system and measure it end to end.

    HUIYING_SHARED_DATA=/path/to/data python bench/pipeline.py

Boots `huiying up` on free ports and an empty data folder, pushes every text through the gateway in batches of 500, and
reads `events.updated` from the bus beside it. Prints posts per second from the first push until the last post is in an
event, p50 and p99 of the time from a post's acceptance (`collected_at`) until the `event.updated` that counts it, and
the peak memory (resident set) of every process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import gzip
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import redis.asyncio

from bench.readiness import wait_ready
from contracts.streams import ANALYZED_PARTITIONS, EVENTS_UPDATED, analyzed
from kit.embedded import EmbeddedPostgres, free_port

BATCH = 500


def texts(folder: Path) -> list[dict[str, str]]:
    """Return the test set as posts; the corpora are pushed in one mixed order."""
    with gzip.open(folder / "sentiment" / "test.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [{"text": row["text"], "channel": "weibo", "source": row["corpus"]} for row in csv.DictReader(file)]


class Watcher:
    """Reads what the system tells, and when."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(url)
        self.collected: dict[str, float] = {}
        self.counted: dict[str, float] = {}

    async def run(self) -> None:
        """Follow the streams until cancelled."""
        after: dict[Any, Any] = dict.fromkeys([*map(analyzed, range(ANALYZED_PARTITIONS)), EVENTS_UPDATED], "0")
        while True:
            answer: Any = await self._redis.xread(after, count=2000, block=200)
            for stream, entries in answer.items() if isinstance(answer, dict) else answer or ():
                entries = entries[0] if entries and isinstance(entries[0], list) else entries
                for id_, fields in entries:
                    after[stream.decode() if isinstance(stream, bytes) else stream] = id_
                    at = int(id_.split(b"-")[0]) / 1000
                    message = json.loads(fields[b"m"])
                    if message["type"] == "post.analyzed":
                        post = message["data"]["post"]
                        self.collected[post["id"]] = _seconds(post["collected_at"])
                    elif message["type"] == "event.updated":
                        for post_id in message["data"]["new_posts"]:
                            self.counted.setdefault(post_id, at)


def _seconds(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(stamp).timestamp()


async def push(base: str, token: str, posts: list[dict[str, str]]) -> dict[str, int]:
    """Push every post; returns the sums of what was answered."""
    sums = {"accepted": 0, "duplicates": 0, "rejected": 0}
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for start in range(0, len(posts), BATCH):
            while True:
                answer = await client.post("/api/v1/posts", json={"posts": posts[start : start + BATCH]})
                if answer.status_code != 503:
                    break
                await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
            answer.raise_for_status()
            body = answer.json()
            sums["accepted"] += body["accepted"]
            sums["duplicates"] += body["duplicates"]
            sums["rejected"] += len(body["rejected"])
    return sums


class Memory:
    """Peak resident set of the supervisor and every process under it, by the part that each runs."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self.peak: dict[str, int] = {}

    async def run(self) -> None:
        """Sample four times a second until cancelled."""
        while True:
            for process in [self._root, *self._root.children(recursive=True)]:
                try:
                    command = process.cmdline()
                    size = process.memory_info().rss
                except psutil.Error:
                    continue
                name = command[-1] if "serve" in command else "redis" if "valkey" in " ".join(command) else "supervisor"
                self.peak[name] = max(self.peak.get(name, 0), size)
            await asyncio.sleep(0.25)


async def measure(base: str, token: str, redis_url: str, pid: int, posts: list[dict[str, str]]) -> dict[str, Any]:
    """Push the posts and wait until the last accepted one is in an event."""
    watcher, memory = Watcher(redis_url), Memory(pid)
    tasks = [asyncio.create_task(watcher.run()), asyncio.create_task(memory.run())]
    began = time.time()
    sums = await push(base, token, posts)
    pushed = time.time() - began
    deadline = time.time() + 600
    while len(watcher.counted) < sums["accepted"]:
        if time.time() > deadline or any(task.done() for task in tasks):
            raise SystemExit(f"only {len(watcher.counted)} of {sums['accepted']} posts came to an event")
        await asyncio.sleep(0.05)
    ended = max(watcher.counted.values())
    for task in tasks:
        task.cancel()
    waits = sorted(watcher.counted[id_] - at for id_, at in watcher.collected.items() if id_ in watcher.counted)
    return {
        **sums,
        "seconds": round(ended - began, 2),
        "seconds_to_accept": round(pushed, 2),
        "posts_per_second": round(sums["accepted"] / (ended - began), 1),
        "latency_p50_s": round(statistics.median(waits), 3),
        "latency_p99_s": round(waits[int(len(waits) * 0.99)], 3),
        "peak_mib": {name: round(size / 2**20) for name, size in sorted(memory.peak.items())},
    }


def paced(base: str, token: str, redis_url: str, pid: int, posts: list[dict[str, str]], rate: float) -> dict[str, Any]:
    """Push single posts at `rate` a second, as a crawler would, and return the latency under that load."""

    async def run() -> dict[str, Any]:
        watcher = Watcher(redis_url)
        task = asyncio.create_task(watcher.run())
        sent = 0
        async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            began = time.perf_counter()
            for i, post in enumerate(posts):
                await asyncio.sleep(max(0.0, began + i / rate - time.perf_counter()))
                sent += (await client.post("/api/v1/posts", json={"posts": [post]})).json()["accepted"]
        await asyncio.sleep(3)
        task.cancel()
        waits = sorted(
            watcher.counted[k] - at for k, at in list(watcher.collected.items())[-sent:] if k in watcher.counted
        )
        return {
            "rate": rate,
            "posts": len(waits),
            "latency_p50_s": round(statistics.median(waits), 3),
            "latency_p99_s": round(waits[int(len(waits) * 0.99)], 3),
        }

    return asyncio.run(run())


def main() -> None:
    """Run the benchmark and print a Markdown table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=int, default=0, help="push only so many texts")
    parser.add_argument("--workers", type=int, default=1, help="analysis workers")
    parser.add_argument("--database-url", default="", help="PostgreSQL URL (default: SQLite)")
    parser.add_argument("--postgres", action="store_true", help="start the test PostgreSQL (no fsync) and use it")
    options = parser.parse_args()
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder:
        raise SystemExit("Set HUIYING_SHARED_DATA to the folder that holds sentiment/test.csv.gz")
    posts = texts(Path(folder))
    kept = 300
    bulk = posts[: options.limit] if options.limit else posts
    single = [{"text": f"现场消息{i}：{post['text']}"} for i, post in enumerate(posts[:kept])]
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as data, contextlib.ExitStack() as stack:
        if options.postgres:
            folder_of_postgres = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            Path(folder_of_postgres).chmod(0o755)
            postgres = EmbeddedPostgres(Path(folder_of_postgres))
            postgres.start()
            stack.callback(postgres.stop)
            options.database_url = postgres.url()
        port = free_port()
        environment = {
            **os.environ,
            "HUIYING_DATA": data,
            "HUIYING_PORT": str(port),
            "HUIYING_DATABASE_URL": options.database_url,
            "HUIYING_WORKERS": str(options.workers),
            "HUIYING_LOG_LEVEL": "warning",
        }
        base = f"http://127.0.0.1:{port}"
        with (Path(data) / "log").open("wb") as log:
            system = subprocess.Popen(
                [sys.executable, "-m", "huiying", "up"], env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            wait_ready(base, system)
            password = (Path(data) / "admin-password").read_text().strip()
            login = {"username": "admin", "password": password}
            token = httpx.post(f"{base}/api/v1/auth/token", data=login).json()["access_token"]
            redis_url = json.loads((Path(data) / "run" / "pids.json").read_text())["redis_url"]
            result = asyncio.run(measure(base, token, redis_url, system.pid, bulk))
            result["paced"] = paced(base, token, redis_url, system.pid, single, 50.0)
        finally:
            system.terminate()
            system.wait(15)
    _report(result, options)


def _report(result: dict[str, Any], options: argparse.Namespace) -> None:
    database = "PostgreSQL" if options.database_url else "SQLite"
    where = f"{os.cpu_count()} cores ({platform.machine()}), {database}, {options.workers} worker(s)"
    print(f"{time.strftime('%Y-%m-%d')}, {where}\n")
    print("| figure | value |\n| --- | --- |")
    for key in ("accepted", "duplicates", "rejected", "seconds_to_accept", "seconds", "posts_per_second"):
        print(f"| {key.replace('_', ' ')} | {result[key]} |")
    print(f"| latency in bulk, p50 / p99 | {result['latency_p50_s']} s / {result['latency_p99_s']} s |")
    calm = result["paced"]
    print(
        f"| latency at {calm['rate']:.0f} posts/s, p50 / p99 | {calm['latency_p50_s']} s / {calm['latency_p99_s']} s |"
    )
    for name, size in result["peak_mib"].items():
        print(f"| peak memory, {name} | {size} MiB |")
    print("\n" + json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
