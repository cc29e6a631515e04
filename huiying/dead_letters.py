"""``huiying dead-letters``: what consumers gave up on, and giving it back to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

from contracts.streams import GROUPS, dead_letters
from huiying.client import data_folder
from huiying.errors import CommandError


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was put aside."""

    stream: str
    entry: str
    group: str
    deliveries: int
    error: str
    message: dict[str, Any] | None


def connect() -> redis.Redis:
    """Return a client of HUIYING_REDIS_URL's server, else of the one that a running `huiying up` has started."""
    url = os.environ.get("HUIYING_REDIS_URL")
    if not url:
        try:
            url = json.loads((data_folder() / "run" / "pids.json").read_text(encoding="utf-8"))["redis_url"]
        except (OSError, ValueError, KeyError):
            raise CommandError("系统未在运行 / nothing runs here; set HUIYING_REDIS_URL", 1) from None
    client = redis.Redis.from_url(url)
    try:
        client.ping()
    except redis.RedisError as error:
        raise CommandError(f"总线连接不上 / cannot reach the bus: {error}", 1) from None
    return client


def listed(client: redis.Redis) -> Iterator[DeadLetter]:
    """Yield what lies aside, oldest first, stream by stream."""
    for stream in GROUPS:
        rows: Any = client.xrange(dead_letters(stream))
        for entry, fields in rows:
            raw = fields.get(b"m", b"")
            try:
                message = json.loads(raw)
            except ValueError:
                message = None
            yield DeadLetter(
                stream=stream,
                entry=entry.decode(),
                group=fields.get(b"group", b"").decode(),
                deliveries=int(fields.get(b"deliveries", b"0")),
                error=fields.get(b"error", b"").decode("utf-8", "replace"),
                message=message if isinstance(message, dict) else None,
            )


def retry(client: redis.Redis) -> int:
    """Put every readable dead letter back on its stream; returns how many. Consumers know repeats by their ids."""
    count = 0
    for letter in list(listed(client)):
        if letter.message is None:
            continue
        pipeline = client.pipeline(transaction=True)
        pipeline.xadd(letter.stream, {b"m": json.dumps(letter.message, ensure_ascii=False).encode()})
        pipeline.xdel(dead_letters(letter.stream), letter.entry)
        pipeline.execute()
        count += 1
    return count
