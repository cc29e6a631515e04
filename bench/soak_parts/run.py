"""The run itself: the site, the replicas, what is done to them, and what is looked at meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from bench.crawl_parts.service import SERVE, Deployment, Replica
from bench.readiness import end
from bench.soak_parts.judging import Conduct, abandoned, conduct, published
from bench.soak_parts.looking import Look
from bench.soak_parts.plan import AGED, LONG, SILENCES, Fault, Plan
from bench.soak_parts.records import Listener, Store
from kit.embedded import die_with_parent

#: seconds of the machine that the end may take, after all faults are over
_DRAIN: Final = 240.0
_HASTY: Final = ("-m", "bench.soak_parts.replica")


@dataclass
class Seen:
    """What was seen from outside during the run."""

    looks: list[Look] = field(default_factory=list)
    deaths: dict[str, float] = field(default_factory=dict)
    #: by name, the sources that the API called silent while the long faults held
    silent_by_api: dict[str, str] = field(default_factory=dict)
    not_ready: Counter[str] = field(default_factory=Counter)
    drained: float = 0.0
    hastened_from: float = 0.0
    evidence: Counter[str] = field(default_factory=Counter)


class Run:
    """One soak. `delay` is the service's own between two requests to a host, seconds."""

    def __init__(
        self, folder: Path, database_url: str, *, minutes: float, speed: float, sources: int, delay: float
    ) -> None:
        self.folder, self.delay, self.speed, self.sources = folder, delay, speed, sources
        self.seconds = 60 * minutes
        self.deployment = Deployment(folder, database_url)
        self.database = database_url or f"sqlite+aiosqlite:///{folder}/ingest.db"
        #: SQLite has one writer: one replica, which is not killed
        self.alone = not database_url
        self.seen = Seen()
        self.log = folder / "site.log"
        self._born: Counter[str] = Counter()
        self._replicas: dict[str, Replica] = {}
        self._looks: dict[str, Look] = {}
        self._ready_once: set[str] = set()

    async def go(self, port: int) -> dict[str, Any]:
        """Run to the end and return the raw results."""
        plan = self.plan = Plan(self.seconds, self.speed, self.sources, 0.0)
        ids = await asyncio.to_thread(self._make_sources, plan, port)
        async with Store(self.database) as store:
            now = datetime.now(UTC)
            await store.give_habits([ids[one.name] for one in plan.planned if one.habit], now)
            plan = self.plan = Plan(self.seconds, self.speed, self.sources, time.time() + 1)
            site = self._start_site(plan, port)
            listener = Listener(self.deployment.redis_url)
            try:
                await self._main(plan, store, ids)
                await self._drain(plan, store, ids, port)
                self.seen.evidence = await asyncio.to_thread(self._evidence, await store.some_posts(40))
                stored, sums = await store.urls(), await store.sums()
                still = await store.silent()
                late = sorted(n for n, why in injected(plan).items() if self.seen.silent_by_api.get(n) != why)
                passes = {name: await store.passes_of(name, plan.epoch, plan.speed) for name in late[:3]}
            finally:
                for replica in self._replicas.values():
                    replica.end()
                listener.stop()
                end(site)
        expected = published(plan, port, self.seconds)
        found = self._judged(plan, port)
        return {
            "expected": expected,
            "stored": stored,
            "sums": sums,
            "still_silent": still,
            "late": passes,
            "conduct": found,
            "abandoned": abandoned(found),
            "told": listener.sources,
            "posts_told": listener.posts,
        }

    def close(self) -> None:
        """End the Redis."""
        self.deployment.close()

    def _make_sources(self, plan: Plan, port: int) -> dict[str, str]:
        maker = self.deployment.replica("maker", collect="false")
        try:
            maker.wait_ready()
            ids: dict[str, str] = {}
            for one in plan.planned:
                source = {
                    "name": one.name,
                    "channel": "news",
                    "tier": "municipal",
                    "url": f"http://{one.host}:{port}{one.entry}",
                    "adapter": one.adapter,
                    "config": one.config(),
                    "cadence_minutes": 1,
                }
                ids[one.name] = maker.call("POST", "/api/v1/sources", source)["id"]
            return ids
        finally:
            maker.end()

    def _start_site(self, plan: Plan, port: int) -> subprocess.Popen[bytes]:
        options = {"port": port, "log": self.log, "seconds": plan.seconds, "speed": plan.speed}
        options |= {"sources": plan.sources, "epoch": plan.epoch}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        site = subprocess.Popen(
            [sys.executable, "-m", "bench.soak_parts.site", *words],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=die_with_parent,
        )
        assert site.stdout is not None
        if site.stdout.readline().strip() != b"ready":
            raise SystemExit("the site did not start")
        return site

    def _start(self, name: str, plan: Plan) -> None:
        self._born[name] += 1
        self._replicas[name] = replica = self.deployment.replica(
            name,
            program=SERVE if plan.speed == 1 else _HASTY,
            contact=f"https://soak.invalid/{name}-{self._born[name]}",
            host_delay=self.delay,
            collect_sources=32,
            fetch_seconds=20,
            soak_speed=plan.speed,
            soak_epoch=plan.epoch,
        )
        every = min(2.0, plan.seconds / 200)
        self._looks[name] = Look(f"{name}-{self._born[name]}", replica.process.pid, plan.epoch, every)
        self._ready_once.discard(name)
        self.seen.looks.append(self._looks[name])

    async def _main(self, plan: Plan, store: Store, ids: dict[str, str]) -> None:
        names = ("steady",) if self.alone else ("steady", "victim")
        for name in names:
            self._start(name, plan)
        for name in names:
            await asyncio.to_thread(self._replicas[name].wait_ready)
        every = max(40.0, plan.seconds / 7)
        kill_at, aged, looked = every, False, False
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            while (now := time.time() - plan.epoch) < plan.seconds:
                if not self.alone and now >= kill_at and now < plan.seconds - 20:
                    kill_at += every
                    await self._kill("victim", plan)
                if not aged and now >= plan.at(AGED):
                    aged = True
                    quiet = [one.name for one in plan.planned if any(w.fault is Fault.QUIET for w in one.windows)]
                    real = datetime.now(UTC).timestamp()
                    clock = datetime.fromtimestamp(plan.epoch + (real - plan.epoch) * plan.speed, UTC)
                    await store.age([ids[name] for name in quiet], clock)
                if not looked and now >= plan.at(LONG[1]) - 5 / plan.speed:
                    looked = True
                    await asyncio.to_thread(self._ask_coverage)
                await self._ready(http)
                await asyncio.sleep(1)

    async def _kill(self, name: str, plan: Plan) -> None:
        """Kill a replica in the middle of its work, and start it again under the same name."""
        replica = self._replicas[name]
        who = f'"who": "{name}-{self._born[name]}"'
        for _ in range(200):
            # an article that is read but not stored is what a death may cost
            if any(who in line and "/news/" in line for line in _last_lines(self.log)):
                break
            await asyncio.sleep(0.05)
        replica.process.kill()
        await asyncio.to_thread(replica.process.wait)
        self.seen.deaths[f"{name}-{self._born[name]}"] = time.time() - plan.epoch
        self._looks[name].stop()
        self._start(name, plan)

    async def _ready(self, http: httpx.AsyncClient) -> None:
        for name, replica in self._replicas.items():
            try:
                answer = await http.get(f"{replica.base}/readyz")
            except httpx.HTTPError as error:
                if name in self._ready_once:
                    self.seen.not_ready[f"{name}: {type(error).__name__}"] += 1
                continue
            if answer.status_code == 200:
                self._ready_once.add(name)
            elif name in self._ready_once:
                bad = [check for check, found in answer.json()["checks"].items() if not found["ok"]]
                self.seen.not_ready[f"{name}: {', '.join(bad)}"] += 1

    def _ask_coverage(self) -> None:
        coverage = self._replicas["steady"].call("GET", "/api/v1/coverage")
        self.seen.silent_by_api = {one["name"]: one["silence"] for one in coverage["silent"]}

    async def _drain(self, plan: Plan, store: Store, ids: dict[str, str], port: int) -> None:
        """Let the service catch up: all faults are over; sources that still lack something are looked at now."""
        for look in self._looks.values():
            look.stop()
        self.seen.hastened_from = time.time() - plan.epoch
        # robots.txt's rules from the time of the faults would hold for a day, as they may
        for name in list(self._replicas):
            await asyncio.to_thread(self._replicas[name].end)
            self.seen.deaths[f"{name}-{self._born[name]}"] = time.time() - plan.epoch
            self._start(name, plan)
        for name in list(self._replicas):
            self._looks[name].stop()
            self.seen.looks.remove(self._looks[name])
            await asyncio.to_thread(self._replicas[name].wait_ready)
        expected = published(plan, port, plan.seconds)
        began = time.monotonic()
        while time.monotonic() - began < _DRAIN:
            missing = expected - set(await store.urls()) - abandoned(self._judged(plan, port))
            silent = await store.silent()
            if not missing and not silent:
                break
            behind = {plan.planned[int(url.split("/s")[1].split("/")[0])].name for url in missing}
            for name in sorted(behind | set(silent)):
                await asyncio.to_thread(self._replicas["steady"].call, "POST", f"/api/v1/sources/{ids[name]}/fetch")
            await asyncio.sleep(5)
        self.seen.drained = round(time.monotonic() - began, 1)

    def _judged(self, plan: Plan, port: int) -> Conduct:
        seen = self.seen
        return conduct(
            self.log, plan, delay=self.delay, deaths=seen.deaths, hastened_from=seen.hastened_from, port=port
        )

    def _evidence(self, posts: list[str]) -> Counter[str]:
        """Read the evidence of some posts through the API."""
        found: Counter[str] = Counter()
        for post in posts:
            for one in self._replicas["steady"].call("GET", f"/api/v1/posts/{post}/evidence")["items"]:
                found["readable" if one["problem"] is None and one["size"] else str(one["problem"])] += 1
        return found


def _last_lines(log: Path) -> list[str]:
    """Return the requests of the last moment."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400))
        return file.read().decode("utf-8", "replace").splitlines()


def injected(plan: Plan) -> dict[str, str]:
    """Return the silence that was brought upon sources, by their names."""
    found: dict[str, str] = {}
    for one in plan.planned:
        for window in (*one.windows, *plan.hosts[one.host]):
            if window.fault in SILENCES:
                found[one.name] = SILENCES[window.fault]
    return found


def unharmed(plan: Plan) -> set[str]:
    """Return the names of the sources that nothing was done to."""
    return {one.name for one in plan.planned if not one.windows and not plan.hosts[one.host]}
