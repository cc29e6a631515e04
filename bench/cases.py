"""Measure how fast cases are listed and read while ten thousand are open, and whether changes made at once get lost.

    python bench/cases.py [--cases 10000] [--calls 300] [--officers 100] [--sqlite | --postgres]

Opens cases as officers do (each with its clocks, tasks, proposal, notices and timeline), on SQLite and on the test
PostgreSQL (without fsync), serves them over HTTP in a process of its own and prints p50 and p99 of each call, one after
another on one connection, with the processor time of the serving process per call. Then as many officers as asked work
on twenty of the cases at once: each reads a case, changes it with `If-Match`, and where the answer is 412 reads again.
Every change that was answered with success must stand in the timeline, once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import secrets
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from pydantic import SecretStr

from bench.readiness import bus, served
from contracts.words import IncidentType, Level, Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.embedded import EmbeddedPostgres
from kit.runtime import Runtime
from services.cases.app import wire
from services.cases.models import Base
from services.cases.service.actors import Actor
from services.cases.service.opening import Opening
from services.cases.settings import CasesSettings

_WARM: Final = 10
_KEY: Final = secrets.token_hex(32)
_DESK: Final = Principal("bench", "王办", frozenset({Role.OFFICE}))
_COUNTY: Final = Principal("bench-county", "景东联络员", frozenset({Role.COUNTY}), "景东县移民系统")
#: cases that all officers work on at once, and changes that each of them makes
_SHARED, _CHANGES = 20, 5
_MATTERS: Final = ("补偿款", "安置房", "后期扶持", "饮水", "道路")


def signed(client: httpx.Client | httpx.AsyncClient, who: Principal) -> None:
    """Let a client speak for somebody."""
    signer = ContextSigner(_KEY)
    if isinstance(client, httpx.AsyncClient):

        async def sign(request: httpx.Request) -> None:
            request.headers[CONTEXT_HEADER] = signer.sign(who)

        client.event_hooks = {"request": [sign]}
    else:
        client.event_hooks = {"request": [lambda r: r.headers.__setitem__(CONTEXT_HEADER, signer.sign(who))]}


async def fill(database_url: str, redis_url: str, folder: Path, number: int) -> float:
    """Open `number` cases at random levels; returns the seconds that it took."""
    settings = CasesSettings(
        data=folder,
        database_url=database_url,
        redis_url=redis_url,
        internal_key=SecretStr(_KEY),
        clock_pass=3600,
        log_level="warning",
    )
    runtime = Runtime(settings, "cases", Base)
    parts = wire(runtime, settings)
    await runtime.start()
    chance = random.Random(7)
    now = datetime.now(UTC)
    began = time.perf_counter()
    try:
        for i in range(number):
            opening = Opening(
                title=f"第 {i + 1} 件：{chance.choice(_MATTERS)}问题引发网上反映",
                level=chance.choices(list(Level), (1, 4, 25, 70))[0],
                reason="基准测试",
                detected_at=now - timedelta(minutes=chance.randrange(1, 60)),
                summary="网民反映情况，待核实。" * 10,
                incident_type=chance.choice(list(IncidentType)),
            )
            await parts.openings.by_hand(opening, Actor.of(_DESK))
        return time.perf_counter() - began
    finally:
        await runtime.stop()


def calls(client: httpx.Client) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return what is asked, by name: one of the calls of each in turn."""
    page = client.get("/api/v1/cases", params={"limit": 200}).raise_for_status().json()
    ids = [one["id"] for one in page["items"]]
    deep = page["next_cursor"]
    for _ in range(10):
        deep = (
            client.get("/api/v1/cases", params={"limit": 200, "cursor": deep}).raise_for_status().json()["next_cursor"]
        )
    return {
        "list, open ones": [("/api/v1/cases", {"open": "true"})],
        "list, of a level": [("/api/v1/cases", {"level": level}) for level in Level],
        "list, of a state and two levels": [("/api/v1/cases", {"state": "reported", "level": ["I", "II"]})],
        "list, 200 after 2,200": [("/api/v1/cases", {"limit": 200, "cursor": deep})],
        "a case": [(f"/api/v1/cases/{id_}", {}) for id_ in ids],
        "its clocks": [(f"/api/v1/cases/{id_}/clocks", {}) for id_ in ids],
        "its tasks": [(f"/api/v1/cases/{id_}/tasks", {}) for id_ in ids],
        "its timeline": [(f"/api/v1/cases/{id_}/timeline", {}) for id_ in ids],
    }


def measure(client: httpx.Client, server: psutil.Process, asked: list[tuple[str, dict[str, Any]]], number: int) -> str:
    """Return p50, p99 and the server's mean processor time in milliseconds, as cells of a table."""
    for i in range(_WARM):
        path, parameters = asked[i % len(asked)]
        client.get(path, params=parameters).raise_for_status()
    taken, before = [], server.cpu_times()
    for i in range(number):
        path, parameters = asked[i % len(asked)]
        began = time.perf_counter()
        client.get(path, params=parameters).raise_for_status()
        taken.append((time.perf_counter() - began) * 1000)
    after = server.cpu_times()
    worked = (after.user + after.system - before.user - before.system) * 1000 / number
    taken.sort()
    return f"{statistics.median(taken):.1f} ms | {taken[int(len(taken) * 0.99)]:.1f} ms | {worked:.1f} ms"


