"""API keys for systems."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.words import Role
from gateway import store
from gateway.api.parts import PartsDep
from gateway.models import API_KEYS
from gateway.tokens import fingerprint, new_secret
from kit.auth import Principal, require
from kit.ids import new_id
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems

router = APIRouter(tags=["api keys"])
_Writer = Annotated[Principal, require("users.write")]


class NewKey(BaseModel):
    """A key to be made. It may do what its roles may."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, examples=["采集推送"])
    roles: list[Role] = Field(min_length=1)
    unit: str | None = Field(None, max_length=100)
    expires_at: AwareDatetime | None = None


class Key(BaseModel):
    """A key, without its secret."""

    id: str
    name: str
    prefix: str
    roles: list[Role]
    unit: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class FreshKey(Key):
    """A key just made. The secret is shown this once."""

    secret: str


@router.get("/api/v1/api-keys", summary="List API keys", responses=problems(400))
async def list_keys(parts: PartsDep, page: PageParams, _: Annotated[Principal, require("users.read")]) -> Page[Key]:
    """List keys, oldest first, without their secrets."""
    async with parts.runtime.database.reading() as session:
        rows = await store.page(session, API_KEYS, page)
    return page_of(rows, page, key=lambda row: (row.id,), show=_key)


@router.post("/api/v1/api-keys", status_code=201, summary="Make an API key", responses=problems())
async def create_key(new: NewKey, response: Response, parts: PartsDep, principal: _Writer) -> FreshKey:
    """Make a key; its secret is in this answer and nowhere else."""
    response.headers["Cache-Control"] = "no-store"
    secret = new_secret("hyk")
    values: dict[str, Any] = {
        "id": new_id(),
        "name": new.name,
        "prefix": secret[:10],
        "roles": [role.value for role in new.roles],
        "unit": new.unit,
        "created_by": principal.login,
        "created_at": parts.runtime.clock.now(),
        "expires_at": new.expires_at,
        "last_used_at": None,
    }
    async with parts.runtime.database.writing() as session:
        await store.add(session, API_KEYS, {**values, "hash": fingerprint(secret)})
    return FreshKey(**values, secret=secret)


@router.delete("/api/v1/api-keys/{key_id}", status_code=204, summary="Revoke an API key", responses=problems(404))
async def delete_key(key_id: str, parts: PartsDep, _: _Writer) -> None:
    """Revoke a key; it opens nothing from now on."""
    async with parts.runtime.database.writing() as session:
        if not await store.delete(session, API_KEYS, key_id):
            raise Problem(404, "not-found", zh="没有这个密钥", en="There is no such key")
    parts.identity.forget()


def _key(row: Any) -> Key:
    return Key.model_validate(row, from_attributes=True)
