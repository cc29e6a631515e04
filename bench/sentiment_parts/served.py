"""The analysis service as it runs: latency of POST /api/v1/sentiment over HTTP, and memory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import psutil

from bench.readiness import end, wait_ready
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, CONTEXT_TERM, ContextSigner, Principal
from kit.embedded import free_port, start_valkey, wait_for_valkey
from sentiment_parts.tables import heading, progress, table

#: clients at a time, and calls
LOADS = ((1, 200), (16, 1_000), (64, 2_000))
_WARM = 50
#: threads of numpy as the bench sets them for itself
_OWN = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Service:
    """A running analysis service."""

    url: str
    signer: ContextSigner
    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """Return the last lines that it logged."""
        return self.output.read_text(encoding="utf-8", errors="replace")[-3000:]

    def peak_mib(self) -> float:
        """Return the most memory that it held so far (resident set)."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return float(psutil.Process(self.process.pid).memory_info().rss / 2**20)


@contextlib.contextmanager
def bus(folder: Path) -> Iterator[str]:
    """Run the embedded Valkey; gives its URL."""
    port, password = free_port(), secrets.token_hex(16)
    process = start_valkey(folder, port, password)
    try:
        wait_for_valkey(process, port, password)
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def service(model: str, folder: Path, redis_url: str) -> Iterator[Service]:
    """Run `huiying serve analysis` with the scorer `model`."""
    folder.mkdir()
    key, port = secrets.token_hex(32), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYING_") and name not in _OWN}
    environment = {
        **kept,
        "HUIYING_DATA": str(folder),
        "HUIYING_REDIS_URL": redis_url,
        "HUIYING_INTERNAL_KEY": key,
        "HUIYING_PORT": str(port),
        "HUIYING_SENTIMENT_MODEL": model,
        "HUIYING_SUPERVISED": "1",  # it ends with this process
        "HUIYING_LOG_LEVEL": "warning",
    }
    output = folder / "log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "huiying", "serve", "analysis"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        served = Service(url, ContextSigner(key), process, output)
        try:
            wait_ready(url, process, "the analysis service")
        except SystemExit as failed:
            raise SystemExit(f"{failed}:\n{served.said()}") from None
        yield served
    finally:
        end(process)


async def calls(served: Service, texts: Sequence[str], clients: int) -> tuple[list[float], float]:
    """Score every text in a call of its own, `clients` at a time; returns each call's seconds, and those of all."""
    waiting = iter(texts)
    taken: list[float] = []
    principal = Principal("bench", "bench", frozenset({Role.OFFICE}))
    signed, context = 0.0, ""

    def headers() -> dict[str, str]:
        nonlocal signed, context
        if time.monotonic() - signed > CONTEXT_TERM / 2:
            signed, context = time.monotonic(), served.signer.sign(principal)
        return {CONTEXT_HEADER: context, "content-type": "application/json"}

    async def client(session: aiohttp.ClientSession) -> None:
        for text in waiting:
            body = json.dumps({"texts": [text]}).encode()
            began = time.perf_counter()
            async with session.post(f"{served.url}/api/v1/sentiment", data=body, headers=headers()) as answer:
                await answer.read()
            taken.append(time.perf_counter() - began)
            if answer.status != 200:
                raise SystemExit(f"POST /api/v1/sentiment answered {answer.status}:\n{served.said()}")

    async def connect(session: aiohttp.ClientSession) -> None:
        async with session.get(f"{served.url}/livez") as answer:
            await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(connect(session) for _ in range(clients)))
        began = time.perf_counter()
        await asyncio.gather(*(client(session) for _ in range(clients)))
        return taken, time.perf_counter() - began


def over_http(texts: Sequence[str]) -> None:
    """Print latency by number of clients and peak memory, of each scorer. `texts` are distinct."""
    share = min(1.0, (len(texts) - 1) / (sum(count for _, count in LOADS) + _WARM))
    rows = []
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as folder, bus(Path(folder) / "redis") as redis_url:
        for model in ("cascade", "linear"):
            with service(model, Path(folder) / model, redis_url) as served:
                left = list(texts)
                asyncio.run(calls(served, [left.pop() for _ in range(max(1, int(_WARM * share)))], 1))
                for clients, count in LOADS:
                    progress(f"HTTP: {model}, {clients} client(s)")
                    some = [left.pop() for _ in range(int(count * share))]
                    taken, seconds = asyncio.run(calls(served, some, clients))
                    p50, p99 = (1000 * float(np.percentile(taken, share)) for share in (50, 99))
                    rows.append([model, f"{clients}", f"{len(some):,}", f"{p50:.1f}", f"{p99:.1f}"])
                    rows[-1].append(f"{len(some) / seconds:,.0f}")
                rows[-1].append(f"{served.peak_mib():.0f}")
    for row in rows:
        row.extend([""] * (7 - len(row)))
    heading(
        "POST /api/v1/sentiment",
        "One text a call, no text twice. Straight to the analysis service (`huiying serve analysis`: one process, its "
        "tracker running and idle, SQLite, embedded Valkey) with the gateway's signed context; the gateway is not in "
        "the way. The clients keep their connections; they are one aiohttp session in another process of this machine "
        "and share its processors.",
    )
    table(
        ["scorer", "clients", "calls", "p50, ms", "p99, ms", "calls a second", "peak memory of the service, MiB"], rows
    )
