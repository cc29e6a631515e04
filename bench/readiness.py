"""Waiting for what a benchmark has started, and ending it."""

from __future__ import annotations

import subprocess
import time

import httpx


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
