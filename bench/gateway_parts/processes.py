"""The processes of a comparison: Redis, the upstream, the gateway as operators start it, nginx, the bare proxy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil

from kit import embedded

PASSWORD: Final = "the-word-of-the-benchmark"
_KEY: Final = "a-key-of-the-benchmark-0123456789abcdef"
_HERE: Final = Path(__file__).resolve().parents[2]


@contextmanager
def running(
    command: list[str], log: Path, port: int | None, path: str = "/livez", **environment: str
) -> Iterator[psutil.Process]:
    """Run a process until the block ends; with `port`, from when something answers there."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("HUIYING_")}
    with log.open("ab") as out:
        started = subprocess.Popen(command, env=inherited | environment, cwd=_HERE, stdout=out, stderr=out)
    try:
        if port is not None:
            _wait(f"http://127.0.0.1:{port}{path}", started, log)
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def redis_server(folder: Path, port: int) -> Iterator[str]:
    """Run a Redis-compatible server; gives its URL."""
    folder.mkdir(exist_ok=True)
    process = embedded.start_valkey(folder, port, PASSWORD)
    try:
        embedded.wait_for_valkey(process, port, PASSWORD)
        yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def uvicorn_command(app: str, port: int) -> list[str]:
    """Return the command that serves an ASGI app of this folder."""
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "error"]
    return [sys.executable, "-m", "uvicorn", app, *options, "--timeout-keep-alive", "75"]


@contextmanager
def gateway(folder: Path, port: int, redis_url: str, upstream: str, **settings: str) -> Iterator[psutil.Process]:
    """Run `huiying serve gateway` with login, limits and the log on; the log goes to a file."""
    data = folder / "gateway"
    data.mkdir(exist_ok=True)
    values = {
        "HUIYING_DATA": str(data),
        "HUIYING_PORT": str(port),
        "HUIYING_REDIS_URL": redis_url,
        "HUIYING_INTERNAL_KEY": _KEY,
        "HUIYING_TOKEN_KEY": _KEY,
        "HUIYING_ADMIN_PASSWORD": PASSWORD,
        "HUIYING_LOG_FORMAT": "json",
        **{f"HUIYING_{name}_URL": upstream for name in ("INGEST", "ANALYSIS", "CASES", "NOTIFY")},
        **settings,
    }
    command = [sys.executable, "-m", "huiying", "serve", "gateway"]
    with running(command, folder / "gateway.log", port, **values) as process:
        yield process


@contextmanager
def nginx(folder: Path, port: int, upstream: str) -> Iterator[psutil.Process | None]:
    """Run nginx with one worker as a plain reverse proxy; None where the machine has none."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        yield None
        return
    config = folder / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"worker_processes 1; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        "events { worker_connections 2048; }\n"
        f"http {{ access_log off; {temporary}\n"
        f"upstream behind {{ server {upstream.removeprefix('http://')}; keepalive 256; keepalive_requests 1000000; }}\n"
        f"server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000;\n"
        'location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; } } }\n'
    )
    with running([binary, "-c", str(config), "-p", str(folder)], folder / "nginx.out", port) as process:
        yield process


def log_in(base: str) -> str:
    """Return an access token of the administrator."""
    form = {"grant_type": "password", "username": "admin", "password": PASSWORD}
    answer = httpx.post(f"{base}/api/v1/auth/token", data=form, trust_env=False, verify=False, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _wait(url: str, started: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(url, trust_env=False, verify=False, timeout=2).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        if started.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{' '.join(started.args)} did not start:\n{log.read_text()}")  # type: ignore[arg-type]
        time.sleep(0.2)
