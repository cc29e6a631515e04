"""Logging in, and who one is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel

from contracts.permissions import ACTIONS, Reach
from contracts.words import Role
from gateway.answers import address_of
from gateway.api.parts import PartsDep
from gateway.audit.watch import claim
from gateway.identity import Login
from gateway.sessions import Origin
from kit.auth import principal_of
from kit.problems import FieldError, Problem, problems

router = APIRouter(tags=["auth"])


class Token(BaseModel):
    """OAuth 2.0 access token response (RFC 6749, 5.1)."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    #: seconds
    expires_in: int


class Me(BaseModel):
    """Who the caller is, and what they may do."""

    id: str
    #: the login name
    name: str
    #: the name by which others see the caller, in timelines and documents
    display_name: str
    kind: str
    roles: list[Role]
    unit: str | None
    permissions: list[str]
    #: those of `permissions` that reach only what is the caller's own, such as the cases in which the unit takes part
    own: list[str]
    #: what an API key is narrowed to, as it was given; null narrows nothing
    scopes: list[str] | None
    #: everything in this system is fictional (`huiying mock`): show it
    mock: bool = False
    #: one's roles need a second factor, which this login lacks: enrol (`POST /me/second-factor`), or log in with it
    second_factor_missing: bool = False


_EXAMPLE = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "example": {"grant_type": "password", "username": "admin", "password": "a long sentence nobody guesses"}
            }
        }
    }
}


@router.post(
    "/api/v1/auth/token",
    summary="Log in, or renew a login",
    responses=problems(400, 429),
    openapi_extra=_EXAMPLE,
)
async def create_token(
    request: Request,
    response: Response,
    parts: PartsDep,
    grant_type: Annotated[Literal["password", "refresh_token", "oidc"], Form()] = "password",
    username: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=200)] = "",
    refresh_token: Annotated[str, Form(max_length=200)] = "",
    code: Annotated[str, Form(max_length=200)] = "",
    code_verifier: Annotated[str, Form(max_length=200)] = "",
    otp: Annotated[str, Form(max_length=20)] = "",
) -> Token:
    """Give an access token for a password, for a refresh token, or for the login code of single sign-on.

    Refresh tokens and login codes are good once. Who has a second factor gets 401 `second-factor-required` without
    `otp`, the code of their authenticator or a recovery code.
    """
    response.headers["Cache-Control"] = "no-store"
    if grant_type == "refresh_token":
        _wanted(refresh_token=refresh_token)
        return _token(await parts.identity.refresh(refresh_token))
    if grant_type == "oidc":
        _wanted(code=code)
        return _token(await parts.sign_on.exchange(code, code_verifier))
    _wanted(username=username, password=password)
    claim(request.scope, username)
    return _token(await parts.identity.log_in(username, password, origin_of(request), otp))


@router.get("/api/v1/me", summary="Who am I", responses=problems())
async def get_me(request: Request, parts: PartsDep) -> Me:
    """Tell whom the credentials name, which actions they allow, and which of these on what is one's own only."""
    principal = principal_of(request)
    reaches = {action: principal.reach(action) for action in sorted(ACTIONS)}
    return Me(
        id=principal.id,
        name=principal.login,
        display_name=principal.name,
        kind=principal.kind,
        roles=sorted(principal.roles),
        unit=principal.unit,
        permissions=[action for action, reach in reaches.items() if reach],
        own=[action for action, reach in reaches.items() if reach is Reach.OWN],
        scopes=None if principal.scopes is None else sorted(principal.scopes),
        mock=parts.settings.mock,
        second_factor_missing=principal.kind == "user" and principal.scopes == frozenset(),
    )


def origin_of(request: Request) -> Origin:
    """Return whence a request comes."""
    return Origin(address_of(request.scope), request.headers.get("user-agent", ""))


def _token(login: Login) -> Token:
    return Token(access_token=login.access_token, refresh_token=login.refresh_token, expires_in=login.expires_in)


def _wanted(**fields: str) -> None:
    missing = [name for name, value in fields.items() if not value]
    if missing:
        raise Problem(
            422,
            "invalid-fields",
            zh="缺少 " + "、".join(missing),
            en="Missing: " + ", ".join(missing),
            errors=[FieldError(pointer=f"/{name}", detail="is required") for name in missing],
        )
