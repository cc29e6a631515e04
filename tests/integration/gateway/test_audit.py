"""The audit log: who saw, changed or took what, through the real door, on both databases."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from gateway.audit.log import AuditLog
from gateway.models import AUDIT, AUDIT_HEAD, Base
from kit.clock import ManualClock
from kit.database import Database
from kit.settings import ServiceSettings
from kit.testing import INTERNAL_KEY, MakeRuntime
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, problem

CASE = "/api/v1/cases/c-1"
ROUTE = "/api/v1/cases/{case_id}"


@pytest_asyncio.fixture
async def gateway(open_gateway: OpenGateway, database_url: str) -> AsyncIterator[Gateway]:
    """Give a gateway with a case behind it, on either database."""
    async with open_gateway(database_url=database_url) as made:
        made.upstream.told = {
            f"GET {CASE}/tasks": (f"{ROUTE}/tasks", "cases.read"),
            f"GET {CASE}/denied": (f"{ROUTE}/denied", "cases.read"),
            f"GET {CASE}/chunked": (f"{ROUTE}/chunked", "cases.read"),
            f"POST {CASE}/tasks": (f"{ROUTE}/tasks", "tasks.write"),
            "GET /api/v1/posts": ("/api/v1/posts", "posts.read"),
            "POST /api/v1/posts": ("/api/v1/posts", "posts.push"),
        }
        yield made


@pytest_asyncio.fixture
async def database(database_url: str, gateway: Gateway) -> AsyncIterator[Database]:
    """Give the gateway's database, as somebody with its password has it."""
    settings = ServiceSettings(database_url=database_url, internal_key=INTERNAL_KEY)  # type: ignore[arg-type]
    opened = Database(settings.database_url_for("gateway"), "gateway")
    yield opened
    await opened.dispose()


async def entries(gateway: Gateway, headers: dict[str, str], **params: str) -> list[dict[str, Any]]:
    """Search the log as an auditor."""
    answer = await gateway.http.get("/api/v1/audit", headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def auditor(gateway: Gateway) -> dict[str, str]:
    """Return the header of an auditor."""
    await gateway.add_user("shen.ji", "auditor")
    return await gateway.bearer("shen.ji", "a-long-enough-word")


async def test_reading_a_case_is_written_down_with_who_when_what_and_whence(gateway: Gateway) -> None:
    theirs = await auditor(gateway)
    await gateway.add_user("li.na", "office")
    her = await gateway.bearer("li.na", "a-long-enough-word")
    answer = await gateway.http.get(f"{CASE}/tasks?state=open", headers=her)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("x-huiying-")], "nobody outside needs them"
    (found,) = await entries(gateway, theirs, person="li.na", action="cases.read")
    assert found["who"] | {"id": ""} == {
        "id": "",
        "login": "li.na",
        "name": "li.na",
        "kind": "user",
        "roles": ["office"],
        "unit": None,
    }
    assert (found["kind"], found["method"], found["route"]) == ("read", "GET", f"{ROUTE}/tasks")
    assert (found["objects"], found["query"], found["status"]) == ({"case_id": "c-1"}, "state=open", 200)
    assert found["request_id"] == answer.headers["x-request-id"]
    assert found["client"] == "127.0.0.1"
    assert [one["sequence"] for one in await entries(gateway, theirs, object="c-1")] == [found["sequence"]]


