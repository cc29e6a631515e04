"""The people of the story as users of the public API; they have no other way in."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from huiying.errors import CommandError
from huiying.folder import write_private
from huiying.mock.people import ADMIN_PASSWORD, PASSWORD

T = TypeVar("T")


class StoryError(CommandError):
    """The story could not go on: what was asked for, and what the API said."""


class Shift:
    """How far the system's clock lies in the past (kit/clock.py), in a file that every part reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def hours_ago(self, hours: float) -> None:
        """Set the clock `hours` before the machine's."""
        write_private(self.path, repr(-hours * 3600.0))

    def now(self) -> datetime:
        """Return what the system takes for the present."""
        moved = float(self.path.read_text(encoding="ascii")) if self.path.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=moved)


class Login(httpx.Auth):
    """Bears an access token; when it is refused, renews it by the refresh token, or logs in anew."""

    requires_response_body = True

    def __init__(self, url: str, username: str) -> None:
        self._url, self._username = f"{url}/api/v1/auth/token", username
        self._password = ADMIN_PASSWORD if username == "admin" else PASSWORD
        self._access, self._refresh = "none", ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Send the request, and once more where the token had grown old."""
        request.headers["Authorization"] = f"Bearer {self._access}"
        answer = yield request
        if answer.status_code != 401:
            return
        for form in (
            {"grant_type": "refresh_token", "refresh_token": self._refresh},
            {"grant_type": "password", "username": self._username, "password": self._password},
        ):
            if form.get("refresh_token") == "":
                continue
            told = yield httpx.Request("POST", self._url, data=form)
            if told.status_code == 200:
                tokens = told.json()
                self._access, self._refresh = tokens["access_token"], tokens["refresh_token"]
                request.headers["Authorization"] = f"Bearer {self._access}"
                yield request
                return


class Officer:
    """One user. Every refusal ends the story, unless it is asked for."""

    def __init__(self, url: str, username: str) -> None:
        self.username = username
        self.http = httpx.Client(
            base_url=url,
            auth=Login(url, username),
            headers={"Accept-Language": "zh-CN"},
            timeout=60,
            trust_env=False,
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what a GET answers."""
        return self.call("GET", path, params=parameters)

    def post(self, path: str, body: Any = None) -> Any:
        """Return what a POST answers."""
        return self.call("POST", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """Return what a PATCH answers."""
        return self.call("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """Return what a PUT answers."""
        return self.call("PUT", path, json=body)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Return the answer of a request; a refusal raises :class:`StoryError`, a full door is waited for."""
        for _ in range(10):
            answer = self.http.request(method, path, **more)
            if answer.status_code not in (429, 503):
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        if not answer.is_success:
            raise StoryError(
                f"{self.username}: {method} {path}: {answer.status_code} {answer.text[:600]}",
                1,
            )
        return answer.json() if answer.content else None

    def items(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, page by page."""
        cursor: str | None = None
        while True:
            page = self.get(path, limit=200, **parameters, **({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return


class Desk:
    """Everybody, by key of :data:`huiying.mock.people.CAST`; `admin` too."""

    def __init__(self, url: str, shift: Shift) -> None:
        self.url, self.shift = url, shift
        self._seated: dict[str, Officer] = {}

    def __getitem__(self, key: str) -> Officer:
        """Return somebody at their desk."""
        if key not in self._seated:
            self._seated[key] = Officer(self.url, key)
        return self._seated[key]

    def now(self) -> datetime:
        """Return what the system takes for the present."""
        return self.shift.now()

    def close(self) -> None:
        """Hang up."""
        for officer in self._seated.values():
            officer.http.close()


def eventually(look: Callable[[], T | None], what: str, seconds: float = 240) -> T:
    """Return the first answer of `look` that is something; raises :class:`StoryError` where none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise StoryError(f"waited in vain for {what}", 1)
        time.sleep(0.4)
