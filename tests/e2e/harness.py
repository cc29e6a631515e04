"""The real system as a test sees it: started from the command line, spoken to through the gateway only."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import redis

from contracts import streams
from kit.embedded import free_port

#: Parts that a test may kill, in the order in which they start.
PARTS = ("redis", "cases", "analysis", "analysis-worker", "ingest", "notify", "gateway")
#: What a part consumes: streams and group.
CONSUMERS = {
    "analysis-worker": ([streams.POSTS_COLLECTED], "analysis-worker"),
    "analysis": ([streams.analyzed(part) for part in range(streams.ANALYZED_PARTITIONS)], "analysis-tracker"),
    "cases": ([streams.EVENTS_UPDATED], "cases"),
    "notify": ([streams.NOTIFICATIONS_REQUESTED, streams.ALERTS_RAISED, streams.CASES_CHANGED], "notify"),
}
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, tests").decode()
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, seconds: float = 120) -> T:
    """Return the first answer of `look` that is something; fails with `what` where there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}; last seen: {found!r}")
        time.sleep(0.1)


def command(*arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """Return a `huiying` command and an environment in which nothing but `environment` configures it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYING_")}
    return [sys.executable, "-m", "huiying", *arguments], {**kept, "NO_COLOR": "1", **environment}


class System:
    """`huiying up` on a free port and a data folder of its own.

    Its parts read the time from one file beside the machine's clock, so that :meth:`forward` moves them all.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / "output.txt"
        self._shift = folder / "clock-shift"
        self._environment = {
            "HUIYING_DATA": str(self.data),
            "HUIYING_PORT": str(self.port),
            "HUIYING_WEBHOOK_ALLOW_HOSTS": "127.0.0.1",
            "HUIYING_HEARTBEAT_SECONDS": "0.5",
            "HUIYING_FOLD_WAIT": "3",
            "HUIYING_CLOCK_FILE": str(self._shift),
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []
        self._listeners: list[Listener] = []

    def start(self, seconds: float = 240) -> None:
        """Start it and wait until it says that it is ready."""
        before = self.output.stat().st_size if self.output.exists() else 0
        words, environment = command("up", **self._environment)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(words, env=environment, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + seconds
        while "is ready" not in self.said()[before:]:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.said()[-4000:]}"
            assert time.monotonic() < deadline, f"it did not get ready:\n{self.said()[-4000:]}"
            time.sleep(0.1)

    def now(self) -> datetime:
        """Return what the system takes for the present, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._shifted())

    def forward(self, by: timedelta) -> None:
        """Let time pass for every part at once; access tokens grow old with it."""
        fresh = self._shift.with_suffix(".new")
        fresh.write_text(str(self._shifted() + by.total_seconds()))
        fresh.replace(self._shift)

    def _shifted(self) -> float:
        return float(self._shift.read_text()) if self._shift.exists() else 0.0

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """End it; returns its exit code and the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(30), time.monotonic() - began

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `huiying` command against this system."""
        words, environment = command(*arguments, **self._environment)
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120)

    def said(self) -> str:
        """Return everything that it printed."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def pids(self) -> dict[str, int | None]:
        """Return the process id of every part, None while it is being restarted."""
        status: dict[str, dict[str, int | None]] = json.loads((self.data / "run" / "pids.json").read_text())
        return status["parts"]

    def ready(self) -> bool:
        """Tell whether every part answers."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def catch_working(self, part: str, seconds: float = 5) -> bool:
        """Wait until `part` has messages in hand that it has not acknowledged; False where none were seen in time."""
        if part not in CONSUMERS:
            return False
        consumed, group = CONSUMERS[part]
        deadline = time.monotonic() + seconds
        with redis.Redis.from_url(json.loads((self.data / "run" / "pids.json").read_text())["redis_url"]) as bus:
            while time.monotonic() < deadline:
                if any(bus.xpending(stream, group)["pending"] for stream in consumed):
                    return True
        return False

    def kill(self, *parts: str) -> None:
        """Kill parts as a crash would, and wait until they are back and everything is ready."""
        before = self.pids()
        assert all(before[part] for part in parts), before
        for part in parts:
            os.kill(before[part] or 0, signal.SIGKILL)
        eventually(lambda: self._back(before, parts), f"new processes of {', '.join(parts)}", 180)
        eventually(self.ready, f"readiness after the death of {', '.join(parts)}", 180)

    def _back(self, before: dict[str, int | None], parts: tuple[str, ...]) -> bool:
        now = self.pids()
        return all(now[part] not in (None, before[part]) for part in parts)

    def login(self, username: str = "admin", password: str | None = None) -> Client:
        """Log in; the administrator's password is the one in the data folder."""
        password = password or (self.data / "admin-password").read_text(encoding="utf-8").strip()
        answer = httpx.post(
            f"{self.url}/api/v1/auth/token", data={"username": username, "password": password}, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        return self.client(answer.json()["access_token"])

    def client(self, token: str) -> Client:
        """Return a client that bears `token`."""
        self._clients.append(Client(self.url, token))
        return self._clients[-1]

    def listen(self, client: Client) -> Listener:
        """Listen to the live stream as `client`; returns when the stream is open."""
        self._listeners.append(Listener(client))
        assert self._listeners[-1].listening.wait(15), "the live stream did not open"
        return self._listeners[-1]

    def close(self) -> None:
        """Hang up, and end the system where it still runs."""
        for listener in self._listeners:
            listener.stop()
        for client in self._clients:
            client.http.close()
        if self.process is not None and self.process.poll() is None:
            self.stop()


class Client:
    """A user of the API. Keeps every answer's text, so that a test can look for what must never be in one."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        )
        self.heard: list[str] = []

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what a GET answers; fails where it is no success."""
        return self._said(self.http.get(path, params=parameters))

    def post(self, path: str, body: Any = None) -> Any:
        """Return what a POST answers; fails where it is no success."""
        return self._said(self.http.post(path, json=body))

    def items(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, page by page."""
        cursor = None
        while True:
            page = self.get(path, limit=200, **parameters, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _said(self, answer: httpx.Response) -> Any:
        self.heard.append(answer.text)
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class Listener:
    """Listens to the live stream in a thread, and resumes where it was cut off."""

    def __init__(self, client: Client) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.raw: list[str] = []
        self._client, self._ended = client, threading.Event()
        self.listening = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def names(self) -> list[str]:
        """Return the names of the events so far."""
        return [name for name, _ in self.events]

    def stop(self) -> None:
        """Stop listening; a heartbeat or the next event lets the thread go."""
        self._ended.set()
        self._thread.join(15)

    def _listen(self) -> None:
        last, name = "", ""
        while not self._ended.is_set():
            headers = {"Last-Event-ID": last} if last else {}
            try:
                with self._client.http.stream("GET", "/api/v1/stream", headers=headers) as answer:
                    for line in answer.iter_lines():
                        self.listening.set()
                        self.raw.append(line)
                        field, _, value = line.partition(": ")
                        if field == "id":
                            last = value
                        elif field == "event":
                            name = value
                        elif field == "data":
                            self.events.append((name, json.loads(value)))
                        if self._ended.is_set():
                            return
            except httpx.HTTPError:
                time.sleep(0.2)


class Receiver:
    """Takes in signed webhooks, and remembers each by its `webhook-id`."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, dict[str, Any]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.letters.append((self.headers["webhook-id"], json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        """Stop taking in."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ids(self) -> set[str]:
        """Return the ids of the letters received; one sent again after a crash carries the same id."""
        return {id_ for id_, _ in self.letters}


def post(number: int, text: str, **fields: Any) -> dict[str, Any]:
    """Return a post at an address of its own."""
    return {"url": f"https://example.com/{hashlib.md5(text.encode()).hexdigest()[:8]}/{number}", "text": text, **fields}
