"""Logging in: passwords, refresh tokens that are good once, API keys, and slower and slower guessing."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import httpx

from tests.integration.gateway.harness import ADMIN_PASSWORD, Gateway, problem


async def test_login_gives_a_token_that_opens_the_door(gateway: Gateway) -> None:
    login = await gateway.log_in()
    assert login["token_type"] == "bearer"
    assert login["expires_in"] == 900
    answer = await gateway.http.get("/api/v1/me", headers={"Authorization": f"Bearer {login['access_token']}"})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["display_name"]) == ("admin", "系统管理员")
    assert answer.json()["roles"] == ["admin", "office"]
    assert "password" not in answer.text


async def test_a_closed_path_without_credentials_is_a_401_problem_in_the_callers_language(gateway: Gateway) -> None:
    for path in ("/api/v1/me", "/api/v1/cases", "/api/v1/stream", "/no/such/path"):
        answer = await gateway.http.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
        body = problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-language"] == "zh-CN"
        assert body["title"] == "需要登录"
    assert gateway.upstream.calls == []


async def test_a_forged_or_cut_token_is_refused(gateway: Gateway) -> None:
    token = (await gateway.log_in())["access_token"]
    head, claims, signature = token.split(".")
    for bad in (token[:-4] + "AAAA", f"{head}.{claims}.", f"eyJhbGciOiJub25lIn0.{claims}.", signature, "x"):
        answer = await gateway.http.get("/api/v1/me", headers={"Authorization": f"Bearer {bad}"})
        problem(answer, 401, "unauthenticated")
    basic = await gateway.http.get("/api/v1/me", headers={"Authorization": "Basic YWRtaW46eA=="})
    problem(basic, 401, "unauthenticated")


async def test_a_role_that_may_not_gets_403(gateway: Gateway) -> None:
    await gateway.add_user("zhang.wei", "expert")
    headers = await gateway.bearer("zhang.wei", "a-long-enough-word")
    assert (await gateway.http.get("/api/v1/me", headers=headers)).status_code == 200
    body = problem(await gateway.http.get("/api/v1/users", headers=headers), 403, "forbidden")
    assert body["action"] == "users.read"
    new = {"username": "li.na", "name": "li", "password": "a-long-enough-word", "roles": ["admin"]}
    problem(await gateway.http.post("/api/v1/users", json=new, headers=headers), 403, "forbidden")


async def test_a_wrong_password_and_an_unknown_name_sound_the_same(gateway: Gateway) -> None:
    wrong = problem(await gateway.token(username="admin", password="no"), 401, "bad-credentials")
    unknown = problem(await gateway.token(username="nobody", password="no"), 401, "bad-credentials")
    assert wrong["detail"] == unknown["detail"]


async def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_family(gateway: Gateway) -> None:
    first = await gateway.log_in()
    second = await gateway.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]

    reused = await gateway.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    problem(reused, 401, "bad-refresh-token")
    heir = await gateway.token(grant_type="refresh_token", refresh_token=second.json()["refresh_token"])
    problem(heir, 401, "bad-refresh-token")

    other = await gateway.log_in()
    again = await gateway.token(grant_type="refresh_token", refresh_token=other["refresh_token"])
    assert again.status_code == 200, "another login of the same person goes on"


async def test_disabling_a_user_ends_their_logins(gateway: Gateway) -> None:
    user = await gateway.add_user("wang.fang", "office")
    login = await gateway.log_in("wang.fang", "a-long-enough-word")
    bearer = {"Authorization": f"Bearer {login['access_token']}"}
    assert (await gateway.http.get("/api/v1/me", headers=bearer)).status_code == 200
    admin = await gateway.bearer()
    path = f"/api/v1/users/{user['id']}"
    assert (await gateway.http.patch(path, json={"enabled": False}, headers=admin)).status_code == 200
    problem(await gateway.http.get("/api/v1/me", headers=bearer), 401, "unauthenticated")
    problem(await gateway.token(username="wang.fang", password="a-long-enough-word"), 401, "bad-credentials")
    renewed = await gateway.token(grant_type="refresh_token", refresh_token=login["refresh_token"])
    problem(renewed, 401, "bad-refresh-token")


async def test_the_last_administrator_stays(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    me = (await gateway.http.get("/api/v1/me", headers=headers)).json()["id"]
    for change in ({"enabled": False}, {"roles": ["office"]}):
        problem(await gateway.http.patch(f"/api/v1/users/{me}", json=change, headers=headers), 409, "last-admin")


async def test_a_stale_etag_changes_nothing(gateway: Gateway) -> None:
    user = await gateway.add_user("zhao.min", "office")
    headers, path = await gateway.bearer(), f"/api/v1/users/{user['id']}"
    tag = (await gateway.http.get(path, headers=headers)).headers["etag"]
    changed = await gateway.http.patch(path, json={"name": "赵敏"}, headers={**headers, "If-Match": tag})
    assert changed.status_code == 200
    stale = await gateway.http.patch(path, json={"name": "别人"}, headers={**headers, "If-Match": tag})
    problem(stale, 412, "stale")
    assert (await gateway.http.get(path, headers=headers)).json()["name"] == "赵敏"


async def test_an_api_key_opens_the_door_until_it_is_revoked_and_shows_its_secret_once(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    made = await gateway.http.post("/api/v1/api-keys", json={"name": "推送", "roles": ["county"]}, headers=headers)
    assert made.status_code == 201
    key = made.json()
    mine = {"X-API-Key": key["secret"]}
    me = (await gateway.http.get("/api/v1/me", headers=mine)).json()
    assert (me["kind"], me["roles"], me["name"]) == ("api_key", ["county"], "推送")

    listed = await gateway.http.get("/api/v1/api-keys", headers=headers)
    assert key["secret"] not in listed.text
    assert listed.json()["items"][0]["prefix"] == key["prefix"]
    assert listed.json()["items"][0]["last_used_at"] is not None
    problem(await gateway.http.get("/api/v1/users", headers=mine), 403, "forbidden")

    assert (await gateway.http.delete(f"/api/v1/api-keys/{key['id']}", headers=headers)).status_code == 204
    problem(await gateway.http.get("/api/v1/me", headers=mine), 401, "unauthenticated")


async def test_an_api_key_ends_with_its_term(gateway: Gateway) -> None:
    body = {"name": "旧", "roles": ["county"], "expires_at": "2020-01-01T00:00:00+08:00"}
    headers = await gateway.bearer()
    problem(await gateway.http.post("/api/v1/api-keys", json=body, headers=headers), 422, "invalid-fields")
    body["expires_at"] = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    made = await gateway.http.post("/api/v1/api-keys", json=body, headers=headers)
    assert made.json()["status"] == "expiring"
    await asyncio.sleep(4.1)
    answer = await gateway.http.get("/api/v1/me", headers={"X-API-Key": made.json()["secret"]})
    problem(answer, 401, "unauthenticated")
    (listed,) = (await gateway.http.get("/api/v1/api-keys", headers=headers)).json()["items"]
    assert listed["status"] == "expired"


async def test_guessing_gets_slower_for_the_guessed_name_and_not_for_others(gateway: Gateway) -> None:
    await gateway.add_user("sun.li", "office")
    answers = [await gateway.token(username="admin", password=f"guess-{n}") for n in range(6)]
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    problem(answers[5], 429, "too-many-attempts")
    assert int(answers[5].headers["retry-after"]) >= 1
    held = await gateway.token(username="admin", password=ADMIN_PASSWORD)
    problem(held, 429, "too-many-attempts")
    assert (await gateway.token(username="sun.li", password="a-long-enough-word")).status_code == 200


async def test_guessing_in_parallel_gains_nothing(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.token(username="admin", password=f"guess-{n}") for n in range(40)))
    looked_at = sum(answer.status_code == 401 for answer in answers)
    assert looked_at <= 5
    for answer in answers:
        if answer.status_code != 401:
            problem(answer, 429, "too-many-attempts")


async def test_a_flood_of_logins_from_one_client_leaves_the_others_alone(gateway: Gateway) -> None:
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(base_url=gateway.base, timeout=30, trust_env=False, transport=elsewhere) as other:
        flood = [asyncio.create_task(gateway.token(username=f"name-{n}", password="x")) for n in range(40)]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        form = {"grant_type": "password", "username": "admin", "password": ADMIN_PASSWORD}
        assert (await other.post("/api/v1/auth/token", data=form)).status_code == 200
        assert time.monotonic() - began < 20
        refused = [answer for answer in await asyncio.gather(*flood) if answer.status_code == 429]
    assert refused
    assert all(answer.headers["retry-after"] == "1" for answer in refused)


async def test_the_gateways_own_routes_take_small_bodies_only(gateway: Gateway) -> None:
    await gateway.add_user("zhou.yu", "expert")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    anonymous = await gateway.http.post("/api/v1/auth/token", content=b"username=" + b"a" * 2_000_000, headers=form)
    problem(anonymous, 413, "too-large")
    headers = await gateway.bearer("zhou.yu", "a-long-enough-word")
    large = await gateway.http.post("/api/v1/users", json={"x": "a" * 2_000_000}, headers=headers)
    problem(large, 413, "too-large")
