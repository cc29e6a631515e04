"""``Idempotency-Key``: the same key and body gives the same answer, however often it is sent.

While the first still runs, a second gets 409; another body under the same key gets 422. Answers of the server's own
failure (5xx) are not kept, so that trying again really tries again. Answers marked ``Cache-Control: no-store`` (secrets
that are shown once) are not kept either, but that they were given is: a second request gets 409 and changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import Message, Receive, Scope, Send

from gateway.answers import problem, respond
from gateway.bodies import CallerGone, TooLarge, again, drain, read_whole
from kit.auth import Principal

_log = structlog.get_logger(__name__)
_LARGEST: Final = 1_048_576
_KEPT_SECONDS: Final = 86_400
_RUNNING_SECONDS: Final = 120

Call = Callable[[Scope, Receive, Send], Awaitable[None]]


class Idempotency:
    """Remembers answers in Redis, by caller, path and key, for a day."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def run(self, key: str, principal: Principal, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
        """Answer from memory, or let `call` answer and remember what it said."""
        if not 1 <= len(key) <= 200:
            await problem(
                scope,
                send,
                400,
                "bad-idempotency-key",
                zh="Idempotency-Key 须为 1–200 个字符",
                en="An Idempotency-Key has 1 to 200 characters",
            )
            return
        try:
            body = await read_whole(receive, _LARGEST)
        except CallerGone:
            return
        except TooLarge:
            await drain(receive)
            await problem(
                scope,
                send,
                413,
                "too-large",
                zh="带 Idempotency-Key 的请求不得超过 1 MiB",
                en="A request with an Idempotency-Key is at most 1 MiB",
            )
            return
        digest = hashlib.sha256(body + b"\0" + scope["query_string"]).hexdigest()
        name = "gateway:idempotency:" + hashlib.sha256(f"{principal.id}\0{scope['path']}\0{key}".encode()).hexdigest()
        try:
            first = await self._redis.set(
                name, json.dumps({"digest": digest, "running": True}), nx=True, ex=_RUNNING_SECONDS
            )
            kept = None if first else await self._redis.get(name)
        except (RedisError, OSError) as error:
            _log.warning("idempotency.away", error=str(error))
            await problem(
                scope,
                send,
                503,
                "idempotency-away",
                zh="暂时无法保证幂等，请稍后重试",
                en="Idempotency cannot be kept just now; try again",
                headers={"Retry-After": "2"},
            )
            return
        if kept is not None:
            await self._replay(json.loads(kept), digest, scope, send)
            return
        await self._record(name, digest, scope, again(body, receive), send, call)

    async def _replay(self, kept: dict[str, Any], digest: str, scope: Scope, send: Send) -> None:
        if kept["digest"] != digest:
            await problem(
                scope,
                send,
                422,
                "idempotency-key-reused",
                zh="该 Idempotency-Key 已用于另一请求内容",
                en="This Idempotency-Key was used with another body",
            )
        elif kept.get("secret"):
            await problem(
                scope,
                send,
                409,
                "answer-shown-once",
                zh="该请求已执行，其结果只显示一次",
                en="This request has been carried out; its answer was shown once and is not kept",
            )
        elif kept.get("running"):
            await problem(
                scope,
                send,
                409,
                "still-running",
                zh="同一请求仍在处理",
                en="The first request with this key is still running",
                headers={"Retry-After": "1"},
            )
        else:
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept["headers"]]
            headers.append((b"idempotent-replayed", b"true"))
            await respond(send, kept["status"], headers, base64.b64decode(kept["body"]))

    async def _record(self, name: str, digest: str, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
        status, headers, parts = 500, [], bytearray()

        async def hear(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message["headers"]
            elif message["type"] == "http.response.body" and len(parts) <= _LARGEST:
                parts.extend(message.get("body", b""))
            await send(message)

        try:
            await call(scope, receive, hear)
        finally:
            try:
                if status >= 500 or status in (401, 409, 429) or len(parts) > _LARGEST:
                    await self._redis.delete(name)
                elif any(key.lower() == b"cache-control" and b"no-store" in value for key, value in headers):
                    await self._redis.set(name, json.dumps({"digest": digest, "secret": True}), ex=_KEPT_SECONDS)
                else:
                    kept = {
                        "digest": digest,
                        "status": status,
                        "headers": [
                            (key.decode("latin-1"), value.decode("latin-1"))
                            for key, value in headers
                            if key.lower() in (b"content-type", b"location", b"etag", b"content-language")
                        ],
                        "body": base64.b64encode(bytes(parts)).decode(),
                    }
                    await self._redis.set(name, json.dumps(kept), ex=_KEPT_SECONDS)
            except (RedisError, OSError) as error:
                _log.warning("idempotency.not_kept", error=str(error))
