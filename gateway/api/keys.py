"""API keys for systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from contracts.permissions import is_scope
from contracts.words import Role
from gateway import store
from gateway.api.parts import Parts, PartsDep
from gateway.api_keys import WARNED, beyond, principal_of_key
from gateway.key_secrets import SHOWN, new_key_secret
from gateway.models import API_KEYS, ApiKeyRow
from gateway.tokens import fingerprint
from kit.auth import Principal, require
from kit.ids import new_id
from kit.pages import Page, PageParams, page_of
from kit.problems import FieldError, Problem, problems

router = APIRouter(tags=["api keys"])
_Reader = Annotated[Principal, require("keys.read")]
_Writer = Annotated[Principal, require("keys.write")]


def _known(scope: str) -> str:
    if not is_scope(scope):
        raise ValueError("is neither an action of GET /api/v1/me, nor `read`, nor a noun's actions (`cases.*`)")
    return scope


_Scope = Annotated[str, Field(max_length=64, examples=["posts.push"]), AfterValidator(_known)]


class NewKey(BaseModel):
    """A key to be made. It may do what its roles may, narrowed to its scopes, and never more than its maker."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, examples=["采集推送"])
    roles: list[Role] = Field(min_length=1, max_length=len(Role))
    unit: str | None = Field(None, max_length=100)
    #: actions, `read` for all that only read, or `cases.*` for all of a noun; null narrows nothing
    scopes: list[_Scope] | None = Field(None, min_length=1, max_length=100, examples=[["posts.push", "sources.read"]])
    #: null: a year from now, or as HUIYING_API_KEY_DAYS says
    expires_at: AwareDatetime | None = None
    #: from where the key may be used, CIDR; empty for anywhere
    networks: list[IPv4Network | IPv6Network] = Field(default_factory=list, max_length=50, examples=[["10.20.0.0/16"]])


class KeyRotation(BaseModel):
    """How a key's secret is followed by another."""

    model_config = ConfigDict(extra="forbid")

    #: seconds for which the old secret stays good, at most 30 days
    overlap_seconds: int = Field(86_400, ge=0, le=30 * 86_400)
    #: when the key ends from now on; null: a year from now, or as HUIYING_API_KEY_DAYS says
    expires_at: AwareDatetime | None = None


