"""Waiting for what a benchmark has started, and ending it."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from kit.embedded import free_port, start_valkey, wait_for_valkey


def wait_ready(base: str, process: subprocess.Popen[bytes], what: str = "the system", seconds: float = 90) -> None:
    """Wait until /readyz at `base` says yes; ends the program with one line where `process` ends or time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{base}/readyz", timeout=3, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    status = process.poll()
    why = f"within {seconds:.0f} s" if status is None else f"and ended with status {status}"
    raise SystemExit(f"{what} did not get ready {why}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End `process`, by force where it takes longer than 15 seconds."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def served(
    part: str, database_url: str, redis_url: str, folder: Path, internal_key: str, port: int = 0
) -> Iterator[tuple[str, psutil.Process]]:
    """Serve a part by itself (port 0: a free one); gives its address and its process."""
    port = port or free_port()
    base = f"http://127.0.0.1:{port}"
    environment = {
        "HUIYING_PUBLIC_URL": base,
        **os.environ,
        "HUIYING_DATA": str(folder),
        "HUIYING_DATABASE_URL": database_url,
        "HUIYING_REDIS_URL": redis_url,
        "HUIYING_INTERNAL_KEY": internal_key,
        "HUIYING_LOG_LEVEL": "warning",
        "HUIYING_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "huiying", "serve", part], env=environment)
    try:
        wait_ready(base, process, "the service")
        yield base, psutil.Process(process.pid)
    finally:
        end(process)


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
