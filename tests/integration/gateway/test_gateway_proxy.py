"""The proxy: what goes through unchanged, what is taken away, and what a broken service looks like."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from contracts.words import Role
from tests.integration.gateway.conftest import OpenGateway
from tests.integration.gateway.harness import Gateway, Upstream, problem, reserve, serving


async def test_a_service_learns_who_calls_and_nothing_that_the_caller_made_up(gateway: Gateway) -> None:
    headers = {
        **await gateway.bearer(),
        "X-Huiying-Context": "forged",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil.example",
        "X-Real-IP": "6.6.6.6",
        "X-Huiying-Other": "forged",
        "Forwarded": "for=6.6.6.6",
        "Cookie": "session=1",
        "Connection": "x-hop",
        "X-Hop": "1",
        "TE": "trailers",
        "X-Kept": "yes",
    }
    answer = await gateway.http.get("/api/v1/cases/1/tasks?b=2&a=%E6%99%AE&a=", headers=headers)
    assert answer.status_code == 200
    (call,) = gateway.upstream.calls
    assert call.principal is not None
    assert (call.principal.name, call.principal.login) == ("系统管理员", "admin")
    assert call.principal.roles == {Role.ADMIN, Role.OFFICE}
    assert (call.path, call.query) == ("/api/v1/cases/1/tasks", "b=2&a=%E6%99%AE&a=")
    assert call.header("x-kept") == "yes"
    for name in ("authorization", "cookie", "forwarded", "x-hop", "te", "x-api-key"):
        assert call.header(name) is None, name
    said = str(call.headers)
    assert "6.6.6.6" not in said
    assert "evil.example" not in said
    assert "forged" not in said


async def test_hop_by_hop_headers_of_the_answer_stop_at_the_door(gateway: Gateway) -> None:
    answer = await gateway.http.get("/api/v1/cases/1/tasks", headers=await gateway.bearer())
    for name in ("x-secret-hop", "keep-alive", "server"):
        assert name not in answer.headers
    assert answer.headers["etag"] == '"7"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers.get_list("date")) == 1


async def test_a_request_id_is_echoed_and_handed_on_and_a_bad_one_replaced(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    given = await gateway.http.get("/api/v1/cases/1/tasks", headers={**headers, "X-Request-ID": "front-end.42"})
    assert given.headers.get_list("x-request-id") == ["front-end.42"]
    assert gateway.upstream.calls[-1].header("x-request-id") == "front-end.42"
    for bad in ("a b", "x" * 65, "a;b", ""):
        answer = await gateway.http.get("/api/v1/cases/1/tasks", headers={**headers, "X-Request-ID": bad})
        made = answer.headers["x-request-id"]
        assert made != bad
        assert len(made) == 36
        assert gateway.upstream.calls[-1].header("x-request-id") == made


async def test_public_pages_are_called_on_behalf_of_the_public(gateway: Gateway) -> None:
    answer = await gateway.http.get("/public/v1/statements")
    assert answer.status_code == 200
    principal = gateway.upstream.calls[-1].principal
    assert principal is not None
    assert (principal.kind, principal.roles) == ("public", frozenset())
    assert answer.headers["access-control-allow-origin"] == "*"
    for feed in (".rss", ".atom"):
        assert (await gateway.http.get(f"/public/v1/statements{feed}")).status_code == 200
    for key in ("acknowledgements/secret", "calendars/secret/roster.ics"):
        link = await gateway.http.get(f"/public/v1/{key}")
        assert link.status_code == 200
        assert "access-control-allow-origin" not in link.headers


async def test_an_answer_is_passed_on_while_it_is_still_being_made(gateway: Gateway) -> None:
    headers = await gateway.bearer()
    async with gateway.http.stream("GET", "/api/v1/cases/ticks", headers=headers) as answer:
        chunks = answer.aiter_bytes()
        assert await asyncio.wait_for(anext(chunks), 60) == b"data: 1\n\n"
        gateway.upstream.released.set()
        assert await asyncio.wait_for(anext(chunks), 60) == b"data: 2\n\n"


async def test_large_bodies_go_through_whole_in_both_directions(gateway: Gateway) -> None:
    headers = await gateway.bearer()

    async def body() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"z" * 50_000

    sent = await gateway.http.post("/api/v1/imports", content=body(), headers=headers)
    assert sent.json()["length"] == 2_000_000
    whole = await gateway.http.post("/api/v1/imports", content=b"z" * 300_000, headers=headers)
    assert whole.json()["length"] == 300_000
    got = await gateway.http.get("/api/v1/cases/1/large", headers=headers)
    assert got.content == b"y" * 1_000_000


async def test_a_body_over_the_limit_is_413_whether_it_says_so_or_not(open_gateway: OpenGateway) -> None:
    async with open_gateway(max_body=100_000, max_upload=200_000) as gateway:
        headers = await gateway.bearer()
        other = f"POST /api/v1/posts HTTP/1.1\r\nHost: gateway\r\nAuthorization: {headers['Authorization']}\r\n"
        plain = await _first_line(gateway, f"{other}Content-Length: 100001\r\n\r\n".encode())
        assert plain.startswith(b"HTTP/1.1 413"), "only files may be larger"
        head = f"POST /api/v1/imports HTTP/1.1\r\nHost: gateway\r\nAuthorization: {headers['Authorization']}\r\n"
        declared = await _first_line(gateway, f"{head}Content-Length: 200001\r\n\r\n".encode())
        assert declared.startswith(b"HTTP/1.1 413")
        chunks = [b"z" * 50_000] * 4 + [b"z"]
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        undeclared = await _first_line(gateway, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
        assert undeclared.startswith(b"HTTP/1.1 413")
        assert gateway.upstream.to("/api/v1/imports") == []
        fits = await gateway.http.post("/api/v1/imports", content=b"z" * 200_000, headers=headers)
        assert fits.status_code == 201


async def _first_line(gateway: Gateway, request: bytes) -> bytes:
    """Send these bytes and no more, and return how the answer begins."""
    host, port = gateway.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.readline(), 60)
    finally:
        writer.close()


async def test_a_dead_service_is_a_problem_and_leaves_the_others_alone(open_gateway: OpenGateway) -> None:
    async with open_gateway(notify_url=f"http://127.0.0.1:{reserve()}") as gateway:
        headers = await gateway.bearer()
        answer = await gateway.http.get("/api/v1/contacts", headers=headers)
        problem(answer, 503, "service-away")
        assert answer.headers["retry-after"]
        assert (await gateway.http.get("/api/v1/cases/1/tasks", headers=headers)).status_code == 200


async def test_a_hanging_service_is_504_and_does_not_hold_up_the_others(open_gateway: OpenGateway) -> None:
    async with open_gateway(upstream_seconds=0.5) as gateway:
        headers = await gateway.bearer()
        began = time.monotonic()
        hanging = asyncio.create_task(gateway.http.get("/api/v1/cases/1/hang", headers=headers))
        quick = await gateway.http.get("/api/v1/cases/1/tasks", headers=headers)
        assert quick.status_code == 200
        assert not hanging.done()
        problem(await hanging, 504, "gateway-timeout")
        assert time.monotonic() - began < 20


async def test_an_answer_that_breaks_off_is_not_passed_off_as_whole(gateway: Gateway) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await gateway.http.get("/api/v1/cases/broken", headers=await gateway.bearer())


async def test_several_addresses_of_a_service_take_turns_and_a_dead_one_is_stepped_over(
    open_gateway: OpenGateway,
) -> None:
    one, other = Upstream(), Upstream()
    with serving(one.app(), reserve()) as first, serving(other.app(), reserve()) as second:
        dead = f"http://127.0.0.1:{reserve()}"
        async with open_gateway(cases_url=f"{first},{dead},{second}") as gateway:
            headers = await gateway.bearer()
            answers = [await gateway.http.get("/api/v1/cases/1/tasks", headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len(one.calls) + len(other.calls) == 6
    assert min(len(one.calls), len(other.calls)) >= 2


async def test_a_caller_who_leaves_an_endless_answer_frees_the_service(gateway: Gateway) -> None:
    async with gateway.http.stream("GET", "/api/v1/cases/ticks", headers=await gateway.bearer()) as answer:
        await asyncio.wait_for(anext(answer.aiter_bytes()), 60)
        assert gateway.upstream.ticking == 1
    deadline = time.monotonic() + 30
    while gateway.upstream.ticking:
        assert time.monotonic() < deadline, "the service still answers nobody"
        await asyncio.sleep(0.05)


async def test_who_sends_too_much_is_told_so_and_not_cut_off(open_gateway: OpenGateway) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"z" * 50_000

    async with open_gateway(max_body=200_000) as gateway:
        headers = await gateway.bearer()
        for _ in range(8):
            problem(await gateway.http.post("/api/v1/posts", content=body(), headers=headers), 413, "too-large")
            whole = await gateway.http.post("/api/v1/posts", content=b"z" * 1_000_000, headers=headers)
            problem(whole, 413, "too-large")
