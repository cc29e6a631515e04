"""Structured logs with request and message ids, the same in every service."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, get_contextvars, merge_contextvars, reset_contextvars

__all__ = ["bind_contextvars", "configure", "request_id", "reset_contextvars"]


def configure(service: str, *, fmt: str = "console", level: str = "info") -> None:
    """Send structlog's and the standard library's records to standard error in one form, "console" or "json"."""
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if fmt == "json" else _pass,
    ]
    if fmt == "json":
        renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
        shared.insert(0, _naming(service))
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            pad_level=False,
            # frames without their local variables: those may hold what people wrote
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "aiosqlite", "alembic.runtime.plugins", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def request_id() -> str | None:
    """Return the id of the request or message being handled, if any."""
    value = get_contextvars().get("request_id")
    return value if isinstance(value, str) else None


def _naming(service: str) -> Any:
    def add(_logger: Any, _method: str, record: dict[str, Any]) -> Mapping[str, Any]:
        record["service"] = service
        return record

    return add


def _pass(_logger: Any, _method: str, record: dict[str, Any]) -> Mapping[str, Any]:
    return record
