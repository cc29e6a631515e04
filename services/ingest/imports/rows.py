"""From the cells of a row to a post in the words of the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog

from services.ingest.imports.columns import COUNTERS
from services.ingest.imports.reasons import Reason
from services.ingest.imports.values import address_of, channel_of, counter_of, instant_of, is_nothing, text_of

_log = structlog.get_logger(__name__)
EMPTY = Reason("正文为空", "the text is empty")


def post_of(cells: Mapping[str, Any], defaults: Mapping[str, str]) -> tuple[dict[str, Any] | None, Reason | None]:
    """Return the post that cells by field make, or why they make none; whatever is in them, it costs this row alone.

    `defaults` are the source and the channel of rows that name none. A title without a text is the text too, as with
    videos. A counter that is no number is left out. What is not understood of a time, a channel or an address goes as
    it stands and is judged by intake.
    """
    try:
        return _post_of(cells, defaults)
    except Exception as error:
        return None, unexpected(error)


def unexpected(error: Exception) -> Reason:
    """Return the reason for a row whose values nothing was prepared for."""
    _log.warning("row.unexpected", error=type(error).__name__, exc_info=True)
    return Reason(f"该行无法读取：{type(error).__name__}", f"the row cannot be read: {type(error).__name__}")


def _post_of(cells: Mapping[str, Any], defaults: Mapping[str, str]) -> tuple[dict[str, Any] | None, Reason | None]:
    post: dict[str, Any] = {}
    counters: dict[str, int] = {}
    for field, cell in cells.items():
        if is_nothing(cell):
            continue
        if field in COUNTERS:
            # a figure that cannot be read costs the figure alone
            if (count := counter_of(cell)) is not None:
                counters[field] = count
        else:
            post[field] = _value(field, cell)
    if not str(post.get("text", "")).strip():
        if not str(post.get("title", "")).strip():
            return None, EMPTY
        post["text"] = post["title"]
    if counters:
        post["metrics"] = counters
    for field, value in defaults.items():
        post.setdefault(field, value)
    return post, None


def _value(field: str, cell: Any) -> Any:
    match field:
        case "published_at":
            return instant_of(cell)
        case "channel":
            return channel_of(cell)
        case "url" | "repost_of":
            return address_of(cell)
        case _:
            return json.dumps(cell, ensure_ascii=False) if isinstance(cell, (dict, list)) else text_of(cell)
