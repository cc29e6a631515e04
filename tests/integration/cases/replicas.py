"""Replicas of the cases service as processes of their own, which a test may kill at any instant and start again.

Reading the program takes a process seconds, so that one process reads it once and forks the replicas: each is what
``huiying serve cases`` is from its first line on, with its own environment, port, loops and connections.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from kit import embedded
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.testing import INTERNAL_KEY

_SIGNER = ContextSigner(INTERNAL_KEY)
_ROOT = Path(__file__).parents[3]


class Forge:
    """The process that has read the program and forks replicas."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=embedded.die_with_parent,
        )
        self.pids: set[int] = set()

    def fork(self, environment: Mapping[str, str], log: Path) -> int:
        """Start a replica and return its process id; what it prints goes to `log`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"environment": environment, "log": str(log)}) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self.pids.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """Kill a replica as a power cut would, and wait until the system has taken back all that it held."""
        if pid not in self.pids:
            return
        self.pids.remove(pid)
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.001)

    def close(self) -> None:
        """Kill every replica and end the forking process."""
        for pid in list(self.pids):
            self.kill(pid)
        self._process.kill()
        self._process.communicate()


class Replica:
    """One replica, by name: the same from one life to the next, as a supervisor starts it again."""

    def __init__(self, name: str, forge: Forge, http: httpx.AsyncClient, environment: Mapping[str, str], log: Path):
        self.name, self.log = name, log
        self._forge, self._http, self._environment = forge, http, environment
        self.pid = self._port = 0
        self._up = False

    def start(self) -> None:
        """Start it; :meth:`ready` waits until it answers."""
        self._up = False
        self._port = embedded.free_port()
        own = {"HUIYING_REPLICA": self.name, "HUIYING_PORT": str(self._port)}
        self.pid = self._forge.fork({**self._environment, **own}, self.log)

    def kill(self) -> None:
        """Kill it where it stands (SIGKILL)."""
        self._forge.kill(self.pid)

    async def ready(self) -> None:
        """Wait until it has started and its database and bus answer."""
        deadline = time.monotonic() + 60
        while not self._up:
            try:
                answer = await self._http.get(f"http://127.0.0.1:{self._port}/readyz")
                self._up = answer.status_code == 200
            except httpx.TransportError:
                pass  # it does not listen yet
            assert time.monotonic() < deadline, self.log.read_text(encoding="utf-8")[-2000:]
            await asyncio.sleep(0 if self._up else 0.05)

    async def call(
        self, method: str, path: str, who: Principal | None, *, if_match: str | None = None, **more: Any
    ) -> httpx.Response:
        """Call its API on somebody's behalf; raises :class:`httpx.TransportError` where it dies before it answers."""
        headers = {"accept-language": "zh-CN"}
        if who is not None:
            headers[CONTEXT_HEADER] = _SIGNER.sign(who)
        if if_match is not None:
            headers["if-match"] = if_match
        return await self._http.request(method, f"http://127.0.0.1:{self._port}{path}", headers=headers, **more)


def main() -> None:
    """Fork a replica for every line of standard input, and print its process id."""
    import services.cases.app  # noqa: F401  read once, for all that are forked
    from huiying.serve import serve

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the dead
    # what has been read stays as it is: the forked need not look through it, nor copy it by looking
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ.update(order["environment"])
            serve("cases")
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
