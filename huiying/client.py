"""The command line as a caller of the API, like any other."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

from huiying.errors import CommandError


def base_url(given: str | None = None) -> str:
    """Return the address of the gateway: the one given, else HUIYING_URL, else this machine's."""
    return (
        given or os.environ.get("HUIYING_URL") or f"http://127.0.0.1:{os.environ.get('HUIYING_PORT', '8000')}"
    ).rstrip("/")


def data_folder() -> Path:
    """Return the data folder (HUIYING_DATA, else ./data)."""
    return Path(os.environ.get("HUIYING_DATA", "data"))


def access_token(base: str) -> str:
    """Log in and return an access token.

    The name is HUIYING_USERNAME (default the administrator's), the password HUIYING_PASSWORD, else
    HUIYING_ADMIN_PASSWORD, else what the data folder's ``admin-password`` holds.
    """
    name = os.environ.get("HUIYING_USERNAME") or os.environ.get("HUIYING_ADMIN_NAME") or "admin"
    password = os.environ.get("HUIYING_PASSWORD") or os.environ.get("HUIYING_ADMIN_PASSWORD")
    if not password:
        path = data_folder() / "admin-password"
        try:
            password = path.read_text(encoding="utf-8").strip()
        except OSError:
            raise CommandError(
                f"没有口令：请设置 HUIYING_PASSWORD / no password: set HUIYING_PASSWORD ({path} is missing)"
            ) from None
    try:
        answer = httpx.post(
            f"{base}/api/v1/auth/token",
            data={"grant_type": "password", "username": name, "password": password},
            timeout=15,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise CommandError(f"连接不上 / cannot reach {base}: {error}. Is `make run` running?", 1) from None
    if answer.status_code != 200:
        raise CommandError(f"登录失败 / login failed: {detail(answer)}", 1)
    return str(answer.json()["access_token"])


def credentials(base: str) -> dict[str, str]:
    """Return the header that identifies the caller: HUIYING_API_KEY where set, else a fresh access token."""
    key = os.environ.get("HUIYING_API_KEY")
    return {"X-API-Key": key} if key else {"Authorization": f"Bearer {access_token(base)}"}


def detail(answer: httpx.Response) -> str:
    """Return what a problem document says, in one line."""
    try:
        body = answer.json()
        return f"{answer.status_code} {body.get('title', '')}: {body.get('detail', '')}"
    except ValueError:
        return f"{answer.status_code} {answer.text[:200]}"
