"""Taking a delivery: proven, read, pushed, noted; a replay of it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request

from kit.ids import new_id
from kit.problems import Problem
from kit.runtime import Runtime
from kit.tables.unreadable import Unreadable
from services.ingest.hooks import store
from services.ingest.hooks.bodies import items_of
from services.ingest.hooks.keeping import SecretKeeper, SecretLost
from services.ingest.hooks.schemas import HookConfig, config_of
from services.ingest.hooks.signing import Refused, Signing, verify
from services.ingest.imports.reasons import Reason, reason_of, told
from services.ingest.schemas import Pushed, Rejected
from services.ingest.service import Ingest, Taken
from services.ingest.settings import IngestSettings

_log = structlog.get_logger(__name__)
_DELIVERIES = Counter("huiying_ingest_hook_deliveries", "Deliveries to hooks by what became of them", ["outcome"])
_BATCH: Final = 500
#: refused signatures of a hook are noted this often at most, so that strangers cannot keep the database busy
_NOTED: Final = timedelta(seconds=10)


class Deliveries:
    """Takes deliveries in. An accepted one is on disk before the answer is sent."""

    def __init__(self, runtime: Runtime, ingest: Ingest, settings: IngestSettings, keeper: SecretKeeper) -> None:
        self._runtime, self._ingest, self._keeper = runtime, ingest, keeper
        self._limit = settings.hook_bytes
        self._kept = timedelta(days=settings.record_days)

    async def take(self, id_: str, request: Request, *, chinese: bool) -> Pushed:
        """Take one delivery in.

        Raises 401 unless its signature is good, 404 and 410 for a hook that is none or switched off, 409 for a replay,
        413 for a body that is too large, 422 for one that cannot be read, 503 while too much waits to be analysed.
        """
        hook = await self._hook(id_)
        config = config_of(hook.config)
        body = await self._body(request)
        key = await self._proven(hook, config, request.headers, body)
        async with self._runtime.database.reading() as session:
            if await store.delivered(session, id_, key):
                raise _replayed()
        await self._ingest.check_backlog()
        try:
            items = await asyncio.to_thread(items_of, hook.format, body, config)
        except Unreadable as error:
            reason = reason_of(error)
            async with self._runtime.database.writing() as session:
                await store.add_delivery(session, self._noted(id_, len(body), _Sums().pushed(), error=reason))
            _DELIVERIES.labels("unreadable").inc()
            raise Problem(422, "hook.unreadable", zh=reason.zh, en=reason.en) from None
        pushed = await self._push(id_, key, len(body), items, chinese=chinese)
        _DELIVERIES.labels("taken").inc()
        return pushed

    async def forget(self) -> None:
        """Forget deliveries after the days that records are kept."""
        async with self._runtime.database.writing() as session:
            await store.forget_deliveries(session, self._runtime.clock.now() - self._kept)

    async def _hook(self, id_: str) -> Any:
        async with self._runtime.database.reading() as session:
            hook = await store.one(session, id_)
        if hook is None:
            raise Problem(404, "not-found", zh="没有这个接收地址", en="There is no such hook")
        if not hook.enabled:
            raise Problem(410, "hook.disabled", zh="该接收地址已停用", en="The hook is switched off")
        return hook

    async def _body(self, request: Request) -> bytes:
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > self._limit:
                    raise self._too_large()
                chunks.append(chunk)
        except ClientDisconnect:
            raise Problem(400, "broken-off", zh="传输中断", en="The delivery broke off") from None
        return b"".join(chunks)

    def _too_large(self) -> Problem:
        limit = self._limit / 2**20
        return Problem(413, "too-large", zh=f"一次不得超过 {limit:g} MiB", en=f"A delivery has at most {limit:g} MiB")

    async def _proven(self, hook: Any, config: HookConfig, headers: Mapping[str, str], body: bytes) -> str:
        now = self._runtime.clock.now()
        try:
            known = [self._keeper.opened(hook.secret)]
            if hook.previous_secret and hook.previous_until and now < hook.previous_until:
                known.append(self._keeper.opened(hook.previous_secret))
        except SecretLost:
            _log.exception("hook.secret_lost", id=hook.id)
            raise Problem(
                503,
                "hook.secret-lost",
                zh="该接收地址的密钥已无法解密，请管理员更换密钥",
                en="The hook's secret cannot be read any more; it has to be rotated",
                headers={"Retry-After": "600"},
            ) from None
        signing = Signing(config.signing, config.signature_header, config.timestamp_header, config.tolerance_seconds)
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            return verify(signing, known, lower, body, now)
        except Refused as refused:
            _DELIVERIES.labels("refused").inc()
            await self._refused(hook, refused, now)
            raise Problem(401, f"hook.{refused.slug}", zh=refused.zh, en=refused.en) from None

    async def _refused(self, hook: Any, refused: Refused, now: datetime) -> None:
        if hook.refused_at is not None and hook.refusal == refused.slug and now - hook.refused_at < _NOTED:
            return
        async with self._runtime.database.writing() as session:
            await store.note_refusal(session, hook.id, refused.slug, now)

    async def _push(self, id_: str, key: str, size: int, items: list[Any], *, chinese: bool) -> Pushed:
        """Push items in batches; the delivery is noted with the last, so that after a crash it can be sent again."""
        good = [(index, one) for index, one in enumerate(items) if not isinstance(one, Reason)]
        sums = _Sums([(index, one.said(chinese=chinese)) for index, one in enumerate(items) if isinstance(one, Reason)])
        batches = [good[start : start + _BATCH] for start in range(0, len(good), _BATCH)] or [[]]

        async def note(session: AsyncSession, taken: Taken) -> None:
            pushed = sums.with_(batches[-1], taken).pushed()
            if not await store.add_delivery(session, self._noted(id_, size, pushed, key=key)):
                raise _replayed()

        for batch in batches:
            also = note if batch is batches[-1] else None
            taken = await self._ingest.take([one for _, one in batch], chinese=chinese, also=also)
            sums = sums.with_(batch, taken)
        return sums.pushed()

    def _noted(
        self, id_: str, size: int, pushed: Pushed, *, key: str | None = None, error: Reason | None = None
    ) -> dict[str, Any]:
        return {
            "id": new_id(),
            "hook_id": id_,
            "key": key,
            "at": self._runtime.clock.now(),
            "size": size,
            "accepted": pushed.accepted,
            "duplicates": pushed.duplicates,
            "rejected": len(pushed.rejected),
            "error_zh": error.zh if error else None,
            "error_en": error.en if error else None,
        }


@dataclass(frozen=True, slots=True)
class _Sums:
    """What became of the items of a delivery so far; those that were not taken by their index in it."""

    rejected: list[tuple[int, str]] = field(default_factory=list)
    accepted: int = 0
    duplicates: int = 0

    def with_(self, batch: list[tuple[int, Any]], taken: Taken) -> _Sums:
        rejected = [(batch[index][0], told(reason)) for index, reason in taken.rejected]
        return _Sums([*self.rejected, *rejected], self.accepted + taken.accepted, self.duplicates + taken.duplicates)

    def pushed(self) -> Pushed:
        return Pushed(
            accepted=self.accepted,
            duplicates=self.duplicates,
            rejected=[Rejected(index=index, reason=reason) for index, reason in sorted(self.rejected)],
        )


def _replayed() -> Problem:
    _DELIVERIES.labels("replayed").inc()
    return Problem(
        409,
        "hook.replayed",
        zh="该推送此前已收到，不再重复处理",
        en="This delivery was taken before; it is not taken twice",
    )