async def test_what_is_public_is_not_written_down_and_what_nobody_explained_is(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    await gateway.http.get("/api/v1/posts", headers=headers)
    await gateway.http.post("/api/v1/posts", json={}, headers=headers)
    assert not await entries(gateway, headers, action="posts.read")
    assert not await entries(gateway, headers, action="posts.push")
    await gateway.http.get("/api/v1/cases/x/unexplained", headers=headers)
    (found,) = await entries(gateway, headers, action="unknown")
    assert found["route"] == "/api/v1/cases/x/unexplained"


async def test_changes_and_what_came_of_them_are_written_down(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    gateway.upstream.more[f"{CASE}/tasks"] = {"location": f"{CASE}/tasks/t-7"}
    assert (await gateway.http.post(f"{CASE}/tasks", json={}, headers=headers)).status_code == 201
    (found,) = await entries(gateway, headers, object="t-7")
    assert (found["kind"], found["actions"], found["objects"]) == (
        "change",
        ["tasks.write"],
        {"case_id": "c-1", "made": "t-7"},
    )
    user = await gateway.add_user("wang.wu", "office")
    (made,) = await entries(gateway, headers, action="users.write", object=user["id"])
    assert made["route"] == "/api/v1/users"
    await gateway.http.get(f"/api/v1/users/{user['id']}", headers=headers)
    assert [one["method"] for one in await entries(gateway, headers, action="users.read")] == ["GET"]


async def test_logins_are_written_down_with_the_name_that_was_claimed(gateway: Gateway) -> None:
    await gateway.token(username="li.na", password="not-hers-at-all")
    headers = await gateway.bearer()
    tries = await entries(gateway, headers, action="own")
    assert [(one["objects"].get("claimed"), one["status"]) for one in tries] == [("admin", 200), ("li.na", 401)]
    assert "not-hers-at-all" not in str(tries)


async def test_files_are_written_down_with_their_size(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    path = "/api/v1/posts"
    gateway.upstream.more[path] = {"content-disposition": 'attachment; filename="posts.csv"'}
    answer = await gateway.http.get(path, headers=headers)
    (found,) = await entries(gateway, headers, action="posts.read")
    assert (found["kind"], found["bytes"]) == ("export", len(answer.content))
    gateway.upstream.more[f"{CASE}/chunked"] = {"content-disposition": "attachment"}
    await gateway.http.get(f"{CASE}/chunked", headers=headers)
    sent, begun = await entries(gateway, headers, object="c-1")
    assert (begun["kind"], begun["bytes"], sent["kind"], sent["bytes"]) == ("export", None, "sent", 3000)
    assert begun["request_id"] == sent["request_id"]


async def test_only_auditor_and_administrator_read_it_and_nobody_changes_it(gateway: Gateway) -> None:
    await gateway.add_user("li.na", "office")
    hers = await gateway.bearer("li.na", "a-long-enough-word")
    for path in ("/api/v1/audit", "/api/v1/audit/export", "/api/v1/audit/verify"):
        problem(await gateway.http.get(path, headers=hers), 403, "forbidden")
    headers = await gateway.bearer()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api/v1/audit", "/api/v1/audit/1", "/api/v1/audit/export", "/api/v1/audit/verify"):
            answer = await gateway.http.request(method, path, headers=headers, json={})
            assert answer.status_code in (404, 405), (method, path)
    refused = await entries(gateway, headers, person="li.na", action="audit.read")
    assert [one["status"] for one in refused] == [403] * 3, "who was refused is written down too"


async def test_pages_are_stable_and_a_made_up_cursor_is_refused(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    for _ in range(5):
        await gateway.http.get(f"{CASE}/tasks", headers=headers)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", "object": "c-1", **({"cursor": cursor} if cursor else {})}
        page = (await gateway.http.get("/api/v1/audit", headers=headers, params=params)).json()
        seen += [one["sequence"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(set(seen), reverse=True)
    problem(await gateway.http.get("/api/v1/audit?cursor=WyJhIl0", headers=headers), 400, "bad-cursor")


async def test_the_export_holds_the_chain_and_is_an_entry_itself(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    await gateway.http.get(f"{CASE}/tasks?q==HYPERLINK(1)", headers=headers)
    answer = await gateway.http.get("/api/v1/audit/export?object=c-1", headers=headers)
    assert answer.headers["content-disposition"].startswith("attachment")
    (row,) = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (row["route"], row["objects"], row["login"]) == (f"{ROUTE}/tasks", "case_id=c-1", "admin")
    assert len(row["hash"]) == 64
    assert [one["kind"] for one in await entries(gateway, headers, action="audit.read")][-2:] == ["sent", "export"]


async def test_whoever_alters_takes_away_or_cuts_off_entries_is_found_out(gateway: Gateway, database: Database) -> None:
    headers = await gateway.bearer()
    for _ in range(4):
        await gateway.http.get(f"{CASE}/tasks", headers=headers)

    async def verdict(**params: Any) -> dict[str, Any]:
        return dict((await gateway.http.get("/api/v1/audit/verify", headers=headers, params=params)).json())

    async def run(*statements: sa.Executable) -> None:
        async with database.writing() as session:
            for statement in statements:
                await session.execute(statement)

    whole = await verdict()
    assert (whole["intact"], whole["complete"], whole["broken_at"]) == (True, True, None)
    async with database.reading() as session:
        rows = {row.sequence: row for row in await session.execute(sa.select(AUDIT))}
    third = rows[3]
    await run(sa.update(AUDIT).where(AUDIT.c.sequence == 3).values(body=third.body.replace("127.0.0.1", "10.0.0.1")))
    assert (await verdict())["broken_at"] == 3
    await run(sa.update(AUDIT).where(AUDIT.c.sequence == 3).values(body=third.body, login="somebody.else"))
    assert (await verdict())["broken_at"] == 3
    await run(sa.update(AUDIT).where(AUDIT.c.sequence == 3).values(login=third.login))
    assert (await verdict())["intact"]
    await run(sa.delete(AUDIT).where(AUDIT.c.sequence == 3))
    assert ((await verdict())["broken_at"], (await verdict())["reason"]) == (3, "missing")
    await run(sa.insert(AUDIT).values(**third._mapping))
    assert (await verdict())["intact"]
    noted = await verdict()
    # the end cut off, and the head with it: only what was noted elsewhere tells
    async with database.writing() as session:
        await session.execute(sa.delete(AUDIT).where(AUDIT.c.sequence > 3))
        await session.execute(sa.update(AUDIT_HEAD).values(last=3, hash=third.hash))
    assert (await verdict())["intact"]
    told = await verdict(known=noted["last"], known_hash=noted["hash"])
    assert told["broken_at"] == noted["last"]
    problem(await gateway.http.get("/api/v1/audit/verify?known=1", headers=headers), 422, "invalid-fields")


async def test_replicas_write_one_chain(open_gateway: OpenGateway, database_url: str) -> None:
    async with open_gateway(database_url=database_url) as one, open_gateway(database_url=database_url) as other:
        headers = await one.bearer()
        told = {f"GET {CASE}/tasks": (f"{ROUTE}/tasks", "cases.read")}
        one.upstream.told = other.upstream.told = told
        calls = [side.http.get(f"{CASE}/tasks", headers=headers) for side in (one, other) for _ in range(20)]
        assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
        verdict = (await one.http.get("/api/v1/audit/verify", headers=headers)).json()
        assert verdict["intact"]
        assert len(await entries(one, headers, object="c-1", limit="200")) == 40


async def test_nothing_is_shown_or_changed_that_cannot_be_written_down(gateway: Gateway, database: Database) -> None:
    headers = await gateway.bearer()
    async with database.writing() as session:
        await session.execute(sa.text("ALTER TABLE audit_entries RENAME TO audit_away"))
    answer = await gateway.http.get(f"{CASE}/tasks", headers=headers)
    problem(answer, 503, "audit-away")
    assert answer.headers["retry-after"]
    assert (await gateway.http.get("/api/v1/posts", headers=headers)).status_code == 200, "what is public goes on"
    # the first change goes through, and its entry waits
    assert (await gateway.http.post(f"{CASE}/tasks", json={}, headers=headers)).status_code == 201
    async with database.writing() as session:
        await session.execute(sa.text("ALTER TABLE audit_away RENAME TO audit_entries"))
    for _ in range(100):
        found = await entries(gateway, headers, action="tasks.write")
        if found:
            break
        await asyncio.sleep(0.1)
    assert [one["kind"] for one in found] == ["change"], "it was written when that was possible again"
    assert (await gateway.http.get("/api/v1/audit/verify", headers=headers)).json()["intact"]


async def test_old_entries_go_and_what_stays_can_be_checked(
    gateway: Gateway, database: Database, make_runtime: MakeRuntime
) -> None:
    headers = await gateway.bearer()
    for _ in range(3):
        await gateway.http.get(f"{CASE}/tasks", headers=headers)
    async with database.reading() as session:
        rows = list(await session.execute(sa.select(AUDIT).order_by(AUDIT.c.sequence)))
    later = ManualClock(rows[1].at + timedelta(days=200, microseconds=1))
    log = AuditLog(make_runtime("gateway", Base, clock=later), 200)
    await log.start()
    try:
        assert await log.trim() == 2
        extent = await log.extent()
        assert (extent.first, extent.anchor) == (rows[2].sequence, rows[1].hash)
    finally:
        await log.stop()
    verdict = (await gateway.http.get("/api/v1/audit/verify", headers=headers)).json()
    assert (verdict["intact"], verdict["first"], verdict["checked_from"]) == (True, 3, 3)
    (trim,) = await entries(gateway, headers, action="audit.trim")
    assert trim["objects"] == {"from": "1", "to": "2"}
