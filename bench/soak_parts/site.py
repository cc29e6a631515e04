"""The soak's site: publishes by the plan, breaks by the plan, and writes down every request.

    python -m bench.soak_parts.site --port 8100 --log FILE --seconds 1800 --speed 1 --sources 500 --epoch 1795500000

A line of the log: when a request came and when its answer ended (seconds since the epoch), host, path, who asked, and
what it got: `ok`, `304`, `missing`, `empty` (a page that lost its text), `shut` (robots.txt that forbids all), or the
fault.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import re
import signal
import time
from pathlib import Path
from typing import Any, Final, TextIO

from bench.crawl_parts.answering import Act, Ask, answer, not_modified, serve
from bench.soak_parts import faults, pages
from bench.soak_parts.plan import Fault, Plan, Planned

_PATH: Final = re.compile(r"/s(\d+)/(?:news/t\d+_(\d+)\.html|list/index_(\d+)\.html|.*)")
_WHO: Final = re.compile(r"soak\.invalid/([\w-]+)")
_PAGE: Final = re.compile(r"[?&]page=(\d+)")


class Site:
    """Answers by the plan."""

    def __init__(self, plan: Plan, port: int, log: TextIO) -> None:
        self._plan, self._port, self._log = plan, port, log
        self._sources = {one.index: one for one in plan.planned}
        self._chance = random.Random(plan.seed)
        self._open: dict[int, dict[str, Any]] = {}
        self._lag = 0.0

    def handle(self, ask: Ask) -> bytes | Act:
        """Answer a request."""
        now = ask.at - self._plan.epoch
        found, got, more = self._answer(ask, now)
        who = _WHO.search(ask.headers.get("user-agent", ""))
        record = {
            "at": round(now, 4),
            "host": ask.host,
            "path": ask.path,
            "who": who[1] if who else "?",
            "asked_if": "if-none-match" in ask.headers,
            "got": got,
            **more,
        }
        self._open[id(ask)] = record
        return found

    def done(self, ask: Ask, ended: float) -> None:
        """Write a request down."""
        record = self._open.pop(id(ask))
        record["ended"] = round(ended - self._plan.epoch, 4)
        self._log.write(json.dumps(record) + "\n")

    async def watch_itself(self) -> None:
        """Write down when this process was held up, since its times are then wrong."""
        while True:
            before = time.time()
            await asyncio.sleep(0.02)
            late = time.time() - before - 0.02
            if late > 0.03:
                self._log.write(
                    json.dumps({"held_up": round(late, 3), "at": round(before - self._plan.epoch, 3)}) + "\n"
                )
            self._log.flush()

    def _answer(self, ask: Ask, now: float) -> tuple[bytes | Act, str, dict[str, Any]]:
        windows = self._plan.hosts.get(ask.host, ())
        fault = next((one.fault for one in windows if one.begins <= now < one.ends), None)
        whole, got = self._right(ask, now, fault)
        chance = self._chance
        if fault is Fault.STORM:
            return faults.storm(chance), "storm", {}
        if fault is Fault.DEAD:
            odd = int(ask.host.rpartition(".")[2]) % 2
            return faults.closed(b"", chance) if odd else faults.storm(chance), "dead", {}
        if fault is Fault.LIMITED:
            refused, seconds = faults.limited(chance)
            return refused, "limited", {"retry_after": seconds}
        if fault is Fault.CLOSED:
            return faults.closed(whole, chance), "closed", {}
        if fault is Fault.GARBAGE:
            return faults.garbage(chance), "garbage", {}
        if fault is Fault.SLOW:
            return faults.slow(whole, chance.uniform(0.5, 3.0)), got, {"slow": True}
        if fault is Fault.BOMB and ask.path != "/robots.txt":
            return faults.bomb(chance), "bomb", {}
        if fault is Fault.LOOP and ask.path != "/robots.txt":
            return faults.loop(ask.path), "loop", {}
        return whole, got, {}

    def _right(self, ask: Ask, now: float, fault: Fault | None) -> tuple[bytes, str]:
        """Return the answer that this request has where nothing goes wrong on the way."""
        if ask.path == "/robots.txt":
            rules = "Disallow: /" if fault is Fault.ROBOTS else "Disallow: /admin/"
            return answer(f"User-agent: *\n{rules}\n".encode(), "text/plain"), "shut" if fault is Fault.ROBOTS else "ok"
        match = _PATH.match(ask.path)
        source = self._sources.get(int(match[1])) if match else None
        if match is None or source is None or source.host != ask.host:
            return answer(b"not here", "text/plain", status=404), "missing"
        there = source.there(now, self._plan.until)
        if match[2] is not None:
            return self._article(source, int(match[2]) - 10000, there, now)
        page = int(match[3] or (_PAGE.search(ask.path) or ("", 1))[1])
        body = pages.entry(self._plan, source, there, page, f"http://{ask.host}:{self._port}")
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if ask.headers.get("if-none-match") == etag:
            return not_modified(etag), "304"
        return answer(body, pages.kind_of(source), ETag=etag), "ok"

    def _article(self, source: Planned, number: int, there: int, now: float) -> tuple[bytes, str]:
        if not 0 <= number < there:
            return answer(b"not here", "text/plain", status=404), "missing"
        empty = any(one.fault is Fault.EMPTY and one.begins <= now < one.ends for one in source.windows)
        body = pages.article(self._plan, source, number, empty=empty)
        return answer(body, ETag=f'"{source.index}-{number}-{empty}"'), "empty" if empty else "ok"


async def _run(options: argparse.Namespace) -> None:
    plan = Plan(options.seconds, options.speed, options.sources, options.epoch)
    with options.log.open("w", encoding="utf-8") as log:
        site = Site(plan, options.port, log)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        server = await serve(site.handle, options.port, site.done)
        watching = asyncio.create_task(site.watch_itself())
        print("ready", flush=True)
        await stop.wait()
        watching.cancel()
        server.close()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--sources", type=int, required=True)
    parser.add_argument("--epoch", type=float, required=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
