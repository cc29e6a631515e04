"""What callers see while something behind the gateway fails: answers by status, broken connections, the longest wait.

Eight callers read without pause through `huiying serve gateway`; meanwhile Redis is killed and comes back, a service
restarts that has no second replica, one of two replicas restarts, one of two hangs. Logging in is tried once a second.

    python bench/gateway_faults.py [--seconds 12] [--only redis]
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import aiohttp
import psutil

from bench.gateway_parts import processes
from kit.embedded import free_port

_CALLERS = 8
#: the limits are on, and counted in Redis, but refuse nobody here
_HIGH = "login=100000000/minute, read=100000000/minute"
#: seconds for which the thing is away
_AWAY = 3.0


@dataclass
class Seen:
    """What the callers saw in one scenario."""

    statuses: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0


@dataclass
class Stage:
    """One gateway before the replicas of a service, and the means to break them."""

    folder: Path
    base: str
    token: str
    redis_port: int
    ports: list[int]
    stack: ExitStack
    redis: ExitStack
    replicas: list[ExitStack]
    processes: list[psutil.Process]

    async def redis_away(self) -> None:
        """Kill Redis, and start it again over its own files."""
        self.redis.close()
        await asyncio.sleep(_AWAY)
        await asyncio.to_thread(
            self.redis.enter_context, processes.redis_server(self.folder / "redis", self.redis_port)
        )

    async def restart(self) -> None:
        """End the first replica, and start it again."""
        await asyncio.to_thread(self.replicas[0].close)
        await asyncio.sleep(_AWAY)
        await asyncio.to_thread(_start_replica, self, 0)

    async def hang(self) -> None:
        """Stop the first replica without closing its connections, and let it go on."""
        self.processes[0].send_signal(signal.SIGSTOP)
        await asyncio.sleep(_AWAY)
        self.processes[0].send_signal(signal.SIGCONT)

    async def nothing(self) -> None:
        """Let everything run."""
        await asyncio.sleep(_AWAY)


#: name, what the table says of it, replicas, what is done
_SCENARIOS: list[tuple[str, str, int, Callable[[Stage], Awaitable[None]]]] = [
    ("calm", "nothing fails", 1, Stage.nothing),
    ("redis", f"Redis away for {_AWAY:.0f} s", 1, Stage.redis_away),
    ("restart", f"the only replica away for {_AWAY:.0f} s", 1, Stage.restart),
    ("replica", f"one of two replicas away for {_AWAY:.0f} s", 2, Stage.restart),
    ("hang", f"one of two replicas hangs for {_AWAY:.0f} s", 2, Stage.hang),
]


def _start_replica(stage: Stage, index: int) -> None:
    port = stage.ports[index]
    command = processes.uvicorn_command("bench.gateway_parts.upstream:app", port)
    stage.processes[index] = stage.replicas[index].enter_context(
        processes.running(command, stage.folder / f"replica-{index}.log", port)
    )


async def _read(stage: Stage, http: aiohttp.ClientSession, seen: Seen, until: float) -> None:
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            async with http.get(
                f"{stage.base}/api/v1/cases", headers={"Authorization": f"Bearer {stage.token}"}
            ) as answer:
                await answer.read()
                seen.statuses[str(answer.status)] += 1
                failed = answer.status != 200
        except (aiohttp.ClientError, TimeoutError) as error:
            seen.statuses[type(error).__name__] += 1
            failed = True
        seen.longest = max(seen.longest, time.monotonic() - began)
        await asyncio.sleep(0.2 if failed else 0.005)


async def _log_in(stage: Stage, http: aiohttp.ClientSession, seen: Seen, until: float) -> None:
    form = {"grant_type": "password", "username": "admin", "password": processes.PASSWORD}
    while time.monotonic() < until:
        try:
            async with http.post(f"{stage.base}/api/v1/auth/token", data=form) as answer:
                seen.logins[str(answer.status)] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            seen.logins[type(error).__name__] += 1
        await asyncio.sleep(1)


async def _load(stage: Stage, fault: Callable[[Stage], Awaitable[None]], seconds: float) -> Seen:
    seen, until = Seen(), time.monotonic() + seconds

    async def strike() -> None:
        await asyncio.sleep(seconds / 6)
        await fault(stage)

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as http, asyncio.TaskGroup() as group:
        group.create_task(strike())
        group.create_task(_log_in(stage, http, seen, until))
        for _ in range(_CALLERS):
            group.create_task(_read(stage, http, seen, until))
    return seen


def _run(replicas: int, fault: Callable[[Stage], Awaitable[None]], seconds: float) -> Seen:
    with tempfile.TemporaryDirectory(prefix="huiying-bench-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder, port, redis_port = Path(name), free_port(), free_port()
        ports = [free_port() for _ in range(replicas)]
        stacks = [stack.enter_context(ExitStack()) for _ in range(replicas)]
        redis = stack.enter_context(ExitStack())
        stage = Stage(folder, f"http://127.0.0.1:{port}", "", redis_port, ports, stack, redis, stacks, [])
        stage.processes = [psutil.Process()] * replicas
        for index in range(replicas):
            _start_replica(stage, index)
        redis_url = redis.enter_context(processes.redis_server(folder / "redis", redis_port))
        addresses = ",".join(f"http://127.0.0.1:{one}" for one in ports)
        stack.enter_context(
            processes.gateway(
                folder, port, redis_url, addresses, HUIYING_RATE_LIMITS=_HIGH, HUIYING_UPSTREAM_SECONDS="2"
            )
        )
        stage.token = processes.log_in(stage.base)
        return asyncio.run(_load(stage, fault, seconds))


def main() -> None:
    """Run the scenarios and print their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12, help="of each scenario (default 12)")
    parser.add_argument("--only", choices=[name for name, *_ in _SCENARIOS], help="one scenario alone")
    chosen = parser.parse_args()
    print("| what fails | good | others | longest wait s | logins |")
    print("| --- | ---: | --- | ---: | --- |")
    for name, title, replicas, fault in _SCENARIOS:
        if chosen.only in (None, name):
            seen = _run(replicas, fault, chosen.seconds)
            good = seen.statuses.pop("200", 0)
            others = ", ".join(f"{status}: {count}" for status, count in seen.statuses.most_common()) or "none"
            logins = ", ".join(f"{status}: {count}" for status, count in seen.logins.most_common())
            print(f"| {title} | {good} | {others} | {seen.longest:.1f} | {logins} |", flush=True)


if __name__ == "__main__":
    main()
