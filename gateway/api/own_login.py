"""One's own logins: where one is logged in, logging out, and the second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.parts import PartsDep
from kit.auth import Principal, principal_of, require
from kit.problems import Problem, problems

router = APIRouter(tags=["auth"])


class SessionOut(BaseModel):
    """A login that goes on. `agent` is what the program says that it is."""

    id: str
    method: str = Field(examples=["password"], description="password or oidc")
    second_factor: bool
    address: str
    agent: str
    began_at: datetime
    used_at: datetime
    current: bool = Field(description="the one that asks")


class SessionsOut(BaseModel):
    """Where one is logged in, the last used first."""

    items: list[SessionOut]


class EnrolmentOut(BaseModel):
    """What an authenticator app needs. `qr` is a picture of `uri` (SVG)."""

    secret: str = Field(examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(examples=["otpauth://totp/Huiying:zhang.wei?secret=JBSWY3DPEHPK3PXP&issuer=Huiying"])
    qr: str = Field(examples=["<svg></svg>"])


class CodeIn(BaseModel):
    """A code of the authenticator, or a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(min_length=6, max_length=20, examples=["123456"])


class RecoveryCodesOut(BaseModel):
    """Codes that stand for the authenticator, each once. They are shown now and never again."""

    recovery_codes: list[str] = Field(examples=[["3f9a1c-77b0de"]])


Writer = Annotated[Principal, require("users.write")]


def _person(request: Request) -> Principal:
    principal = principal_of(request)
    if principal.kind != "user":
        raise Problem(403, "not-a-person", zh="密钥没有登录和动态验证码", en="Keys have no logins and no second factor")
    return principal


Person = Annotated[Principal, Depends(_person)]


@router.get("/api/v1/me/sessions", summary="本人的登录", responses=problems(403))
async def list_sessions(person: Person, parts: PartsDep) -> SessionsOut:
    """List where one is logged in."""
    rows = await parts.identity.sessions.of(person.id)
    return SessionsOut(
        items=[SessionOut.model_validate({**row._mapping, "current": row.id == person.session}) for row in rows]
    )


@router.delete("/api/v1/me/sessions", status_code=204, summary="退出其他登录", responses=problems(403))
async def end_other_sessions(person: Person, parts: PartsDep) -> None:
    """End every login of one's own but the one that asks."""
    await parts.identity.sessions.end(person.id, but=person.session)


@router.delete(
    "/api/v1/me/sessions/{session_id}", status_code=204, summary="退出一个登录", responses=problems(403, 404)
)
async def end_session(person: Person, session_id: str, parts: PartsDep) -> None:
    """End one login of one's own; its tokens are good no more, within ten seconds everywhere."""
    if not await parts.identity.sessions.end(person.id, only=session_id):
        raise Problem(404, "not-found", zh="没有这个登录", en="There is no such login of yours")


@router.post("/api/v1/me/logout", status_code=204, summary="退出登录", responses=problems(403))
async def end_this_session(person: Person, parts: PartsDep) -> None:
    """Log out: end the login that asks."""
    await parts.identity.sessions.end(person.id, only=person.session)


@router.post("/api/v1/me/second-factor", status_code=201, summary="启用动态验证码", responses=problems(403, 409))
async def enrol_second_factor(person: Person, parts: PartsDep) -> EnrolmentOut:
    """Begin to enrol an authenticator app; it counts once a code of it has been confirmed."""
    async with parts.runtime.database.writing() as session:
        made = await parts.identity.factor.enrol(session, person.id, person.login)
    if made is None:
        raise Problem(
            409, "second-factor-there", zh="已启用动态验证码，请先停用", en="There is one already; remove it first"
        )
    return EnrolmentOut(secret=made.secret, uri=made.uri, qr=made.qr)


@router.post("/api/v1/me/second-factor/confirm", summary="确认动态验证码", responses=problems(403, 409))
async def confirm_second_factor(person: Person, body: CodeIn, parts: PartsDep) -> RecoveryCodesOut:
    """Confirm the enrolment by a code of the app; from the next login on a code is asked for."""
    now = parts.runtime.clock.now()
    async with parts.runtime.database.writing() as session:
        codes = await parts.identity.factor.confirm(session, person.id, body.code, now)
        if codes is None:
            raise _wrong()
        if person.session:
            await parts.identity.sessions.vouch(session, person.session)
    parts.identity.forget()
    return RecoveryCodesOut(recovery_codes=codes)


@router.post("/api/v1/me/second-factor/remove", status_code=204, summary="停用动态验证码", responses=problems(403, 409))
async def remove_second_factor(person: Person, body: CodeIn, parts: PartsDep) -> None:
    """Remove one's second factor, by a code of it."""
    async with parts.runtime.database.writing() as session:
        if not await parts.identity.factor.check(session, person.id, body.code, parts.runtime.clock.now()):
            raise _wrong()
        await parts.identity.factor.remove(session, person.id)


@router.delete(
    "/api/v1/users/{user_id}/second-factor", status_code=204, summary="重置动态验证码", responses=problems(404)
)
async def reset_second_factor(user_id: str, parts: PartsDep, _: Writer) -> None:
    """Remove the second factor of somebody who lost it, and end their logins."""
    async with parts.runtime.database.writing() as session:
        if not await parts.identity.factor.remove(session, user_id):
            raise Problem(404, "not-found", zh="该用户没有启用动态验证码", en="This user has no second factor")
    await parts.identity.sessions.end(user_id)


@router.delete("/api/v1/users/{user_id}/sessions", status_code=204, summary="结束用户的登录", responses=problems(404))
async def end_sessions_of(user_id: str, parts: PartsDep, _: Writer) -> None:
    """End every login of a user."""
    if not await parts.identity.sessions.end(user_id):
        raise Problem(404, "not-found", zh="该用户没有登录", en="This user is not logged in")


def _wrong() -> Problem:
    return Problem(409, "bad-second-factor", zh="验证码不正确或已用过", en="The code is not right, or was used already")
