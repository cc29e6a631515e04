"""One supervised process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from huiying.process import Process

Lines = list[tuple[str, str]]


async def at_once(_pid: int) -> bool:
    return True


async def never(_pid: int) -> bool:
    return False


def child(program: str, lines: Lines, *, ready: object = at_once, standard_input: bytes | None = None) -> Process:
    def say(name: str, line: str) -> None:
        lines.append((name, line))

    return Process("part", [sys.executable, "-c", program], {"COLOUR": "蓝"}, ready, say, standard_input=standard_input)  # type: ignore[arg-type]


async def until(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)


SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


async def test_a_child_that_dies_is_started_again() -> None:
    lines: Lines = []
    process = child(SLEEPER, lines)
    assert await process.start(10)
    await until(lambda: ("part", "up") in lines)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: process.restarts == 1 and process.pid not in (None, first))
    await until(lambda: lines.count(("part", "up")) == 2)
    assert ("part", "ended (SIGKILL); starting it again in 0.5 s") in lines
    assert await process.stop(5)
    assert process.pid is None
    assert not psutil.pid_exists(first)


async def test_each_early_death_doubles_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huiying.process._FIRST_PAUSE", 0.1)
    lines: Lines = []
    process = child("raise SystemExit(3)", lines)
    process._ready = at_once
    await process.start(10)
    await until(lambda: process.restarts >= 3)
    await process.stop(5)
    told = [line for _, line in lines if line.startswith("ended")]
    assert told[:3] == [f"ended (status 3); starting it again in {pause} s" for pause in ("0.1", "0.2", "0.4")]


async def test_a_child_that_ends_while_starting_is_not_ready_and_its_last_words_are_kept() -> None:
    lines: Lines = []
    process = child("print('the disk is full'); raise SystemExit(1)", lines, ready=never)
    assert not await process.start(10)
    assert list(process.last_lines) == ["the disk is full"]


async def test_a_child_that_is_never_ready_is_given_up_after_its_time() -> None:
    process = child(SLEEPER, [], ready=never)
    began = time.monotonic()
    assert not await process.start(0.5)
    assert time.monotonic() - began < 30
    await process.stop(5)


async def test_a_child_that_ignores_sigterm_is_killed_after_its_share() -> None:
    lines: Lines = []
    process = child(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
        lines,
    )
    assert await process.start(10)
    await until(lambda: ("part", "up") in lines)
    began = time.monotonic()
    assert not await process.stop(0.5)
    assert time.monotonic() - began < 30
    assert process.pid is None


async def test_what_is_said_at_the_end_is_not_lost() -> None:
    lines: Lines = []
    process = child(
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    print('\\n'.join(f'line {i}' for i in range(2000)), flush=True)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n",
        lines,
    )
    assert await process.start(10)
    await until(lambda: ("part", "up") in lines)
    assert await process.stop(5)
    assert [line for _, line in lines[1:]] == [f"line {i}" for i in range(2000)]


async def test_standard_input_and_environment_reach_every_new_child() -> None:
    lines: Lines = []
    process = child(
        "import os, sys; print(os.environ['COLOUR'], sys.stdin.read(), flush=True)", lines, standard_input=b"secret"
    )
    await process.start(10)
    await until(lambda: lines.count(("part", "蓝 secret")) == 2)
    await process.stop(5)


async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from huiying.process import Process\n"
        "async def ready(_): return True\n"
        "async def run():\n"
        "    process = Process('p', [sys.executable, '-c', 'import time; time.sleep(60)'], {}, ready, print)\n"
        "    await process.start(5)\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    supervisor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert supervisor.stdout is not None
    pid = int(await supervisor.stdout.readline())
    assert psutil.pid_exists(pid)
    supervisor.kill()
    await supervisor.wait()
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
