"""API keys: narrowed by scopes and networks, never more than their maker, followed by others, gone when revoked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa
from pydantic import SecretStr

from contracts.words import Role
from gateway import store
from gateway.api_keys import WARNED, ApiKeys
from gateway.models import API_KEYS, Base
from gateway.tokens import fingerprint
from kit import migrations
from kit.clock import ManualClock
from kit.database import Database
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, MakeRuntime
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, problem


async def make(gateway: Gateway, name: str = "推送", as_: dict[str, str] | None = None, **key: Any) -> httpx.Response:
    body = {"name": name, "roles": ["office"], **key}
    return await gateway.http.post("/api/v1/api-keys", json=body, headers=as_ or await gateway.bearer())


def with_key(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code in (200, 201), answer.text
    return {"X-API-Key": answer.json()["secret"]}


async def whoami(gateway: Gateway, key: dict[str, str]) -> httpx.Response:
    return await gateway.http.get("/api/v1/me", headers=key)


async def test_scopes_narrow_what_the_roles_allow_here_and_in_the_services(gateway: Gateway) -> None:
    key = with_key(await make(gateway, scopes=["posts.push", "tasks.*"]))
    me = (await whoami(gateway, key)).json()
    assert me["permissions"] == ["posts.push", "tasks.write"]
    assert me["scopes"] == ["posts.push", "tasks.*"]
    await gateway.http.post("/api/v1/posts", json={"posts": []}, headers=key)
    told = gateway.upstream.to("/api/v1/posts")[0].principal
    assert told is not None
    assert (told.may("posts.push"), told.may("posts.read"), told.roles) == (True, False, {Role.OFFICE})
    refused = problem(await gateway.http.get("/api/v1/stream", headers=key), 403, "forbidden")
    assert refused["detail"] == "The key's scopes do not name stream.read"

    reader = (await whoami(gateway, with_key(await make(gateway, "读", scopes=["read"])))).json()
    assert all(action.endswith(".read") for action in reader["permissions"])
    assert "cases.read" in reader["permissions"]
    body = problem(await make(gateway, "错", scopes=["posts.fly"]), 422, "invalid-fields")
    assert body["errors"][0]["pointer"] == "/scopes/0"
    problem(await make(gateway, "空", scopes=[]), 422, "invalid-fields")


async def test_a_key_without_scopes_may_what_its_roles_may(gateway: Gateway) -> None:
    me = (await whoami(gateway, with_key(await make(gateway, roles=["county"], unit="景东县移民系统")))).json()
    assert (me["scopes"], me["unit"]) == (None, "景东县移民系统")
    assert "posts.push" in me["permissions"]


async def test_no_key_may_more_than_its_maker(gateway: Gateway) -> None:
    body = problem(await make(gateway, roles=["group_leader"]), 403, "key.exceeds-maker")
    assert body["actions"] == ["reviews.mark", "escalations.stop"]
    assert (await make(gateway, "批", roles=["group_leader"], scopes=["cases.*"])).status_code == 201


async def test_keys_make_keys_only_where_their_scopes_say_so(gateway: Gateway) -> None:
    plain = with_key(await make(gateway, "全", roles=["admin"]))
    problem(await make(gateway, "子", as_=plain), 403, "forbidden")
    problem(await gateway.http.delete("/api/v1/api-keys/x", headers=plain), 403, "forbidden")
    maker = with_key(await make(gateway, "管", roles=["admin", "office"], scopes=["keys.write", "posts.push"]))
    assert (await make(gateway, "子", as_=maker, scopes=["posts.push"])).status_code == 201
    problem(await make(gateway, "孙", as_=maker, scopes=["posts.read"]), 403, "key.exceeds-maker")
    problem(await make(gateway, "孙", as_=maker), 403, "key.exceeds-maker")


async def test_names_are_theirs_alone_and_keys_end_after_a_year(gateway: Gateway) -> None:
    made = (await make(gateway)).json()
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=364) < left <= timedelta(days=365)
    assert made["status"] == "active"
    problem(await make(gateway), 409, "name-taken")


async def test_a_rotated_key_opens_by_both_secrets_until_the_overlap_ends(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    made = await make(gateway)
    path = f"/api/v1/api-keys/{made.json()['id']}"
    old = with_key(made)
    answer = await gateway.http.post(f"{path}/rotate", json={"overlap_seconds": 60}, headers=headers)
    new = with_key(answer)
    assert answer.json()["id"] == made.json()["id"]
    assert answer.json()["previous_until"] is not None
    assert [(await whoami(gateway, key)).status_code for key in (old, new)] == [200, 200]
    again = with_key(await gateway.http.post(f"{path}/rotate", json={"overlap_seconds": 0}, headers=headers))
    for key in (old, new):
        problem(await whoami(gateway, key), 401, "unauthenticated")
    assert (await whoami(gateway, again)).status_code == 200
    assert (await gateway.http.get(path, headers=headers)).json()["previous_until"] is None
    problem(await gateway.http.post("/api/v1/api-keys/none/rotate", headers=headers), 404, "not-found")


async def test_a_key_is_bound_to_its_networks_and_its_last_use_is_shown(gateway: Gateway) -> None:
    elsewhere = with_key(await make(gateway, "外", networks=["10.20.0.0/16", "2001:db8::/32"]))
    body = problem(await whoami(gateway, elsewhere), 401, "unauthenticated")
    assert "address" in body["detail"]
    near = await make(gateway, "内", networks=["127.0.0.0/8"])
    assert (await whoami(gateway, with_key(near))).status_code == 200
    answer = await gateway.http.get(f"/api/v1/api-keys/{near.json()['id']}", headers=await gateway.bearer())
    assert (answer.json()["last_used_from"], answer.json()["last_used_at"] is not None) == ("127.0.0.0/24", True)
    problem(await make(gateway, "错", networks=["10.20.0.1/16"]), 422, "invalid-fields")


async def test_a_mistyped_key_is_told_without_looking_it_up(gateway: Gateway) -> None:
    secret = with_key(await make(gateway))["X-API-Key"]
    typo = secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:]
    for wrong in (typo, secret[:-1], "hyk_", "geheim", "hyk_" + "é" * 49):
        answer = await gateway.http.get("/api/v1/me", headers=[(b"X-API-Key", wrong.encode())])
        assert "mistyped" in problem(answer, 401, "unauthenticated")["detail"]


async def test_a_revoked_key_is_refused_by_every_replica_within_seconds(
    open_gateway: OpenGateway, database_url: str
) -> None:
    async with open_gateway(database_url=database_url) as one, open_gateway(database_url=database_url) as other:
        made = await make(one)
        key = with_key(made)
        assert [(await whoami(gateway, key)).status_code for gateway in (one, other)] == [200, 200]
        await one.http.delete(f"/api/v1/api-keys/{made.json()['id']}", headers=await one.bearer())
        problem(await whoami(one, key), 401, "unauthenticated")
        async with asyncio.timeout(60):
            while (await whoami(other, key)).status_code != 401:
                await asyncio.sleep(0.2)


async def test_a_key_that_ends_soon_is_warned_of(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    runtime = make_runtime("gateway", Base, clock=clock)
    await runtime.start()
    row = {
        "roles": ["office"], "created_by": "admin", "created_at": clock.now(), "networks": [], "prefix": "hyk_",
    }  # fmt: skip
    async with runtime.database.writing() as session:
        for name, days in (("soon", 20), ("later", 40), ("over", -1)):
            values = {**row, "id": name, "name": name, "hash": name, "expires_at": clock.now() + timedelta(days=days)}
            await store.add(session, API_KEYS, values)
    async with runtime.database.reading() as session:
        found = await store.api_keys_ending(session, clock.now(), clock.now() + WARNED)
    assert [one.name for one in found] == ["soon"]
    await ApiKeys(runtime).warn()


async def test_old_keys_stay_good_and_keep_a_name_of_their_own(database_url: str) -> None:
    settings = ServiceSettings(database_url=database_url, internal_key=SecretStr(INTERNAL_KEY))
    url = settings.database_url_for("gateway")
    await migrations.upgrade(url, "gateway", Base.metadata, to="0002")
    database = Database(url, "gateway")
    old = sa.table("api_keys", *(sa.column(c.name, c.type) for c in API_KEYS.columns if c.name in _OLD))
    try:
        async with database.writing() as session:
            for n in range(3):
                values = {**_OLD, "id": str(n), "hash": fingerprint(str(n)), "created_at": datetime.now(UTC)}
                await session.execute(old.insert().values(values))
        await migrations.upgrade(url, "gateway", Base.metadata)
        async with database.reading() as session:
            rows = (await session.execute(sa.select(API_KEYS).order_by(API_KEYS.c.id))).all()
            found = await store.api_key(session, fingerprint("1"))
    finally:
        await database.dispose()
    assert [(row.name, row.scopes, row.networks) for row in rows] == [
        ("推送", None, []), ("推送 (2)", None, []), ("推送 (3)", None, []),
    ]  # fmt: skip
    assert found is not None
    assert found.id == "1"


_OLD = {
    "id": "", "name": "推送", "prefix": "hyk_abc", "hash": "", "roles": ["county"], "unit": None, "created_by": "admin",
    "created_at": None, "expires_at": None, "last_used_at": None,
}  # fmt: skip