async def at_once(base: str, officers: int) -> str:
    """Let officers change the same cases at once; returns what became of it, ends the program where one was lost."""
    succeeded: Counter[str] = Counter()
    stale, taken = 0, []
    limits = httpx.Limits(max_connections=officers)
    async with httpx.AsyncClient(base_url=base, timeout=120, trust_env=False, limits=limits) as client:
        signed(client, _DESK)
        page = (await client.get("/api/v1/cases", params={"limit": _SHARED})).raise_for_status().json()
        ids = [one["id"] for one in page["items"]]

        async def officer(number: int) -> None:
            nonlocal stale
            chance = random.Random(number)
            for change in range(_CHANGES):
                id_, mark = chance.choice(ids), f"{number}-{change}"
                while True:
                    read = (await client.get(f"/api/v1/cases/{id_}")).raise_for_status()
                    began = time.perf_counter()
                    answer = await client.post(
                        f"/api/v1/cases/{id_}/reports",
                        json={"to": "group_leader", "text": f"续报 {mark}"},
                        headers={"If-Match": read.headers["etag"]},
                    )
                    taken.append((time.perf_counter() - began) * 1000)
                    if answer.status_code != 412:
                        answer.raise_for_status()
                        succeeded[mark] += 1
                        break
                    stale += 1

        began = time.perf_counter()
        await asyncio.gather(*(officer(number) for number in range(officers)))
        seconds = time.perf_counter() - began
        stored: Counter[str] = Counter()
        for id_ in ids:
            verdict = (await client.get(f"/api/v1/cases/{id_}/timeline/verify")).raise_for_status().json()
            if not verdict["intact"]:
                raise SystemExit(f"the timeline of {id_} is broken: {verdict}")
            cursor = None
            while True:
                asked = {"limit": 200, **({"cursor": cursor} if cursor else {})}
                page = (await client.get(f"/api/v1/cases/{id_}/timeline", params=asked)).raise_for_status().json()
                stored.update(one["text"].rsplit(" ", 1)[1] for one in page["items"] if "续报 " in one["text"])
                if (cursor := page["next_cursor"]) is None:
                    break
    if stored != succeeded:
        raise SystemExit(f"changes were lost or doubled: {(succeeded - stored) + (stored - succeeded)}")
    taken.sort()
    slowest = taken[int(len(taken) * 0.99)]
    return (
        f"{officers} officers, {len(succeeded)} changes on {_SHARED} cases in {seconds:.1f} s: all stand in the "
        f"timeline, once; {stale} were refused as stale (412) and made again; a change took p50 "
        f"{statistics.median(taken):.0f} ms, p99 {slowest:.0f} ms"
    )


def report(name: str, database_url: str, folder: Path, options: argparse.Namespace) -> None:
    """Fill and measure one database."""
    with bus(folder) as redis_url:
        seconds = asyncio.run(fill(database_url, redis_url, folder, options.cases))
        print(f"\n{name}: {options.cases:,} cases opened in {seconds:.0f} s ({options.cases / seconds:.0f}/s)")
        print("\n| call | who | p50 | p99 | processor |\n| --- | --- | --- | --- | --- |", flush=True)
        with served("cases", database_url, redis_url, folder, _KEY) as (base, server):
            for who in (_DESK, _COUNTY):
                with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
                    signed(client, _DESK)
                    asked = calls(client)
                    signed(client, who)
                    for call, each in asked.items():
                        if who is _COUNTY and not call.startswith("list, o"):
                            continue
                        row = measure(client, server, each, options.calls)
                        print(f"| {call} | {'office' if who is _DESK else 'a county'} | {row} |", flush=True)
            print(f"\n{asyncio.run(at_once(base, options.officers))}", flush=True)


def main() -> None:
    """Run the benchmark and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=300, help="calls of each kind that are timed")
    parser.add_argument("--officers", type=int, default=100)
    parser.add_argument("--sqlite", action="store_true", help="SQLite alone")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL alone")
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m')}, {os.cpu_count()} cores ({platform.machine()}), {options.calls} calls each")
    with tempfile.TemporaryDirectory(prefix="huiying-bench-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        if not options.postgres:
            folder = Path(made) / "sqlite"
            folder.mkdir()
            report("SQLite", f"sqlite:///{folder}/{{service}}.db", folder, options)
        if not options.sqlite:
            folder = Path(made) / "postgres"
            folder.mkdir()
            folder.chmod(0o755)
            postgres = EmbeddedPostgres(folder)
            postgres.start()
            try:
                report("PostgreSQL", postgres.url(), Path(made), options)
            finally:
                postgres.stop()


if __name__ == "__main__":
    main()
