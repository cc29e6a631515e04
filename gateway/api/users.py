"""Users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from contracts.words import Role
from gateway import store
from gateway.api.parts import PartsDep
from gateway.models import USERS
from gateway.passwords import MIN_LENGTH, hash_password
from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.ids import new_id
from kit.pages import Page, PageParams, page_of
from kit.problems import Problem, problems

router = APIRouter(tags=["users"])

_Password = Annotated[str, Field(min_length=MIN_LENGTH, max_length=200)]
_Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class NewUser(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"username": "zhang.wei", "name": "张伟", "password": "long-and-private", "roles": ["group_leader"]}
            ]
        },
    )

    username: str = Field(pattern=r"^[A-Za-z0-9._@-]{2,64}$")
    name: str = Field(min_length=1, max_length=100)
    password: _Password
    roles: _Roles
    unit: str | None = Field(None, max_length=100)


class UserChange(BaseModel):
    """What to change of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=100)
    password: _Password | None = None
    roles: _Roles | None = None
    unit: str | None = Field(None, max_length=100)
    enabled: bool | None = None


class User(BaseModel):
    """A user as others see them."""

    id: str
    username: str
    name: str
    roles: list[Role]
    unit: str | None
    enabled: bool
    version: int
    created_at: datetime


_Reader = Annotated[Principal, require("users.read")]
_Writer = Annotated[Principal, require("users.write")]


@router.get("/api/v1/users", summary="List users", responses=problems(400))
async def list_users(parts: PartsDep, page: PageParams, _: _Reader) -> Page[User]:
    """List users, oldest first."""
    async with parts.runtime.database.reading() as session:
        rows = await store.page(session, USERS, page)
    return page_of(rows, page, key=lambda row: (row.id,), show=_user)


@router.post("/api/v1/users", status_code=201, summary="Make a user", responses=problems(409))
async def create_user(new: NewUser, response: Response, parts: PartsDep, _: _Writer) -> User:
    """Make a user who logs in with a password."""
    values = {
        "id": new_id(),
        "username": new.username,
        "name": new.name,
        "password_hash": await hash_password(new.password),
        "roles": [role.value for role in new.roles],
        "unit": new.unit,
        "enabled": True,
        "version": 1,
        "created_at": parts.runtime.clock.now(),
    }
    try:
        async with parts.runtime.database.writing() as session:
            await store.add(session, USERS, values)
    except IntegrityError:
        raise _taken(new.username) from None
    response.headers["Location"] = f"/api/v1/users/{values['id']}"
    response.headers["ETag"] = etag(1)
    return User.model_validate(values)


@router.get("/api/v1/users/{user_id}", summary="Read a user", responses=problems(404))
async def get_user(user_id: str, response: Response, parts: PartsDep, _: _Reader) -> User:
    """Return one user."""
    async with parts.runtime.database.reading() as session:
        row = await store.user(session, user_id)
    if row is None:
        raise _no_user()
    response.headers["ETag"] = etag(row.version)
    return _user(row)


@router.patch("/api/v1/users/{user_id}", summary="Change a user", responses=problems(404, 409, 412))
async def change_user(
    user_id: str, change: UserChange, request: Request, response: Response, parts: PartsDep, _: _Writer
) -> User:
    """Change a user. A new password, other roles, another unit or being disabled end the user's logins."""
    values: dict[str, Any] = change.model_dump(mode="json", exclude_unset=True, exclude={"password"})
    values = {name: value for name, value in values.items() if value is not None or name == "unit"}
    if change.password is not None:
        values["password_hash"] = await hash_password(change.password)
    async with parts.runtime.database.writing() as session:
        row = await store.user(session, user_id)
        if row is None:
            raise _no_user()
        check_if_match(request, row.version)
        loses = values.get("enabled") is False or Role.ADMIN.value not in values.get("roles", [Role.ADMIN.value])
        if loses and Role.ADMIN.value in row.roles and not await store.other_admins(session, user_id):
            raise Problem(
                409,
                "last-admin",
                zh="不能停用或降级唯一的管理员",
                en="The last administrator cannot be disabled or demoted",
            )
        if not await store.change_user(session, user_id, row.version, values):
            raise Problem(412, "stale", zh="内容已被他人修改", en="The user has changed since you read it")
        if not {"password_hash", "roles", "unit", "enabled"}.isdisjoint(values):
            await store.end_logins(session, user_id)
        row = await store.user(session, user_id)
    parts.identity.forget()
    assert row is not None
    response.headers["ETag"] = etag(row.version)
    return _user(row)


def _user(row: Any) -> User:
    return User.model_validate(row, from_attributes=True)


def _no_user() -> Problem:
    return Problem(404, "not-found", zh="没有这个用户", en="There is no such user")


def _taken(name: str) -> Problem:
    return Problem(409, "name-taken", zh=f"名称已被使用：{name}", en=f"The name is taken: {name}")
