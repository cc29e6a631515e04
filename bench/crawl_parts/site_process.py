"""The site as a process of its own, told apart from the crawlers' processor time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.crawl_parts.site import host
from bench.readiness import end
from kit.embedded import die_with_parent


def free_site_port() -> int:
    """Return a port of those that the service fetches from (8000 to 8999) that is free on every address."""
    for port in range(8100, 9000):
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    raise SystemExit("no port from 8100 to 8999 is free")


class SiteProcess:
    """The running site of `hosts` hosts with `pages` articles in all."""

    def __init__(self, folder: Path, hosts: int, pages: int) -> None:
        self.hosts, self.port = hosts, free_site_port()
        options = ("--folder", str(folder), "--port", str(self.port), "--hosts", str(hosts), "--pages", str(pages))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crawl_parts.site", *options],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            text=True,
            preexec_fn=die_with_parent,
        )
        if self._line() != "ready":
            raise SystemExit("the site did not start")

    def lists(self) -> list[str]:
        """Return the addresses of the hosts' lists."""
        return [f"http://{host(number)}:{self.port}/news/" for number in range(self.hosts)]

    def counts(self) -> dict[str, Any]:
        """Return what was asked for since the last time, with the instants of the first and the last request."""
        self._process.send_signal(signal.SIGUSR1)
        counts: dict[str, Any] = json.loads(self._line())
        return counts

    def close(self) -> None:
        """End it."""
        end(self._process)  # type: ignore[arg-type]
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
