"""Waiting for what a benchmark has started, and ending it."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

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
