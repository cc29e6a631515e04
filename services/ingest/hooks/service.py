"""Use cases of hooks: make, change, rotate, delete."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request

from kit.etags import check_if_match
from kit.field_words import in_chinese, plain
from kit.ids import new_id
from kit.pages import PageRequest
from kit.problems import Problem
from kit.runtime import Runtime
from services.ingest.hooks import store
from services.ingest.hooks.deliveries import Deliveries
from services.ingest.hooks.keeping import SecretKeeper
from services.ingest.hooks.schemas import (
    Delivery,
    Hook,
    HookChange,
    HookConfig,
    HookDetails,
    HookWithSecret,
    NewHook,
    Refusal,
    Rotation,
    check_format,
    config_of,
)
from services.ingest.hooks.signing import check_secret, new_secret
from services.ingest.service import Ingest
from services.ingest.settings import IngestSettings

_CONFIG: Final = frozenset(HookConfig.model_fields)
_REFUSALS: Final = {
    "unsigned": ("缺少签名请求头", "the signature's header was missing"),
    "stale": ("时间戳过期或无效", "the timestamp was stale or none"),
    "bad-signature": ("签名不符", "the signature did not fit"),
}


class Hooks:
    """The addresses that others deliver posts to. :meth:`register` puts their upkeep on the runtime."""

    def __init__(self, runtime: Runtime, ingest: Ingest, settings: IngestSettings) -> None:
        self._runtime = runtime
        self._keeper = SecretKeeper(settings.internal_key.get_secret_value())
        self.deliveries = Deliveries(runtime, ingest, settings, self._keeper)

    def register(self) -> None:
        """Forget old deliveries for as long as the runtime runs."""
        self._runtime.every(3600, "hook_deliveries", self.deliveries.forget)

    async def page(self, request: PageRequest) -> list[Any]:
        """Return the rows of a page of hooks, oldest first, and one more."""
        async with self._runtime.database.reading() as session:
            return await store.page(session, request)

    async def details(self, id_: str, *, chinese: bool) -> HookDetails:
        """Return a hook with its last deliveries; 404 where there is none."""
        async with self._runtime.database.reading() as session:
            row = await _one(session, id_)
            found = await store.deliveries(session, id_)
        deliveries = [
            Delivery(
                at=one.at,
                bytes=one.size,
                accepted=one.accepted,
                duplicates=one.duplicates,
                rejected=one.rejected,
                error=one.error_zh if chinese else one.error_en,
            )
            for one in found
        ]
        refused = None
        if row.refused_at is not None:
            zh, en = _REFUSALS.get(row.refusal, (row.refusal, row.refusal))
            refused = Refusal(at=row.refused_at, reason=zh if chinese else en)
        return HookDetails(**_values(row), deliveries=deliveries, refused=refused)

    async def create(self, new: NewHook) -> HookWithSecret:
        """Make a hook; its secret is shown in the answer and never again. 409 where the name is taken."""
        secret = new.secret or new_secret(new.signing)
        values = {
            "id": new_id(),
            "name": new.name,
            "enabled": True,
            "format": new.format,
            "config": new.model_dump(mode="json", include=set(_CONFIG)),
            "secret": self._keeper.sealed(secret),
            "version": 1,
            "created_at": self._runtime.clock.now(),
        }
        try:
            async with self._runtime.database.writing() as session:
                await store.add(session, values)
                row = await _one(session, str(values["id"]))
        except IntegrityError:
            raise _taken(new.name) from None
        return HookWithSecret(**_values(row), secret=secret)

    async def change(self, id_: str, change: HookChange, request: Request) -> Hook:
        """Change a hook; what is left out stays. A scheme of another kind needs a secret of its kind: rotate first."""
        given = change.model_dump(mode="json", exclude_unset=True)
        try:
            async with self._runtime.database.writing() as session:
                row = await _one(session, id_)
                check_if_match(request, row.version)
                config = {**row.config, **{name: given[name] for name in given if name in _CONFIG}}
                values = {name: given[name] for name in ("name", "enabled") if given.get(name) is not None}
                self._check(row, config)
                await _changed(session, id_, row.version, {**values, "config": config})
                row = await _one(session, id_)
        except IntegrityError:
            raise _taken(str(given.get("name"))) from None
        return Hook(**_values(row))

    async def rotate(self, id_: str, rotation: Rotation, request: Request) -> HookWithSecret:
        """Give a hook a new secret; the one before stays good for a while, so that its sender can change over."""
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            row = await _one(session, id_)
            check_if_match(request, row.version)
            scheme = config_of(row.config).signing
            secret = rotation.secret or new_secret(scheme)
            _acceptable(lambda: check_secret(scheme, secret))
            values = {
                "secret": self._keeper.sealed(secret),
                "previous_secret": row.secret if rotation.overlap_hours else None,
                "previous_until": now + timedelta(hours=rotation.overlap_hours) if rotation.overlap_hours else None,
            }
            await _changed(session, id_, row.version, values)
            row = await _one(session, id_)
        return HookWithSecret(**_values(row), secret=secret)

    async def delete(self, id_: str, request: Request) -> None:
        """Delete a hook; its posts stay."""
        async with self._runtime.database.writing() as session:
            row = await _one(session, id_)
            check_if_match(request, row.version)
            await store.delete(session, id_)

    def _check(self, row: Any, config: dict[str, Any]) -> None:
        try:
            read = config_of(config)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise _unfit(f"{where} {in_chinese(first)}".strip(), f"{where} {plain(first)}".strip()) from None
        _acceptable(lambda: check_format(row.format, read))
        if read.signing != row.config["signing"]:
            _acceptable(lambda: check_secret(read.signing, self._keeper.opened(row.secret)))


def hook_of(row: Any) -> Hook:
    """Return a hook as it is shown."""
    return Hook(**_values(row))


def _values(row: Any) -> dict[str, Any]:
    return {
        **row.config,
        **{name: getattr(row, name) for name in ("id", "name", "format", "enabled", "version", "created_at")},
        "path": f"/public/v1/hooks/{row.id}",
        "previous_secret_until": row.previous_until,
    }


async def _one(session: Any, id_: str) -> Any:
    row = await store.one(session, id_)
    if row is None:
        raise Problem(404, "not-found", zh="没有这个接收地址", en="There is no such hook")
    return row


async def _changed(session: Any, id_: str, version: int, values: dict[str, Any]) -> None:
    if not await store.change(session, id_, version, values):
        raise Problem(412, "stale", zh="内容已被他人修改", en="The hook has changed since you read it")


def _acceptable(check: Any) -> None:
    try:
        check()
    except ValueError as error:
        raise _unfit(str(error), str(error)) from None


def _unfit(zh: str, en: str) -> Problem:
    return Problem(422, "hook.unfit", zh=f"设置不能使用：{zh}", en=f"The settings cannot be used: {en}")


def _taken(name: str) -> Problem:
    return Problem(409, "name-taken", zh=f"名称已被使用：{name}", en=f"The name is taken: {name}")
