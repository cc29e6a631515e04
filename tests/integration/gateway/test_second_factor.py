"""Logins that are listed and ended, and the second factor from enrolment to loss, on a real gateway."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp

from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, problem

WORD = "a-long-enough-word"
Headers = dict[str, str]


def code_of(secret: str, steps: int = 0) -> str:
    """Return the present code of an authenticator, or one `steps` half minutes away."""
    return str(pyotp.TOTP(secret).at(int(time.time()) + 30 * steps))


async def enrolled(gateway: Gateway, headers: Headers) -> tuple[str, list[str]]:
    """Enrol an authenticator; returns its secret and the recovery codes."""
    made = await gateway.http.post("/api/v1/me/second-factor", headers=headers)
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    assert parse_qs(urlsplit(made.json()["uri"]).query)["secret"] == [secret]
    assert made.json()["qr"].startswith("<svg")
    done = await gateway.http.post(
        "/api/v1/me/second-factor/confirm", headers=headers, json={"code": code_of(secret, -1)}
    )
    assert done.status_code == 200, done.text
    return secret, done.json()["recovery_codes"]


async def test_a_second_factor_from_enrolment_to_its_end(gateway: Gateway) -> None:
    await gateway.add_user("zhang.san", "office")
    headers = await gateway.bearer("zhang.san", WORD)
    began = await gateway.http.post("/api/v1/me/second-factor", headers=headers)
    assert (await gateway.token(username="zhang.san", password=WORD)).status_code == 200, "not before it is confirmed"
    wrong = await gateway.http.post("/api/v1/me/second-factor/confirm", headers=headers, json={"code": "000000"})
    problem(wrong, 409, "bad-second-factor")
    assert began.status_code == 201
    secret, recovery = await enrolled(gateway, headers)
    assert len(set(recovery)) == 10
    problem(await gateway.http.post("/api/v1/me/second-factor", headers=headers), 409, "second-factor-there")
    problem(await gateway.token(username="zhang.san", password=WORD), 401, "second-factor-required")
    problem(await gateway.token(username="zhang.san", password=WORD, otp="123456"), 401, "bad-second-factor")
    code = code_of(secret)
    assert (await gateway.token(username="zhang.san", password=WORD, otp=code)).status_code == 200
    problem(await gateway.token(username="zhang.san", password=WORD, otp=code), 401, "bad-second-factor")
    assert (await gateway.token(username="zhang.san", password=WORD, otp=recovery[0])).status_code == 200
    problem(await gateway.token(username="zhang.san", password=WORD, otp=recovery[0]), 401, "bad-second-factor")
    problem(await gateway.token(username="zhang.san", password="wrong-word-entirely", otp=code), 401, "bad-credentials")
    removed = await gateway.http.post("/api/v1/me/second-factor/remove", headers=headers, json={"code": recovery[1]})
    assert removed.status_code == 204
    assert (await gateway.token(username="zhang.san", password=WORD)).status_code == 200


async def test_of_two_who_bring_one_code_at_once_one_comes_in(gateway: Gateway) -> None:
    await gateway.add_user("zhang.san", "office")
    secret, _ = await enrolled(gateway, await gateway.bearer("zhang.san", WORD))
    form = {"username": "zhang.san", "password": WORD, "otp": code_of(secret)}
    answers = await asyncio.gather(*(gateway.token(**form) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401]


async def test_who_decides_can_do_nothing_but_enrol_where_it_is_required(open_gateway: OpenGateway) -> None:
    async with open_gateway(second_factor="required") as gateway:
        admin = await gateway.bearer()
        refused = await gateway.http.get("/api/v1/users", headers=admin)
        assert "authenticator" in problem(refused, 403, "forbidden")["detail"]
        await enrolled(gateway, admin)
        for name, role in (("zhao.ju", "group_leader"), ("qian.xian", "county")):
            body = {"username": name, "name": name, "password": WORD, "roles": [role]}
            assert (await gateway.http.post("/api/v1/users", json=body, headers=admin)).status_code == 201
        leader = await gateway.bearer("zhao.ju", WORD)
        me = (await gateway.http.get("/api/v1/me", headers=leader)).json()
        assert (me["permissions"], me["second_factor_missing"]) == ([], True)
        problem(await gateway.http.get("/api/v1/users", headers=leader), 403, "forbidden")
        county = (await gateway.http.get("/api/v1/me", headers=await gateway.bearer("qian.xian", WORD))).json()
        assert (bool(county["permissions"]), county["second_factor_missing"]) == (True, False)
        before = len(gateway.upstream.to("/api/v1/tasks"))
        secret, _ = await enrolled(gateway, leader)
        me = (await gateway.http.get("/api/v1/me", headers=leader)).json()
        assert ("cases.decide" in me["permissions"], me["second_factor_missing"]) == (True, False)
        await gateway.http.get("/api/v1/tasks", headers=leader)
        assert len(gateway.upstream.to("/api/v1/tasks")) == before + 1
        problem(await gateway.token(username="zhao.ju", password=WORD), 401, "second-factor-required")
        again = await gateway.token(username="zhao.ju", password=WORD, otp=code_of(secret, 1))
        assert again.status_code == 200


async def test_an_administrator_resets_a_lost_one(gateway: Gateway) -> None:
    user = await gateway.add_user("zhang.san", "office")
    headers = await gateway.bearer("zhang.san", WORD)
    await enrolled(gateway, headers)
    path = f"/api/v1/users/{user['id']}/second-factor"
    problem(await gateway.http.delete(path, headers=headers), 403, "forbidden")
    admin = await gateway.bearer()
    assert (await gateway.http.delete(path, headers=admin)).status_code == 204
    problem(await gateway.http.delete(path, headers=admin), 404, "not-found")
    assert (await gateway.http.get("/api/v1/me", headers=headers)).status_code == 401, "logins of before have ended"
    assert (await gateway.token(username="zhang.san", password=WORD)).status_code == 200


async def test_logins_are_listed_and_ended_one_by_one(gateway: Gateway) -> None:
    await gateway.add_user("zhang.san", "office")
    logins: list[dict[str, Any]] = []
    for agent in ("Firefox/140", "curl/8"):
        form = {"grant_type": "password", "username": "zhang.san", "password": WORD}
        answer = await gateway.http.post("/api/v1/auth/token", data=form, headers={"User-Agent": agent})
        logins.append(answer.json())
    first, second = ({"Authorization": f"Bearer {one['access_token']}"} for one in logins)
    listed = (await gateway.http.get("/api/v1/me/sessions", headers=first)).json()["items"]
    assert {(one["agent"], one["current"]) for one in listed} == {("Firefox/140", True), ("curl/8", False)}
    assert {(one["method"], one["address"], one["second_factor"]) for one in listed} == {
        ("password", "127.0.0.1", False)
    }
    other = next(one["id"] for one in listed if not one["current"])
    problem(await gateway.http.delete("/api/v1/me/sessions/nothing", headers=first), 404, "not-found")
    assert (await gateway.http.delete(f"/api/v1/me/sessions/{other}", headers=first)).status_code == 204
    assert (await gateway.http.get("/api/v1/me", headers=second)).status_code == 401
    stale = await gateway.http.post(
        "/api/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": logins[1]["refresh_token"]}
    )
    problem(stale, 401, "bad-refresh-token")
    renewed = await gateway.http.post(
        "/api/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": logins[0]["refresh_token"]}
    )
    assert renewed.status_code == 200
    assert len((await gateway.http.get("/api/v1/me/sessions", headers=first)).json()["items"]) == 1
    assert (await gateway.http.post("/api/v1/me/logout", headers=first)).status_code == 204
    assert (await gateway.http.get("/api/v1/me", headers=first)).status_code == 401


async def test_nobody_ends_anothers_login_but_the_administrator(gateway: Gateway) -> None:
    user = await gateway.add_user("zhang.san", "office")
    theirs = await gateway.bearer("zhang.san", WORD)
    admin = await gateway.bearer()
    mine = (await gateway.http.get("/api/v1/me/sessions", headers=admin)).json()["items"]
    refused = await gateway.http.delete(f"/api/v1/me/sessions/{mine[0]['id']}", headers=theirs)
    problem(refused, 404, "not-found")
    assert (await gateway.http.delete("/api/v1/me/sessions", headers=theirs)).status_code == 204
    assert (await gateway.http.get("/api/v1/me", headers=theirs)).status_code == 200, "one's own stays"
    ended = await gateway.http.delete(f"/api/v1/users/{user['id']}/sessions", headers=admin)
    assert ended.status_code == 204
    assert (await gateway.http.get("/api/v1/me", headers=theirs)).status_code == 401
    key = await gateway.http.post("/api/v1/api-keys", headers=admin, json={"name": "k", "roles": ["auditor"]})
    refused = await gateway.http.get("/api/v1/me/sessions", headers={"X-API-Key": key.json()["secret"]})
    problem(refused, 403, "not-a-person")