class Key(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    prefix: str
    roles: list[Role]
    unit: str | None
    scopes: list[str] | None
    networks: list[str]
    created_by: str
    created_at: datetime
    #: null only for keys that were made before keys ended
    expires_at: datetime | None
    #: `expiring`: ends within 30 days
    status: Literal["active", "expiring", "expired"]
    rotated_at: datetime | None
    #: until when the secret before the last rotation is good
    previous_until: datetime | None
    last_used_at: datetime | None
    #: the network that the key was last used from, not the address
    last_used_from: str | None


class FreshKey(Key):
    """A key just made or rotated. The secret is shown this once."""

    secret: str


@router.get("/api/v1/api-keys", summary="List API keys", responses=problems(400))
async def list_keys(parts: PartsDep, page: PageParams, _: _Reader) -> Page[Key]:
    """List keys, oldest first, without their secrets."""
    async with parts.runtime.database.reading() as session:
        rows = await store.page(session, API_KEYS, page)
    now = parts.runtime.clock.now()
    return page_of(rows, page, key=lambda row: (row.id,), show=lambda row: Key(**_shown(row, now)))


@router.get("/api/v1/api-keys/{key_id}", summary="Read an API key", responses=problems(404))
async def get_key(key_id: str, parts: PartsDep, _: _Reader) -> Key:
    """Return one key, without its secret."""
    return Key(**_shown(await _found(parts, key_id), parts.runtime.clock.now()))


@router.post("/api/v1/api-keys", status_code=201, summary="Make an API key", responses=problems(409))
async def create_key(new: NewKey, response: Response, parts: PartsDep, maker: _Writer) -> FreshKey:
    """Make a key; its secret is in this answer and nowhere else."""
    now = parts.runtime.clock.now()
    secret = new_key_secret()
    row = ApiKeyRow(
        id=new_id(),
        name=new.name,
        prefix=secret[:SHOWN],
        hash=fingerprint(secret),
        roles=[role.value for role in new.roles],
        unit=new.unit,
        scopes=new.scopes,
        networks=[str(network) for network in new.networks],
        created_by=maker.login,
        created_at=now,
        expires_at=_end(parts, new.expires_at, now),
    )
    _check_maker(maker, row)
    try:
        async with parts.runtime.database.writing() as session:
            await store.add(session, API_KEYS, row.model_dump())
    except IntegrityError:
        raise Problem(409, "name-taken", zh=f"名称已被使用：{new.name}", en=f"The name is taken: {new.name}") from None
    response.headers["Location"] = f"/api/v1/api-keys/{row.id}"
    response.headers["Cache-Control"] = "no-store"
    return FreshKey(**_shown(row, now), secret=secret)


@router.post("/api/v1/api-keys/{key_id}/rotate", summary="Give an API key a new secret", responses=problems(404, 409))
async def rotate_key(
    key_id: str, parts: PartsDep, maker: _Writer, response: Response, how: KeyRotation | None = None
) -> FreshKey:
    """Give a key a new secret, which is in this answer and nowhere else. The old one stays good for the overlap.

    Only one old secret stays good: rotating again within the overlap ends the one before the last. A key that has
    ended is not rotated: make a new one.
    """
    how = how or KeyRotation()
    now = parts.runtime.clock.now()
    row = await _found(parts, key_id)
    _check_maker(maker, row)
    if row.expires_at is not None and row.expires_at <= now:
        raise Problem(409, "key.expired", zh="密钥已过期，请另建", en="The key has expired; make another one")
    secret = new_key_secret()
    values = {
        "hash": fingerprint(secret),
        "prefix": secret[:SHOWN],
        "previous_hash": row.hash if how.overlap_seconds else None,
        "previous_until": now + timedelta(seconds=how.overlap_seconds) if how.overlap_seconds else None,
        "rotated_at": now,
        "expires_at": _end(parts, how.expires_at, now),
    }
    async with parts.runtime.database.writing() as session:
        if not await store.change_api_key(session, key_id, row.hash, values):
            raise Problem(
                409,
                "key.rotated",
                zh="密钥刚被他人轮换或撤销",
                en="The key has just been rotated or revoked by another",
            )
        row = await store.api_key_by_id(session, key_id)
    parts.identity.forget()
    response.headers["Cache-Control"] = "no-store"
    return FreshKey(**_shown(row, now), secret=secret)


@router.delete("/api/v1/api-keys/{key_id}", status_code=204, summary="Revoke an API key", responses=problems(404))
async def delete_key(key_id: str, parts: PartsDep, maker: _Writer) -> None:
    """Revoke a key; within three seconds it opens nothing any more, at any replica."""
    _check_explicit(maker)
    async with parts.runtime.database.writing() as session:
        if not await store.delete(session, API_KEYS, key_id):
            raise _no_key()
    parts.identity.forget()


def _end(parts: Parts, wanted: datetime | None, now: datetime) -> datetime:
    end = wanted or now + timedelta(days=parts.settings.api_key_days)
    if end <= now:
        raise Problem(
            422,
            "invalid-fields",
            zh="到期时间须在将来",
            en="The key would have ended already",
            errors=[FieldError(pointer="/expires_at", detail="must be in the future", zh="须在将来")],
        )
    return end


def _check_explicit(maker: Principal) -> None:
    """Let a key make, rotate or revoke keys only where its scopes say so: 403."""
    if maker.kind == "api_key" and not (maker.scopes or frozenset()) & {"keys.write", "keys.*"}:
        raise Problem(
            403,
            "forbidden",
            zh="密钥须有权限范围 keys.write 才能管理密钥",
            en="A key manages keys only where its scopes name keys.write",
            action="keys.write",
        )


def _check_maker(maker: Principal, row: Any) -> None:
    """Refuse a key that could do more than its maker: 403 with the actions beyond."""
    _check_explicit(maker)
    more = beyond(maker, principal_of_key(row))
    if more:
        raise Problem(
            403,
            "key.exceeds-maker",
            zh=f"密钥的权限不能超过创建者：{'、'.join(more[:5])}；请用 scopes 缩小范围",
            en=f"A key may not do more than its maker: {', '.join(more[:5])}; narrow it with scopes",
            actions=more,
        )


async def _found(parts: Parts, key_id: str) -> Any:
    async with parts.runtime.database.reading() as session:
        row = await store.api_key_by_id(session, key_id)
    if row is None:
        raise _no_key()
    return row


def _no_key() -> Problem:
    return Problem(404, "not-found", zh="没有这个密钥", en="There is no such key")


def _shown(row: Any, now: datetime) -> dict[str, Any]:
    end = row.expires_at
    status = "active" if end is None or end - now > WARNED else "expiring" if end > now else "expired"
    overlaps = row.previous_until is not None and row.previous_until > now
    own = set(Key.model_fields) - {"status", "previous_until"}
    return {
        **{name: getattr(row, name) for name in own},
        "status": status,
        "previous_until": row.previous_until if overlaps else None,
    }
