"""A gateway as `huiying serve gateway` starts it, in a process of its own, and sockets that speak to it raw."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from kit.testing import INTERNAL_KEY
from tests.integration.gateway.harness import ADMIN_PASSWORD, TOKEN_KEY


@dataclass
class GatewayProcess:
    """A gateway that runs."""

    port: int
    process: psutil.Process

    @property
    def base(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def bearer(self) -> dict[str, str]:
        """Log in as the administrator; returns the header that says so."""
        form = {"grant_type": "password", "username": "admin", "password": ADMIN_PASSWORD}
        answer = httpx.post(f"{self.base}/api/v1/auth/token", data=form, trust_env=False, verify=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """Open a connection from `source`, one of this machine's own addresses."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))

    def said_to(self, sent: bytes) -> bytes:
        """Send bytes over a connection of their own and return all that comes until it is closed, or rests a second."""
        with self.connect() as opened:
            opened.sendall(sent)
            return heard(opened)

    def memory(self) -> int:
        """Return the bytes of memory that are its own now."""
        return int(self.process.memory_info().rss)


def heard(opened: socket.socket, rest: float = 1.0) -> bytes:
    """Return what comes until the other side closes; or until nothing came for `rest` seconds after something had."""
    parts: list[bytes] = []
    while True:
        try:
            part = opened.recv(65_536)
        except ConnectionResetError:
            break
        except TimeoutError:
            break
        if not part:
            break
        parts.append(part)
        opened.settimeout(rest)
    return b"".join(parts)


def is_open(base: str) -> bool:
    """Tell whether the gateway answers a caller who does nothing wrong."""
    return httpx.get(f"{base}/livez", trust_env=False, verify=False, timeout=30).status_code == 200


@contextmanager
def gateway_process(
    folder: Path, redis_url: str, port: int, upstream: str, **settings: object
) -> Iterator[GatewayProcess]:
    """Run a gateway before `upstream`; `settings` are its variables without their prefix."""
    values = {
        "DATA": folder,
        "HOST": "127.0.0.1",
        "PORT": port,
        "REDIS_URL": redis_url,
        "INTERNAL_KEY": INTERNAL_KEY,
        "TOKEN_KEY": TOKEN_KEY,
        "ADMIN_PASSWORD": ADMIN_PASSWORD,
        "LOG_FORMAT": "json",
        **{f"{name}_URL": upstream for name in ("INGEST", "ANALYSIS", "CASES", "NOTIFY")},
        **settings,
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HUIYING_")}
    environment |= {f"HUIYING_{name.upper()}": str(value) for name, value in values.items()}
    log = folder / "gateway.log"
    with log.open("wb") as out:
        started = subprocess.Popen([sys.executable, "-m", "huiying", "serve", "gateway"], env=environment, stderr=out)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                if is_open(f"http://127.0.0.1:{port}"):
                    break
            except httpx.HTTPError:
                pass
            assert started.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield GatewayProcess(port, psutil.Process(started.pid))
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
