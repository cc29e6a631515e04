"""Analysis workers lined up before a queue that is opened to all of them at one moment."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import redis
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bench.readiness import end, wait_ready
from contracts.envelope import Message, Publication
from contracts.messages import PostAnalyzed
from contracts.streams import POSTS_ANALYZED, POSTS_COLLECTED, dead_letters
from kit import migrations
from kit.bus import RedisBus
from kit.bus.envelope import FIELD, decode, encode
from kit.bus.redis_bus import connect
from kit.embedded import die_with_parent, free_port, start_valkey, wait_for_valkey
from services.analysis.models import Base
from services.analysis.settings import AnalysisSettings
from services.analysis.worker import GROUP

REAL: Final = ("huiying", "serve", "analysis-worker")
SIMULATED: Final = ("bench.stand_in",)
#: seconds that workers may take to get ready: many that load a model at once on a busy machine take their time
STARTED: Final = 300.0
#: seconds without a new result after which a run is given up; a killed worker's posts rest for a while besides
STALLED: Final = 120.0
#: the cores that real workers are pinned to; none where the platform cannot pin
CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process and where it answers."""

    name: str
    process: subprocess.Popen[bytes]
    base: str
    log: Path

    def count(self, metric: str, **labels: str) -> int:
        """Return what one of its counters says."""
        answer = httpx.get(f"{self.base}/metrics", timeout=10, trust_env=False)
        answer.raise_for_status()
        samples = [s for family in text_string_to_metric_families(answer.text) for s in family.samples]
        return int(sum(s.value for s in samples if s.name == metric and labels.items() <= s.labels.items()))

    def said(self) -> str:
        """Return the end of what it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


class Line:
    """Posts that wait in the queue, and the workers that share them."""

    def __init__(
        self, settings: AnalysisSettings, bus: redis.Redis, messages: Sequence[Message], workers: Sequence[Worker]
    ) -> None:
        self.settings, self.bus, self.messages, self.workers = settings, bus, messages, workers
        #: name and version of what scored, known once there are results
        self.model = ""

    def open(self) -> float:
        """Let the workers at the posts, all at the same moment; returns that moment."""
        opening = self.bus.pipeline(transaction=True)
        opening.xgroup_setid(POSTS_COLLECTED, GROUP, "0", entries_read=0)
        opening.xadd(POSTS_COLLECTED, {FIELD: encode(self.messages[-1])})  # which wakes those that block
        return _seconds(opening.execute()[1])

    def wait(self, dead: Worker | None = None) -> Counter[tuple[str, str]]:
        """Wait until every post has a result; returns how often each, by message and post.

        Ends the program with a word why where a worker other than `dead` ends, where no more results come, where one is
        of no post that was put in, and where anything stays unacknowledged.
        """
        expected = {(message.id, message.subject) for message in self.messages}
        seen, moved = 0, time.monotonic()
        while True:
            count = self._count(POSTS_ANALYZED)
            if count > seen:
                seen, moved = count, time.monotonic()
                if count >= len(expected) and expected <= (found := self.results()).keys():
                    break
            for worker in self.workers:
                if worker is not dead and worker.process.poll() is not None:
                    raise SystemExit(f"{worker.name} ended:\n{worker.said()}")
            if aside := self._count(dead_letters(POSTS_COLLECTED)):
                raise SystemExit(f"{aside} posts were put aside as dead letters")
            if time.monotonic() > moved + STALLED + self.settings.bus_claim_idle:
                lost = len(expected - self.results().keys())
                raise SystemExit(f"lost {lost} of {len(expected)} posts: no results came any more")
            time.sleep(0.02)
        if strange := found.keys() - expected:
            raise SystemExit(f"{len(strange)} results are of no post that was asked for")
        (group,) = self.bus.xinfo_groups(POSTS_COLLECTED)
        if group["pending"] != 0 or group["lag"] != 0:
            left = f"{group['pending']} posts unacknowledged, {group['lag']} undelivered"
            raise SystemExit(f"every post has its result, but the queue is not empty: {left}")
        return found

    def results(self) -> Counter[tuple[str, str]]:
        """Return how many results there are, by message and post."""
        found: Counter[tuple[str, str]] = Counter()
        after = b"-"
        while entries := self._entries(after):
            for _, fields in entries:
                message = decode(fields[FIELD])
                result = PostAnalyzed.model_validate(message.data)
                found[message.id, result.post.id] += 1
                self.model = result.analysis.model
            after = b"(" + entries[-1][0]
        return found

    def moments(self) -> tuple[float, float]:
        """Return when the first and the last result came."""
        first: Any = self.bus.xrange(POSTS_ANALYZED, count=1)
        last: Any = self.bus.xrevrange(POSTS_ANALYZED, count=1)
        return _seconds(first[0][0]), _seconds(last[0][0])

    def kill_one(self, after: int) -> tuple[Worker, int, float]:
        """Kill the worker that is first seen with posts in hand once `after` results are there.

        Returns it, the number of posts that it held, and the moment.
        """
        seen, moved = 0, time.monotonic()
        while seen < len(self.messages) and time.monotonic() < moved + STALLED:
            time.sleep(0.001)
            if (count := self._count(POSTS_ANALYZED)) > seen:
                seen, moved = count, time.monotonic()
            for worker in self.workers if seen >= after else ():
                if not self._held(worker):
                    continue
                worker.process.send_signal(signal.SIGSTOP)  # so that it does not finish while it is looked at
                if self._held(worker):
                    worker.process.kill()
                    worker.process.wait()
                    at: Any = self.bus.time()
                    return worker, self._held(worker), at[0] + at[1] / 1e6
                worker.process.send_signal(signal.SIGCONT)
        raise SystemExit("no worker could be caught with posts in hand; give more of them (--posts)")

    def _entries(self, after: bytes) -> list[tuple[bytes, dict[bytes, bytes]]]:
        entries: Any = self.bus.xrange(POSTS_ANALYZED, min=after, count=1000)
        return list(entries)

    def _count(self, stream: str) -> int:
        count: Any = self.bus.xlen(stream)
        return int(count)

    def _held(self, worker: Worker) -> int:
        summary: Any = self.bus.xpending(POSTS_COLLECTED, GROUP)
        return sum(one["pending"] for one in summary["consumers"] if one["name"] == worker.name.encode())


@contextlib.contextmanager
def line_up(messages: Sequence[Message], program: Sequence[str], count: int) -> Iterator[Line]:
    """Put the posts on a bus of their own and start `count` workers, ready and waiting for :meth:`Line.open`.

    Real workers are pinned to the cores in turn.
    """
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        port, password = free_port(), secrets.token_hex(16)
        server = start_valkey(folder / "redis", port, password, fsync="always")  # as `huiying up` has it
        stack.callback(end, server)
        wait_for_valkey(server, port, password)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        key = secrets.token_hex(32)
        settings = AnalysisSettings(data=folder, database_url="", redis_url=url, internal_key=SecretStr(key))
        asyncio.run(_prepare(settings, messages[:-1]))
        bus = stack.enter_context(redis.Redis.from_url(url))
        bus.xgroup_create(POSTS_COLLECTED, GROUP, id="$", mkstream=True)  # nothing is handed out until it is set back
        workers = []
        for number in range(count):
            worker_port, log = free_port(), folder / f"worker-{number + 1}.log"
            environment = {
                **os.environ,
                "HUIYING_DATA": name,
                "HUIYING_DATABASE_URL": "",
                "HUIYING_REDIS_URL": url,
                "HUIYING_INTERNAL_KEY": key,
                "HUIYING_REPLICA": f"worker-{number + 1}",
                "HUIYING_HOST": "127.0.0.1",
                "HUIYING_PORT": str(worker_port),
                "HUIYING_LOG_LEVEL": "warning",
            }
            core = CORES[number % len(CORES)] if program == REAL and CORES else None
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", *program],
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    preexec_fn=partial(_begin, core),
                )
            stack.callback(end, process)
            workers.append(Worker(environment["HUIYING_REPLICA"], process, f"http://127.0.0.1:{worker_port}", log))
        for worker in workers:
            try:
                wait_ready(worker.base, worker.process, worker.name, STARTED)
            except SystemExit as error:
                raise SystemExit(f"{error}:\n{worker.said()}") from None
        while len(bus.xinfo_consumers(POSTS_COLLECTED, GROUP)) < count:
            time.sleep(0.02)
        yield Line(settings, bus, messages, workers)


async def _prepare(settings: AnalysisSettings, messages: Sequence[Message]) -> None:
    """Make the database that workers read topics from, and publish the posts."""
    await migrations.upgrade(settings.database_url_for("analysis"), "analysis", Base.metadata)
    client = connect(settings.redis_url)
    await RedisBus(client).publish([Publication(stream=POSTS_COLLECTED, message=message) for message in messages])
    await client.aclose()


def _begin(core: int | None) -> None:
    die_with_parent()
    if core is not None:
        os.sched_setaffinity(0, {core})


def _seconds(entry: bytes) -> float:
    return int(entry.split(b"-")[0]) / 1000
