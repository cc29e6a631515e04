"""Single sign-on over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError

from gateway import store as users
from gateway.api.parts import PartsDep
from gateway.models import SIGN_ONS
from gateway.oidc import refusals, store
from gateway.oidc.page import CSP, error_page
from gateway.oidc.sign_on import CALLBACK
from gateway.oidc.under_way import TERM, cookie_of
from kit.auth import Principal, require
from kit.problems import Problem, prefers_chinese, problems

router = APIRouter(tags=["auth"])
_LOGIN = "/api/v1/auth/oidc/login"
_COOKIES = "/api/v1/auth/oidc"
_REDIRECT: dict[int | str, dict[str, Any]] = {303: {"description": "Where the browser goes on"}}


class SignOnOffer(BaseModel):
    """Whether one can log in by single sign-on, for a front end that shows a button for it."""

    configured: bool
    #: the provider, null without single sign-on
    issuer: str | None
    #: where a browser begins, null without single sign-on
    login_path: str | None


class LoggedOut(BaseModel):
    """The login has ended here."""

    #: where a browser goes to log out at the provider too; null where that is not possible
    logout_url: str | None


class Link(BaseModel):
    """Whom a user is at the identity provider."""

    issuer: str
    subject: str
    created_at: datetime
    last_login_at: datetime | None


class NewLink(BaseModel):
    """Whom a user is at the identity provider: the `sub` of their ID token."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field(min_length=1, max_length=255, examples=["248289761001"])


@router.get("/api/v1/auth/oidc", summary="Is there single sign-on?", responses=problems())
async def get_sign_on(parts: PartsDep) -> SignOnOffer:
    """Tell whether one can log in by single sign-on, and where."""
    settings = parts.sign_on.settings
    on = settings.configured
    return SignOnOffer(configured=on, issuer=settings.issuer if on else None, login_path=_LOGIN if on else None)


@router.get(
    _LOGIN,
    summary="Log in by single sign-on",
    status_code=303,
    response_class=Response,
    responses={**problems(400, 404, 503), **_REDIRECT},
)
async def begin_sign_on(
    request: Request,
    parts: PartsDep,
    return_to: Annotated[str, Query(max_length=2000, description="a path here, or a page of a known front end")] = "/",
    code_challenge: Annotated[
        str, Query(pattern=r"^([A-Za-z0-9_-]{43})?$", description="S256; its verifier is then asked for")
    ] = "",
) -> Response:
    """Send the browser to the identity provider. It comes back to `return_to` with `#login_code=…`.

    The front end exchanges the code within a minute: `POST /api/v1/auth/token` with `grant_type=oidc`.
    """

    async def go() -> Response:
        departure = await parts.sign_on.depart(return_to, code_challenge)
        answer = RedirectResponse(departure.url, 303)
        answer.set_cookie(
            departure.cookie,
            departure.value,
            max_age=TERM,
            path=_COOKIES,
            secure=parts.sign_on.secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    return await _shown(request, go)


@router.get(
    CALLBACK,
    summary="Come back from the identity provider",
    status_code=303,
    response_class=Response,
    responses={**problems(400, 404, 503), **_REDIRECT},
)
async def finish_sign_on(
    request: Request,
    parts: PartsDep,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Check the provider's word and send the browser on. Only the provider sends browsers here."""

    async def go() -> Response:
        cookie = request.cookies.get(cookie_of(state), "")
        target = await parts.sign_on.arrive(cookie, state=state, code=code, error=error, issuer=iss)
        return RedirectResponse(target, 303)

    answer = await _shown(request, go)
    answer.delete_cookie(cookie_of(state), path=_COOKIES)
    return answer


@router.post("/api/v1/auth/oidc/logout", summary="Log out, here and at the provider", responses=problems())
async def log_out(parts: PartsDep, refresh_token: Annotated[str, Form(min_length=1, max_length=200)]) -> LoggedOut:
    """End the login of a refresh token; access tokens of it run out within minutes.

    Send the browser to `logout_url` to log out at the provider too.
    """
    return LoggedOut(logout_url=await parts.sign_on.leave(refresh_token))


@router.post(
    "/api/v1/auth/oidc/back-channel-logout",
    summary="Hear that a session has ended at the provider",
    responses=problems(400, 404, 503),
)
async def back_channel_logout(
    parts: PartsDep, response: Response, logout_token: Annotated[str, Form(max_length=20_000)]
) -> None:
    """End the logins of a session that the identity provider has ended (OpenID Connect Back-Channel Logout 1.0)."""
    response.headers["Cache-Control"] = "no-store"
    await parts.sign_on.ended_there(logout_token)


@router.get("/api/v1/users/{user_id}/sign-on", summary="Whom a user is at the provider", responses=problems(404))
async def get_links(user_id: str, parts: PartsDep, _: Annotated[Principal, require("users.read")]) -> list[Link]:
    """Return whom a user is at identity providers; mostly one or none."""
    async with parts.runtime.database.reading() as session:
        if await users.user(session, user_id) is None:
            raise _no_user()
        rows = await store.links_of(session, user_id)
    return [Link.model_validate(row, from_attributes=True) for row in rows]


@router.put("/api/v1/users/{user_id}/sign-on", summary="Link a user to the provider", responses=problems(404, 409))
async def put_link(
    user_id: str, new: NewLink, parts: PartsDep, _: Annotated[Principal, require("users.write")]
) -> Link:
    """Say whom a user is at the identity provider; from then on they log in there, and roles follow the provider."""
    settings = parts.sign_on.settings
    if not settings.configured:
        raise refusals.not_configured()
    link = {"issuer": settings.issuer, "subject": new.subject, "created_at": parts.runtime.clock.now()}
    try:
        async with parts.runtime.database.writing() as session:
            if await users.user(session, user_id) is None:
                raise _no_user()
            await store.unlink(session, user_id, settings.issuer)
            await store.add(session, SIGN_ONS, {**link, "user_id": user_id, "last_login_at": None})
    except IntegrityError:
        raise Problem(
            409,
            "sign-on.linked-elsewhere",
            zh="该统一身份已关联到另一用户",
            en="That person of the provider is another user here",
        ) from None
    return Link(**link, last_login_at=None)


@router.delete("/api/v1/users/{user_id}/sign-on", status_code=204, summary="Unlink a user", responses=problems(404))
async def delete_link(user_id: str, parts: PartsDep, _: Annotated[Principal, require("users.write")]) -> None:
    """Take a user's link to the identity provider away; logins that are open stay so until they are ended."""
    async with parts.runtime.database.writing() as session:
        if not await store.unlink(session, user_id, parts.sign_on.settings.issuer):
            raise Problem(404, "not-found", zh="该用户未关联统一身份", en="The user is not linked to the provider")


async def _shown(request: Request, go: Callable[[], Awaitable[Response]]) -> Response:
    """Answer; to a browser that asks for pages, what goes wrong is told as a page, to others as a problem document."""
    try:
        answer = await go()
    except Problem as problem:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        chinese = prefers_chinese(request.headers.get("accept-language"))
        answer = HTMLResponse(error_page(problem, chinese=chinese, again=_LOGIN), problem.status, problem.headers)
        answer.headers["Content-Security-Policy"] = CSP
        answer.headers["Content-Language"] = "zh-CN" if chinese else "en"
        answer.headers["Vary"] = "Accept, Accept-Language"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _no_user() -> Problem:
    return Problem(404, "not-found", zh="没有这个用户", en="There is no such user")
