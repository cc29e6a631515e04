"""Single sign-on against a real provider: who gets in, as what, and every way in which nobody should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from contracts.words import Role
from gateway.oidc.settings import OidcSettings
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, problem
from tests.integration.gateway.provider import CLIENT, SECRET, Provider, resigned, running

LOGIN, CALLBACK = "/api/v1/auth/oidc/login", "/api/v1/auth/oidc/callback"
HTML = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN"}
_KEY = RSAKey.generate_key(2048, auto_kid=True)


@pytest.fixture(scope="module")
def real_provider() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(real_provider: Provider) -> Iterator[Provider]:
    real_provider.asked.clear()
    yield real_provider
    real_provider.spoil, real_provider.away = None, False
    real_provider.more_keys.clear()


def settings(provider: Provider, **more: Any) -> OidcSettings:
    return OidcSettings(
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        roles={"yq-office": [Role.OFFICE], "yq-county": [Role.COUNTY], "yq-lead": [Role.GROUP_LEADER]},
        unit_claim="dept",
        units={"jd": "景东县移民系统"},
        **more,
    )


@pytest.fixture
async def gateway(open_gateway: OpenGateway, provider: Provider) -> AsyncIterator[Gateway]:
    async with open_gateway(oidc=settings(provider), public_url="http://gateway.example") as made:
        yield made


async def depart(gateway: Gateway, **query: str) -> str:
    answer = await gateway.http.get(LOGIN, params=query)
    assert answer.status_code == 303, answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    return answer.headers["location"]


def here(location: str) -> str:
    """Return the path that the browser asks the gateway for when the provider sends it back."""
    parts = urlsplit(location)
    assert f"{parts.scheme}://{parts.netloc}" == "http://gateway.example"
    return f"{parts.path}?{parts.query}"


async def sign_on(gateway: Gateway, provider: Provider, sub: str, **query: str) -> httpx.Response:
    """Go the whole way as `sub`; returns what the callback answers."""
    return await gateway.http.get(here(provider.log_in(await depart(gateway, **query), sub)))


def code_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["location"]).fragment)["login_code"][0]


async def exchange(gateway: Gateway, code: str, **form: str) -> httpx.Response:
    return await gateway.http.post("/api/v1/auth/token", data={"grant_type": "oidc", "code": code, **form})


async def me(gateway: Gateway, login: dict[str, Any]) -> httpx.Response:
    return await gateway.http.get("/api/v1/me", headers={"Authorization": f"Bearer {login['access_token']}"})


async def test_who_logs_in_there_is_known_here_with_the_roles_of_their_groups(
    gateway: Gateway, provider: Provider
) -> None:
    offer = (await gateway.http.get("/api/v1/auth/oidc")).json()
    assert offer == {"configured": True, "issuer": provider.issuer, "login_path": LOGIN}
    url = await depart(gateway, return_to="/console/?tab=cases")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == (
        "code",
        "S256",
        "openid profile",
    )
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    back = await gateway.http.get(here(provider.log_in(url, "p-1")))
    assert back.headers["location"].startswith("/console/?tab=cases#login_code=")
    assert back.headers["cache-control"] == "no-store"
    login = await exchange(gateway, code_of(back))
    assert login.status_code == 200, login.text
    who = (await me(gateway, login.json())).json()
    assert (who["name"], who["display_name"], who["roles"], who["unit"]) == ("li.na", "李娜", ["office"], "办公室")
    problem(await exchange(gateway, code_of(back)), 401, "sign-on.bad-code")

    county = await exchange(gateway, code_of(await sign_on(gateway, provider, "p-4")))
    who = (await me(gateway, county.json())).json()
    assert (who["display_name"], who["unit"]) == ("赵六", "景东县移民系统")
    assert who["name"].startswith("sso."), "a login name of other letters is no login name here"


async def test_roles_follow_the_provider_and_disabling_here_goes_before(gateway: Gateway, provider: Provider) -> None:
    provider.set_claims("p-9", preferred_username="sun.qi", name="孙七", groups=["yq-office"])
    first = (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-9")))).json()
    user = (await me(gateway, first)).json()["id"]
    provider.set_claims("p-9", preferred_username="sun.qi", name="孙七", groups=["yq-lead"])
    second = (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-9")))).json()
    who = (await me(gateway, second)).json()
    assert (who["id"], who["roles"]) == (user, ["group_leader"])
    problem(await me(gateway, first), 401, "unauthenticated")
    problem(
        await gateway.token(grant_type="refresh_token", refresh_token=first["refresh_token"]), 401, "bad-refresh-token"
    )

    provider.set_claims("p-9", preferred_username="sun.qi", name="孙七", groups=[])
    problem(await sign_on(gateway, provider, "p-9"), 403, "sign-on.no-role")
    problem(await me(gateway, second), 401, "unauthenticated")

    provider.set_claims("p-9", preferred_username="sun.qi", name="孙七", groups=["yq-lead"])
    headers = await gateway.bearer()
    await gateway.http.patch(f"/api/v1/users/{user}", json={"enabled": False}, headers=headers)
    problem(await sign_on(gateway, provider, "p-9"), 403, "sign-on.disabled")


async def test_nobody_becomes_a_local_user_by_bearing_their_name(gateway: Gateway, provider: Provider) -> None:
    body = problem(await sign_on(gateway, provider, "p-3"), 403, "sign-on.name-taken")
    assert "admin" in body["detail"]
    headers = await gateway.bearer()
    await gateway.add_user("someone", "auditor")
    (someone,) = [
        one
        for one in (await gateway.http.get("/api/v1/users", headers=headers)).json()["items"]
        if one["username"] == "someone"
    ]
    path = f"/api/v1/users/{someone['id']}/sign-on"
    assert (await gateway.http.put(path, json={"subject": "p-3"}, headers=headers)).status_code == 200
    login = (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-3")))).json()
    who = (await me(gateway, login)).json()
    assert (who["name"], who["roles"]) == ("someone", ["office"]), "linked, and roles follow the provider"
    (link,) = (await gateway.http.get(path, headers=headers)).json()
    assert (link["subject"], link["last_login_at"] is not None) == ("p-3", True)
    other = f"/api/v1/users/{(await gateway.add_user('other', 'auditor'))['id']}/sign-on"
    problem(await gateway.http.put(other, json={"subject": "p-3"}, headers=headers), 409, "sign-on.linked-elsewhere")
    assert (await gateway.http.delete(path, headers=headers)).status_code == 204
    problem(await sign_on(gateway, provider, "p-3"), 403, "sign-on.name-taken")


async def test_whoever_has_no_role_here_is_told_so_on_a_page(gateway: Gateway, provider: Provider) -> None:
    path = here(provider.log_in(await depart(gateway), "p-2"))
    page = await gateway.http.get(path, headers=HTML)
    assert page.status_code == 403
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "您所在的组在本系统没有对应的角色" in page.text
    assert page.headers["x-request-id"] in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    style = page.text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert digest in page.headers["content-security-policy"]
    users = (await gateway.http.get("/api/v1/users", headers=await gateway.bearer())).json()["items"]
    assert [one["username"] for one in users] == ["admin"], "nobody is made who may do nothing"


async def test_a_login_belongs_to_the_browser_that_began_it_and_ends_once(gateway: Gateway, provider: Provider) -> None:
    path = here(provider.log_in(await depart(gateway), "p-1"))
    async with httpx.AsyncClient(base_url=gateway.base, trust_env=False) as stranger:
        problem(await stranger.get(path), 400, "sign-on.not-begun-here")
    jar = list(gateway.http.cookies.jar)
    assert (await gateway.http.get(path)).status_code == 303
    for cookie in jar:
        gateway.http.cookies.jar.set_cookie(cookie)
    problem(await gateway.http.get(path), 400, "sign-on.not-begun-here")
    # a state of one's own beside the cookie of another login, and a code of another login
    url = await depart(gateway)
    theirs = parse_qs(urlsplit(provider.log_in(await depart(gateway), "p-4")).query)["code"][0]
    state = parse_qs(urlsplit(url).query)["state"][0]
    problem(await gateway.http.get(CALLBACK, params={"state": state, "code": theirs}), 401, "sign-on.bad-answer")
    problem(await gateway.http.get(CALLBACK, params={"state": "x" * 43, "code": theirs}), 400, "sign-on.not-begun-here")


async def test_a_front_ends_own_challenge_is_asked_for(gateway: Gateway, provider: Provider) -> None:
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    code = code_of(await sign_on(gateway, provider, "p-1", code_challenge=challenge))
    problem(await exchange(gateway, code, code_verifier="w" * 50), 401, "sign-on.bad-code")
    code = code_of(await sign_on(gateway, provider, "p-1", code_challenge=challenge))
    assert (await exchange(gateway, code, code_verifier=verifier)).status_code == 200


async def test_cancelling_there_is_told_here(gateway: Gateway, provider: Provider) -> None:
    path = here(provider.cancel(await depart(gateway)))
    problem(await gateway.http.get(path), 403, "sign-on.cancelled")


async def test_nobody_is_sent_elsewhere(gateway: Gateway) -> None:
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        problem(await gateway.http.get(LOGIN, params={"return_to": target}), 400, "sign-on.return-to")


def _none(token: str) -> str:
    def part(data: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    body = token.split(".")[1]
    return f"{part({'alg': 'none'})}.{body}."


def _confused(token: str) -> str:
    """Sign with the public key as if it were a secret, as a library that lets the token choose would believe."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": _KEY.kid}).encode()).rstrip(b"=").decode()
    signed = f"{head}.{token.split('.')[1]}"
    mac = hmac.new(_KEY.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


NOW = time.time()
SPOILT: dict[str, Any] = {
    "alg none": _none,
    "HS256 with the public key": _confused,
    "HS256 with the client secret": lambda token: jwt.encode(
        {"alg": "HS256"},
        json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")),
        OctKey.import_key(SECRET.encode().ljust(32, b"0")),
    ),
    "a key of nobody": lambda token: resigned(token, RSAKey.generate_key(2048, auto_kid=True)),
    "another nonce": lambda token: resigned(token, _KEY, nonce="of-another-login"),
    "no nonce": lambda token: resigned(token, _KEY, nonce=None),
    "another audience": lambda token: resigned(token, _KEY, aud="another-client"),
    "many audiences, nobody asked": lambda token: resigned(token, _KEY, aud=[CLIENT, "other"], azp=None),
    "asked for by another": lambda token: resigned(token, _KEY, azp="another-client"),
    "another issuer": lambda token: resigned(token, _KEY, iss="https://evil.example"),
    "expired": lambda token: resigned(token, _KEY, exp=int(NOW) - 120),
    "made long ago": lambda token: resigned(token, _KEY, iat=int(NOW) - 7200),
    "made in the future": lambda token: resigned(token, _KEY, iat=int(NOW) + 7200),
    "another access token": lambda token: resigned(token, _KEY, at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "nobody": lambda token: resigned(token, _KEY, sub=None),
    "times that are none": lambda token: resigned(token, _KEY, exp=float("nan")),
    "no times": lambda token: resigned(token, _KEY, exp=None),
    "not a token": lambda _token: "a.b.c",
}


async def test_what_is_not_the_providers_word_lets_nobody_in(gateway: Gateway, provider: Provider) -> None:
    provider.more_keys.append(_KEY)
    for name, spoilt in SPOILT.items():
        provider.spoil = lambda body, spoilt=spoilt: {**body, "id_token": spoilt(body["id_token"])}
        answer = await sign_on(gateway, provider, "p-1")
        assert answer.status_code == 401, name
        problem(answer, 401, "sign-on.bad-answer")
    users = (await gateway.http.get("/api/v1/users", headers=await gateway.bearer())).json()["items"]
    assert [one["username"] for one in users] == ["admin"]


async def test_what_is_spoilt_above_would_pass_unspoilt(gateway: Gateway, provider: Provider) -> None:
    """The same way with the same key of the tests: what the cases above refuse is what they spoil."""
    provider.more_keys.append(_KEY)
    provider.spoil = lambda body: {**body, "id_token": resigned(body["id_token"], _KEY, aud=[CLIENT, "o"], azp=CLIENT)}
    assert (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-1")))).status_code == 200


async def test_a_key_that_the_provider_has_changed_is_asked_for(gateway: Gateway, provider: Provider) -> None:
    assert (await sign_on(gateway, provider, "p-1")).status_code == 303
    assert provider.asked.count("jwks") == 1
    assert (await sign_on(gateway, provider, "p-1")).status_code == 303
    assert provider.asked.count("jwks") == 1, "kept"
    provider.restart()
    assert (await sign_on(gateway, provider, "p-1")).status_code == 303
    assert provider.asked.count("jwks") == 2


async def test_without_the_provider_passwords_go_on(gateway: Gateway, provider: Provider) -> None:
    url = await depart(gateway)
    path = here(provider.log_in(url, "p-1"))
    provider.away = True
    body = problem(await gateway.http.get(path), 503, "sign-on-away")
    assert body["detail"]
    page = await gateway.http.get(LOGIN, headers=HTML)
    assert page.status_code == 303, "the discovery document is kept"
    assert (await gateway.token(username="admin", password="the-administrators-own-word")).status_code == 200


async def test_a_provider_that_was_never_there_is_a_503(open_gateway: OpenGateway, provider: Provider) -> None:
    provider.away = True
    async with open_gateway(oidc=settings(provider), public_url="http://gateway.example") as gateway:
        answer = await gateway.http.get(LOGIN)
        problem(answer, 503, "sign-on-away")
        assert answer.headers["retry-after"]
        page = await gateway.http.get(LOGIN, headers=HTML)
        assert "统一身份认证暂不可用" in page.text
        await gateway.log_in()


async def test_logging_out_ends_the_login_here_and_names_the_way_out_there(
    gateway: Gateway, provider: Provider
) -> None:
    login = (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-1")))).json()
    form = {"refresh_token": login["refresh_token"]}
    answer = await gateway.http.post("/api/v1/auth/oidc/logout", data=form)
    url = urlsplit(answer.json()["logout_url"])
    query = parse_qs(url.query)
    assert url.path == "/oauth2/end_session"
    assert query["post_logout_redirect_uri"] == ["http://gateway.example/"]
    claims = json.loads(base64.urlsafe_b64decode(query["id_token_hint"][0].split(".")[1] + "=="))
    assert claims["sub"] == "p-1"
    problem(await gateway.token(grant_type="refresh_token", **form), 401, "bad-refresh-token")
    local = {"refresh_token": (await gateway.log_in())["refresh_token"]}
    assert (await gateway.http.post("/api/v1/auth/oidc/logout", data=local)).json() == {"logout_url": None}


async def test_the_provider_ends_logins_by_its_own_word_once(gateway: Gateway, provider: Provider) -> None:
    login = (await exchange(gateway, code_of(await sign_on(gateway, provider, "p-1")))).json()
    provider.more_keys.append(_KEY)
    now = int(time.time())
    claims = {
        "iss": provider.issuer, "aud": CLIENT, "sub": "p-1", "iat": now, "exp": now + 60, "jti": "j-1",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }  # fmt: skip

    async def tell(**more: Any) -> httpx.Response:
        body = {name: value for name, value in {**claims, **more}.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": _KEY.kid}, body, _KEY)
        return await gateway.http.post("/api/v1/auth/oidc/back-channel-logout", data={"logout_token": token})

    for wrong in ({"events": None}, {"nonce": "n"}, {"aud": "x"}, {"sub": None}, {"exp": now - 99}, {"jti": None}):
        problem(await tell(**wrong), 400, "sign-on.bad-logout")
    assert (await tell()).status_code == 200
    answer = await gateway.token(grant_type="refresh_token", refresh_token=login["refresh_token"])
    problem(answer, 401, "bad-refresh-token")
    problem(await tell(), 400, "sign-on.bad-logout")


async def test_the_whole_way_on_both_databases(
    open_gateway: OpenGateway, provider: Provider, database_url: str
) -> None:
    provider.set_claims("p-7", preferred_username="qian.ba", name="钱八", groups=["yq-office"])
    more = {"oidc": settings(provider), "public_url": "http://gateway.example", "database_url": database_url}
    async with open_gateway(**more) as one, open_gateway(**more) as other:
        # the browser comes back to another replica, and the front end asks the first one
        path = here(provider.log_in(await depart(one), "p-7"))
        other.http.cookies = one.http.cookies
        login = (await exchange(one, code_of(await other.http.get(path)))).json()
        assert (await me(other, login)).json()["name"] == "qian.ba"
        provider.set_claims("p-7", preferred_username="qian.ba", name="钱八", groups=["yq-county"])
        again = (await exchange(other, code_of(await sign_on(other, provider, "p-7")))).json()
        assert (await me(other, again)).json()["roles"] == ["county"]
        form = {"refresh_token": again["refresh_token"]}
        assert (await one.http.post("/api/v1/auth/oidc/logout", data=form)).json()["logout_url"]
        problem(await one.token(grant_type="refresh_token", **form), 401, "bad-refresh-token")


async def test_without_settings_there_is_no_single_sign_on(open_gateway: OpenGateway) -> None:
    async with open_gateway() as gateway:
        assert (await gateway.http.get("/api/v1/auth/oidc")).json()["configured"] is False
        problem(await gateway.http.get(LOGIN), 404, "sign-on.not-configured")


async def test_half_the_settings_are_refused_at_the_start(
    open_gateway: OpenGateway, provider: Provider, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="HUIYING_PUBLIC_URL"):
        async with open_gateway(oidc=settings(provider)):
            pass
