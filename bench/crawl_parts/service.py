"""The ingest service as it runs: a process with its database, and a Redis."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx

from bench.readiness import end, wait_ready
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.embedded import die_with_parent, free_port, start_valkey, wait_for_valkey

SERVE: Final = ("-m", "huiying", "serve", "ingest")
_CALLER: Final = Principal("bench", "bench", frozenset({Role.OFFICE}))


class Replica:
    """One process of the service and how to talk to it."""

    def __init__(
        self, name: str, port: int, key: str, log: Path, environment: Mapping[str, str], program: Sequence[str]
    ) -> None:
        self.name, self.log = name, log
        self.base = f"http://127.0.0.1:{port}"
        self._signer = ContextSigner(key)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                env={**os.environ, **environment, "HUIYING_PORT": str(port), "HUIYING_HOST": "127.0.0.1"},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )

    def wait_ready(self, seconds: float = 120) -> None:
        """Wait until it is ready; ends the program with its last words where it is not."""
        try:
            wait_ready(self.base, self.process, self.name, seconds)
        except SystemExit as error:
            raise SystemExit(f"{error}:\n{self.said()}") from None

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, timeout=30, trust_env=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API as an officer; returns the answer's JSON. Raises httpx.HTTPError."""
        answer = self._http.request(method, path, json=body, headers={CONTEXT_HEADER: self._signer.sign(_CALLER)})
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def said(self) -> str:
        """Return the end of what it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def end(self) -> None:
        """End it, by force if need be."""
        if "_http" in self.__dict__:
            self._http.close()
        end(self.process)


class Deployment:
    """A Redis, the keys and the folder that replicas share. `database_url` as the services take it; empty: SQLite."""

    def __init__(self, folder: Path, database_url: str = "") -> None:
        self.folder, self.database_url = folder, database_url
        self._key, self._author_key = secrets.token_hex(32), secrets.token_hex(32)
        port, password = free_port(), secrets.token_hex(16)
        # as `huiying up` has it
        self.valkey = start_valkey(folder / "redis", port, password, fsync="always")
        wait_for_valkey(self.valkey, port, password)
        self.redis_url = f"redis://:{password}@127.0.0.1:{port}/0"

    def replica(self, name: str, *, program: Sequence[str] = SERVE, **settings: object) -> Replica:
        """Start a replica with the settings given besides, by their names; it is not ready yet."""
        environment = {
            "HUIYING_DATA": str(self.folder),
            "HUIYING_DATABASE_URL": self.database_url,
            "HUIYING_REDIS_URL": self.redis_url,
            "HUIYING_INTERNAL_KEY": self._key,
            "HUIYING_AUTHOR_KEY": self._author_key,
            "HUIYING_REPLICA": name,
            "HUIYING_LOG_LEVEL": "warning",
            "HUIYING_ALLOWED_HOSTS": "127.0.0.0/8",
            **{f"HUIYING_{key.upper()}": str(value) for key, value in settings.items()},
        }
        return Replica(name, free_port(), self._key, self.folder / f"{name}.log", environment, program)

    def close(self) -> None:
        """End the Redis."""
        end(self.valkey)
