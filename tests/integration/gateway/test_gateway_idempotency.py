"""`Idempotency-Key`: one effect however often it is sent."""

from __future__ import annotations

import asyncio

import redis.asyncio as redis

from tests.integration.gateway.harness import Gateway, problem

PATH = "/api/v1/cases"


async def test_the_same_key_and_body_gives_the_same_answer_and_one_call(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-1"}
    first = await gateway.http.post(PATH, json={"title": "一"}, headers=headers)
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    await asyncio.sleep(0.2)
    again = await gateway.http.post(PATH, json={"title": "一"}, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(gateway.upstream.to(PATH)) == 1


async def test_another_body_under_the_key_is_422(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-2"}
    await gateway.http.post(PATH, json={"title": "一"}, headers=headers)
    other = await gateway.http.post(PATH, json={"title": "二"}, headers=headers)
    problem(other, 422, "idempotency-key-reused")
    assert len(gateway.upstream.to(PATH)) == 1


async def test_a_second_while_the_first_still_runs_is_409(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-3"}
    first = asyncio.create_task(gateway.http.post(f"{PATH}/slow", json={}, headers=headers))
    await asyncio.sleep(0.25)
    second = await gateway.http.post(f"{PATH}/slow", json={}, headers=headers)
    problem(second, 409, "still-running")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert len(gateway.upstream.to(f"{PATH}/slow")) == 1


async def test_a_key_belongs_to_its_caller_and_path(gateway: Gateway) -> None:
    await gateway.add_user("chen.jing", "office")
    for headers in (await gateway.bearer(), await gateway.bearer("chen.jing", "a-long-enough-word")):
        for path in (PATH, "/api/v1/alerts"):
            answer = await gateway.http.post(path, json={}, headers={**headers, "Idempotency-Key": "shared"})
            assert answer.status_code == 201
            assert "idempotent-replayed" not in answer.headers
    assert len(gateway.upstream.calls) == 4


async def test_a_failure_of_the_server_is_not_kept(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-4"}
    for _ in range(2):
        assert (await gateway.http.post(f"{PATH}/fails", json={}, headers=headers)).status_code == 500
        await asyncio.sleep(0.2)
    assert len(gateway.upstream.to(f"{PATH}/fails")) == 2


async def test_a_key_of_no_use_is_refused(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    answer = await gateway.http.post(PATH, json={}, headers={**headers, "Idempotency-Key": "x" * 201})
    problem(answer, 400, "bad-idempotency-key")
    assert gateway.upstream.calls == []


async def test_a_request_that_breaks_off_is_not_carried_out_and_does_not_spoil_its_key(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-5", "Content-Type": "application/json"}
    body = b'{"title": "' + b"x" * 20_000 + b'"}'
    host, port = gateway.base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    writer.write(request.encode() + body[:9000])
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.3)
    assert gateway.upstream.to(PATH) == []
    answer = await gateway.http.post(PATH, content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    assert [call.body for call in gateway.upstream.to(PATH)] == [body]


async def test_a_secret_is_neither_kept_nor_shown_again_nor_made_twice(gateway: Gateway) -> None:
    headers = {**await gateway.bearer(), "Idempotency-Key": "k-6"}
    body = {"name": "推送", "roles": ["county"]}
    first = await gateway.http.post("/api/v1/api-keys", json=body, headers=headers)
    assert first.status_code == 201
    assert first.headers["cache-control"] == "no-store"
    await asyncio.sleep(0.2)
    again = await gateway.http.post("/api/v1/api-keys", json=body, headers=headers)
    problem(again, 409, "answer-shown-once")
    assert len((await gateway.http.get("/api/v1/api-keys", headers=headers)).json()["items"]) == 1
    client = redis.Redis.from_url(gateway.redis_url)
    try:
        kept = b"".join([await client.get(name) for name in await client.keys("gateway:idempotency:*")])
    finally:
        await client.aclose()
    assert kept
    assert b"body" not in kept
