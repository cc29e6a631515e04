"""Cursor lists: pages by key, stable while rows are added."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from kit.problems import Problem

R = TypeVar("R")
T = TypeVar("T")

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
_GREATEST: Final = 2**63 - 1


class Page(BaseModel, Generic[T]):
    """One page of a list. `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asked for: how many, and after which key (the values that :func:`encode_cursor` was given)."""

    limit: int
    after: list[Any] | None

    def after_times(self, *positions: int) -> list[Any] | None:
        """Return `after` with the values at `positions` read back as instants; 400 where they are none."""
        if self.after is None:
            return None
        return [_instant(value) if i in positions else value for i, value in enumerate(self.after)]


def encode_cursor(*values: Any) -> str:
    """Return an opaque cursor of sort-key values (strings, numbers, null, instants)."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """Return the values of a cursor; a 400 problem where it is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise bad_cursor() from None
    if not isinstance(values, list) or not all(map(_is_key, values)):
        raise bad_cursor()
    return values


def _is_key(value: Any) -> bool:
    """Tell whether a value is one that a database can compare: our cursors have no others."""
    match value:
        case str():
            return "\x00" not in value
        case float():
            return math.isfinite(value)
        case int():
            return -_GREATEST <= value <= _GREATEST
        case _:
            return value is None


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise bad_cursor()
        return at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise bad_cursor() from None


def page_of(rows: list[R], request: PageRequest, key: Callable[[R], Sequence[Any]], show: Callable[[R], T]) -> Page[T]:
    """Build a page of up to ``request.limit`` rows out of one row more than that.

    `key(row)` gives the tuple of sort-key values of a row, `show(row)` the item shown.
    """
    kept = rows[: request.limit]
    more = len(rows) > request.limit
    return Page(items=[show(row) for row in kept], next_cursor=encode_cursor(*key(kept[-1])) if more else None)


def _page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items a page")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before")] = None,
) -> PageRequest:
    return PageRequest(limit=limit, after=decode_cursor(cursor) if cursor else None)


def bad_cursor() -> Problem:
    """Return the problem of a cursor that the list at hand, in its order, did not give."""
    return Problem(400, "bad-cursor", zh="cursor 参数无效", en="The cursor is not one that this list gave")


#: Dependency of list routes.
PageParams = Annotated[PageRequest, Depends(_page_request)]
