"""One supervised process: started, watched, restarted with back-off, its output handed on line by line."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from kit.embedded import die_with_parent

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
#: seconds of life after which a process counts as healthy and its back-off starts anew
_HEALTHY: Final = 60.0

#: Says whether the process has got ready.
Ready = Callable[[int], Awaitable[bool]]
#: Takes a line of output.
Say = Callable[[str, str], None]


class Process:
    """A child process that is kept running.

    `standard_input` is written to each new child, which is how secrets reach it without showing in a process list.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        ready: Ready,
        say: Say,
        *,
        standard_input: bytes | None = None,
    ) -> None:
        self.name, self.command, self.environment = name, command, dict(environment)
        self._ready, self._say, self._input = ready, say, standard_input
        self._child: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False
        self.restarts = 0
        self.last_lines: deque[str] = deque(maxlen=15)

    @property
    def pid(self) -> int | None:
        """Process id of the running child, None between two of them."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def start(self, seconds: float) -> bool:
        """Start the child and wait until it is ready; False where it ends, or is not ready within `seconds`."""
        await self._spawn()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stopping:
            pid = self.pid
            if pid is None:
                await self._last_words()
                return False
            if await self._ready(pid):
                self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.name}")
                return True
            await asyncio.sleep(0.05)
        return False

    async def stop(self, seconds: float) -> bool:
        """End the child with SIGTERM, after `seconds` with SIGKILL; True where it ended by itself."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        child = self._child
        if child is None or child.returncode is not None:
            return True
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), seconds)
        except TimeoutError:
            self.kill()
            await child.wait()
            return False
        finally:
            await self._last_words()
        return True

    def kill(self) -> None:
        """End the child at once."""
        self._stopping = True
        if self._child is not None and self._child.returncode is None:
            with suppress(ProcessLookupError):
                self._child.kill()

    async def _last_words(self) -> None:
        """Hand on what the ended child still has in its pipe; a grandchild that keeps it open is not waited for."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reader), 0.5)

    async def _spawn(self) -> None:
        self._child = await asyncio.create_subprocess_exec(
            *self.command,
            env={**os.environ, **self.environment},
            stdin=asyncio.subprocess.PIPE if self._input is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=2**20,
            start_new_session=True,  # a Ctrl-C at the terminal reaches the supervisor alone, which stops in order
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        if self._input is not None and self._child.stdin is not None:
            self._child.stdin.write(self._input)
            with suppress(ConnectionError):
                await self._child.stdin.drain()
            self._child.stdin.close()
        assert self._child.stdout is not None
        self._reader = asyncio.create_task(self._read(self._child.stdout), name=f"read {self.name}")

    async def _read(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                line = b"(a line of more than 1 MiB was left out)\n"
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self.last_lines.append(text)
            self._say(self.name, text)

    async def _keep(self) -> None:
        """Start the child again whenever it ends."""
        pause = _FIRST_PAUSE
        while True:
            assert self._child is not None
            began = time.monotonic()
            status = await self._child.wait()
            await self._last_words()
            if time.monotonic() - began > _HEALTHY:
                pause = _FIRST_PAUSE
            why = signal.Signals(-status).name if status < 0 else f"status {status}"
            self._say(self.name, f"ended ({why}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
            self.restarts += 1
            await self._spawn()
