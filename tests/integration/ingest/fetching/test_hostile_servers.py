"""Servers that break, stall, lie and flood: every one ends in the right failure, in bounded time and memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc

import brotli
import pytest
import zstandard

from services.ingest.fetching.page import FetchFailed, FetchProblem, Page, Request
from tests.integration.ingest.fetching.conftest import Make
from tests.integration.ingest.fetching.servers import Asked, Behaviour, Names, Server, Writer, answer, in_turn, says

MIB = 1024 * 1024


def writes(data: bytes, *, then: str = "close") -> Behaviour:
    async def behave(_: Asked, writer: Writer) -> None:
        writer.write(data)
        await writer.drain()
        if then == "close":
            writer.close()
        elif then == "reset":
            writer.transport.abort()
        elif then == "silence":
            await asyncio.sleep(10)

    return behave


def drips(head: bytes, drop: bytes, seconds: float = 0.1) -> Behaviour:
    async def behave(_: Asked, writer: Writer) -> None:
        writer.write(head)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(seconds)

    return behave


def floods(head: bytes, wave: bytes) -> Behaviour:
    async def behave(_: Asked, writer: Writer) -> None:
        writer.write(head)
        while True:
            writer.write(wave)
            await writer.drain()

    return behave


async def failure(make: Make, server: Server, **changes: object) -> FetchFailed:
    fetcher = make(**{"retries": 0} | changes)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(server.url("/a")))
    assert asyncio.get_running_loop().time() - begun < 5
    # nothing of the bad connection is used again
    server["/good"] = says(body=b"good")
    assert (await fetcher.fetch(Request(server.url("/good")))).body == b"good"
    return caught.value


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(writes(b""), id="closed before the headers"),
        pytest.param(writes(b"", then="reset"), id="reset before the headers"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-"), id="closed within the headers"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), id="closed after the headers"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), id="shorter than stated"),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", then="reset"), id="reset in the body"
        ),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"), id="chunks without an end"
        ),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n12345\r\n"), id="not a chunk"
        ),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n12345"), id="two lengths"
        ),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n12345"), id="a negative length"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n12345"), id="a length in words"),
        pytest.param(writes(b"HTTP/1.1 OK\r\n\r\n"), id="no status"),
        pytest.param(writes(b"HTTP/1.1 2000 OK\r\n\r\n"), id="no such status"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), id="a line that is no header"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"), id="NUL in a header"),
        pytest.param(writes(b"SSH-2.0-OpenSSH_9.2\r\n"), id="another protocol"),
        pytest.param(writes(b"<html>no headers at all</html>" * 100), id="a page without headers"),
        pytest.param(writes(bytes(range(256)) * 1000), id="noise"),
        pytest.param(writes(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)), id="HTTP/2 unasked"),
        pytest.param(floods(b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"a" * 1000 + b"\r\n"), id="endless headers"),
        pytest.param(floods(b"HTTP/1.1 200 OK\r\nX-Flood: ", b"a" * 65_536), id="an endless header"),
        pytest.param(floods(b"", b"a" * 65_536), id="an endless first line"),
        pytest.param(
            floods(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n" * 1000),
            id="endless trailers",
        ),
        pytest.param(
            floods(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"ext=1;" * 1000),
            id="an endless chunk header",
        ),
    ],
)
async def test_what_is_not_http_as_it_should_be(server: Server, make: Make, behaviour: Behaviour) -> None:
    server["/a"] = behaviour
    assert (await failure(make, server)).problem is FetchProblem.PROTOCOL


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(writes(b"", then="silence"), id="silence"),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\nContent-", then="silence"), id="silence within the headers"),
        pytest.param(
            writes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123", then="silence"), id="silence in the body"
        ),
        pytest.param(writes(b"HTTP/1.1 200 OK\r\n\r\n123", then="silence"), id="a body without an end"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nX: ", b"a"), id="slow loris in the headers"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n"), id="slow loris by header"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a"), id="slow loris in the body"),
        pytest.param(drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="slow interim answers"),
        pytest.param(floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), id="endless interim answers"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"), id="slow chunks"),
    ],
)
async def test_what_does_not_come_to_an_end(server: Server, make: Make, behaviour: Behaviour) -> None:
    server["/a"] = behaviour
    assert (await failure(make, server, seconds=1.0)).problem is FetchProblem.TIMEOUT


PACKED = gzip.compress(b"page" * 1000, mtime=0)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", PACKED[:-10]),
        ("gzip", PACKED[:20] + b"xxxx" + PACKED[24:]),
        ("gzip", PACKED[:-8] + b"badcheck"),
        ("gzip", b"<html>not packed</html>"),
        ("br", PACKED),
        ("br", brotli.compress(b"page" * 1000)[:-3]),
        ("zstd", PACKED),
        ("zstd", zstandard.compress(b"page" * 1000)[:-3]),
        ("deflate", b"<html>not packed</html>"),
        ("gzip, br", PACKED),
        ("compress", PACKED),
    ],
)
async def test_bodies_that_cannot_be_unpacked(server: Server, make: Make, coding: str, body: bytes) -> None:
    server["/a"] = says(body=body, Content_Encoding=coding)
    assert (await failure(make, server)).problem is FetchProblem.CONTENT


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(says(body=gzip.compress(bytes(300 * MIB)), Content_Encoding="gzip"), id="gzip bomb"),
        pytest.param(says(body=brotli.compress(bytes(300 * MIB)), Content_Encoding="br"), id="brotli bomb"),
        pytest.param(says(body=zstandard.compress(bytes(300 * MIB)), Content_Encoding="zstd"), id="zstd bomb"),
        pytest.param(
            says(body=gzip.compress(gzip.compress(bytes(300 * MIB))), Content_Encoding="gzip, gzip"),
            id="a bomb in a bomb",
        ),
        pytest.param(floods(answer(Content_Length=str(200 * MIB)), bytes(65_536)), id="200 MB that are stated"),
        pytest.param(floods(answer(Content_Length="9" * 18), bytes(65_536)), id="more than there is"),
        pytest.param(
            floods(answer(Transfer_Encoding="chunked"), b"10000\r\n" + bytes(65_536) + b"\r\n"), id="endless chunks"
        ),
        pytest.param(floods(b"HTTP/1.1 200 OK\r\n\r\n", bytes(65_536)), id="an endless stream"),
    ],
)
async def test_too_much_is_not_kept_in_memory(server: Server, make: Make, behaviour: Behaviour) -> None:
    server["/a"] = behaviour
    tracemalloc.start()
    try:
        problem = (await failure(make, server, max_bytes=10 * MIB, seconds=5)).problem
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem is FetchProblem.TOO_LARGE
    assert peak < 24 * MIB


async def test_a_server_that_is_not_read_is_made_to_wait(server: Server, make: Make) -> None:
    sent = 0

    async def pours(_: Asked, writer: Writer) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()
            sent += 65_536

    server["/a"] = pours
    await failure(make, server, max_bytes=MIB)
    # stated as too much, so that nothing is read but what was on its way
    assert sent < 16 * MIB


async def test_surplus_after_the_stated_length_is_not_the_next_answer(server: Server, make: Make) -> None:
    lie = answer(body=b"planted", Content_Length="7")
    server["/a"] = writes(answer(body=b"12345", Content_Length="5") + lie, then="")
    server["/b"] = says(body=b"true")
    fetcher = make()
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"12345"
    assert (await fetcher.fetch(Request(server.url("/b")))).body == b"true"
    assert server.connections == 2


async def test_what_is_sent_unasked_is_not_the_next_answer(server: Server, make: Make) -> None:
    async def later(_: Asked, writer: Writer) -> None:
        writer.write(answer(body=b"12345"))
        asyncio.get_running_loop().call_later(0.05, writer.write, answer(body=b"planted"))

    server["/a"], server["/b"] = later, says(body=b"true")
    fetcher = make()
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"12345"
    await asyncio.sleep(0.1)
    assert (await fetcher.fetch(Request(server.url("/b")))).body == b"true"


async def test_nobody_listens(server: Server, make: Make) -> None:
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request("http://127.0.0.1:1/"))
    assert caught.value.problem is FetchProblem.CONNECT


async def test_a_name_that_is_not_known(make: Make, names: Names) -> None:
    fetcher = make()
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request("http://nowhere.example/"))
    assert caught.value.problem is FetchProblem.DNS
    names.answers["empty.example"] = [[]]
    with pytest.raises(FetchFailed, match="dns"):
        await fetcher.fetch(Request("http://empty.example/"))


async def test_a_name_server_that_does_not_answer(make: Make, names: Names) -> None:
    names.seconds = 10
    with pytest.raises(FetchFailed) as caught:
        await make(retries=0, connect_seconds=0.1).fetch(Request("http://slow.example/"))
    assert caught.value.problem is FetchProblem.DNS


async def test_a_storm_that_passes(server: Server, make: Make) -> None:
    bad = [says(f"{status} Storm") for status in (502, 504)]
    server["/a"] = in_turn(*bad, says(body=b"calm"))
    page = await make().fetch(Request(server.url("/a")))
    assert page.body == b"calm"
    assert server.paths().count("/a") == 3


async def test_a_storm_that_does_not(server: Server, make: Make) -> None:
    server["/a"] = in_turn(*[says("503 Storm")] * 4, says(body=b"calm"))
    fetcher = make()
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(server.url("/a")))
    assert (caught.value.problem, caught.value.status) == (FetchProblem.HTTP_STATUS, 503)
    assert server.paths().count("/a") == 3
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"calm"


async def test_silence_and_refusals_are_tried_again(server: Server, make: Make) -> None:
    server["/a"] = in_turn(writes(b"", then="silence"), says(body=b"calm"))
    assert (await make(read_seconds=0.1).fetch(Request(server.url("/a")))).body == b"calm"


async def test_many_bad_servers_at_once_hold_up_no_good_one(server: Server, make: Make) -> None:
    server["/stuck"] = writes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", then="silence")
    server["/a"] = says(body=b"page")
    fetcher = make(retries=0, total=100, read_seconds=2)
    bad = [asyncio.create_task(fetcher.fetch(Request(server.url("/stuck", f"127.0.1.{n}")))) for n in range(40)]
    await asyncio.sleep(0.3)
    begun = asyncio.get_running_loop().time()
    good = await asyncio.gather(*(fetcher.fetch(Request(server.url("/a", f"127.0.2.{n}"))) for n in range(40)))
    assert asyncio.get_running_loop().time() - begun < 1.5
    assert all(isinstance(page, Page) and page.body == b"page" for page in good)
    for result in await asyncio.gather(*bad, return_exceptions=True):
        assert isinstance(result, FetchFailed)
        assert result.problem is FetchProblem.TIMEOUT
