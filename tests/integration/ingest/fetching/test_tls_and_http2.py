"""Certificates are verified, and HTTP/2 is spoken with those who can."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import uvloop

from services.ingest.fetching.fetcher import Fetcher
from services.ingest.fetching.limits import Limits
from services.ingest.fetching.page import FetchFailed, FetchProblem, Request
from tests.integration.ingest.fetching.certificates import Authority
from tests.integration.ingest.fetching.conftest import AGENT, Make
from tests.integration.ingest.fetching.servers import Asked, Http2, Names, Server, Writer, says

MIB = 1024 * 1024


async def https(server: Server, context: ssl.SSLContext, names: Names) -> asyncio.Server:
    server.port = 0
    server["/a"] = says(body=b"page")
    names.answers["site.example"] = [["127.0.0.1"]]
    return await server.start(context)


async def test_a_good_certificate(server: Server, make: Make, names: Names, authority: Authority) -> None:
    listening = await https(server, authority.server(["site.example", "127.0.0.1"]), names)
    fetcher = make()
    for host in ("site.example", "site.example.", "127.0.0.1"):
        assert (await fetcher.fetch(Request(server.url("/a", host, "https")))).body == b"page"
    assert server.connections == 2
    listening.close()


@pytest.mark.parametrize("kind", ["expired", "by itself", "another name", "unknown authority"])
async def test_bad_certificates(
    server: Server, make: Make, names: Names, authority: Authority, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    signer = Authority(tmp_path_factory.mktemp("other")) if kind == "unknown authority" else authority
    context = signer.server(
        ["other.example" if kind == "another name" else "site.example"],
        expired=kind == "expired",
        by_itself=kind == "by itself",
    )
    listening = await https(server, context, names)
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(server.url("/a", "site.example", "https")))
    assert caught.value.problem is FetchProblem.TLS
    assert server.asked == []
    listening.close()


async def test_by_default_no_unknown_authority_is_trusted(server: Server, names: Names, authority: Authority) -> None:
    listening = await https(server, authority.server(["site.example"]), names)
    fetcher = Fetcher(Limits(AGENT, allowed=("127.0.0.0/8",), delay=0), resolver=names)
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(server.url("/a", "site.example", "https")))
    assert caught.value.problem is FetchProblem.TLS
    await fetcher.close()
    listening.close()


async def test_https_where_there_is_none(make: Make) -> None:
    async def complain(reader: asyncio.StreamReader, writer: Writer) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(complain, "127.0.0.1")
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(f"https://127.0.0.1:{port}/"))
    assert caught.value.problem is FetchProblem.TLS
    listening.close()


async def test_a_handshake_that_does_not_end(make: Make) -> None:
    async def accept(reader: asyncio.StreamReader, writer: Writer) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(accept, "127.0.0.1")
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(FetchFailed) as caught:
        await make(retries=0, connect_seconds=0.2).fetch(Request(f"https://127.0.0.1:{port}/"))
    assert caught.value.problem is FetchProblem.CONNECT
    listening.close()


async def test_a_downgrade_by_redirect_loses_what_was_confidential(
    server: Server, make: Make, names: Names, authority: Authority
) -> None:
    plain = Server()
    listening = [await https(server, authority.server(["site.example"]), names), await plain.start()]
    server["/a"] = says("302 Found", Location=plain.url("/b", "site.example"))
    plain["/b"] = says(body=b"page")
    url = server.url("/a", "site.example", "https")
    assert (await make().fetch(Request(url, headers={"X-Token": "s3cret"}))).body == b"page"
    assert "x-token" in server.asked[-1].headers
    assert "x-token" not in plain.asked[-1].headers
    for one in listening:
        one.close()


@dataclass
class Second:
    """A server of HTTP/2."""

    pages: dict[str, tuple[list[tuple[str, str]], bytes]]
    asked: list[str]
    connections: list[Http2]
    port: int = 0

    def __setitem__(self, path: str, body: bytes) -> None:
        self.pages[path] = [(":status", "200")], body

    def url(self, path: str) -> str:
        return f"https://site.example:{self.port}{path}"


@pytest.fixture
async def second(authority: Authority, names: Names) -> AsyncIterator[Second]:
    names.answers["site.example"] = [["127.0.0.1"]]
    server = Second({}, [], [])

    def connect() -> Http2:
        server.connections.append(Http2(server.pages, server.asked))
        return server.connections[-1]

    context = authority.server(["site.example"], protocols=["h2"])
    listening = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


async def test_pages_over_http2(second: Second, make: Make) -> None:
    second.pages["/a"] = ([(":status", "200"), ("content-encoding", "gzip")], gzip.compress(b"page" * 1000))
    second["/large"] = bytes(1_500_000)
    second.pages["/away"] = ([(":status", "302"), ("location", "/a")], b"")
    fetcher = make()
    assert (await fetcher.fetch(Request(second.url("/a")))).body == b"page" * 1000
    assert len((await fetcher.fetch(Request(second.url("/large")))).body) == 1_500_000
    assert (await fetcher.fetch(Request(second.url("/away")))).redirects == (second.url("/away"),)
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(second.url("/none")))
    assert caught.value.status == 404
    assert second.asked == ["/robots.txt", "/a", "/large", "/away", "/a", "/none"]
    assert len(second.connections) == 1


@pytest.mark.parametrize(
    ("body", "headers", "problem"),
    [
        (b"RESET", [], FetchProblem.PROTOCOL),
        (b"GOAWAY", [], FetchProblem.PROTOCOL),
        (b"GARBAGE", [], FetchProblem.PROTOCOL),
        (bytes(10 * MIB), [], FetchProblem.TOO_LARGE),
        (gzip.compress(bytes(100 * MIB)), [("content-encoding", "gzip")], FetchProblem.TOO_LARGE),
        (b"", [(f"x-flood-{number}", "a" * 1000) for number in range(200)], FetchProblem.PROTOCOL),
        (b"page", [("content-length", "9")], FetchProblem.PROTOCOL),
    ],
)
async def test_hostile_http2(
    second: Second, make: Make, body: bytes, headers: list[tuple[str, str]], problem: FetchProblem
) -> None:
    second.pages["/a"] = ([(":status", "200"), *headers], body)
    second["/good"] = b"good"
    fetcher = make(retries=0)
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(second.url("/a")))
    assert caught.value.problem is problem
    assert (await fetcher.fetch(Request(second.url("/good")))).body == b"good"


async def test_pages_over_http2_given_up(second: Second, make: Make) -> None:
    second["/large"], second["/a"] = bytes(1_500_000), b"page"
    fetcher = make()
    await fetcher.fetch(Request(second.url("/a")))
    for _ in range(5):
        task = asyncio.create_task(fetcher.fetch(Request(second.url("/large"))))
        await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await fetcher.fetch(Request(second.url("/a")))).body == b"page"
    assert len(fetcher._connections) == 1


async def test_ipv6(make: Make) -> None:
    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        hosts.append(next(line for line in head.split("\r\n") if line.lower().startswith("host:")))
        status = b"404 Not Found" if "robots" in head else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage")
        await writer.drain()
        writer.close()

    hosts: list[str] = []
    listening = await asyncio.start_server(serve, "::1")
    port = listening.sockets[0].getsockname()[1]
    assert (await make().fetch(Request(f"http://[0:0::1]:{port}/"))).body == b"page"
    assert hosts == [f"Host: [::1]:{port}"] * 2
    listening.close()


def test_the_same_on_uvloop(authority: Authority) -> None:
    async def story() -> None:
        names, server, plain = Names({"site.example": [["127.0.0.1"]]}), Server(), Server()
        listening = [await server.start(authority.server(["site.example"])), await plain.start()]
        server["/a"] = says(body=gzip.compress(bytes(1000)), Content_Encoding="gzip")
        plain["/a"] = says("302 Found", Location=server.url("/a", "site.example", "https"))

        async def stuck(_: Asked, writer: Writer) -> None:
            await asyncio.sleep(5)

        plain["/stuck"] = stuck
        limits = Limits(AGENT, allowed=("127.0.0.0/8",), delay=0, seconds=0.2, retries=0)
        fetcher = Fetcher(limits, resolver=names, tls=authority.client)
        for _ in range(3):
            assert (await fetcher.fetch(Request(plain.url("/a")))).body == bytes(1000)
        with pytest.raises(FetchFailed, match="timeout"):
            await fetcher.fetch(Request(plain.url("/stuck")))
        assert server.connections == 1
        await fetcher.close()
        assert len(fetcher._connections) == 0
        for one in listening:
            one.close()
            await one.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())
