"""Entity tags: nobody overwrites what they have not seen."""

from __future__ import annotations

from fastapi import Request

from kit.problems import Problem


def etag(version: int | str) -> str:
    """Return the strong entity tag of a resource's version."""
    return f'"{version}"'


def check_if_match(request: Request, version: int | str) -> None:
    """Answer 412 where the caller's If-Match names another version than the one stored."""
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    if etag(version) not in [tag.strip().removeprefix("W/") for tag in wanted.split(",")]:
        raise Problem(
            412,
            "stale",
            zh="内容已被他人修改，请刷新后再试",
            en="The resource has changed since you read it; read it again",
            current=etag(version),
        )
