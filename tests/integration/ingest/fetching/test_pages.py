"""Pages as they should be: packed, conditional, redirected, and what is sent to get them."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from datetime import UTC, datetime

import brotli
import pytest
import zstandard
from prometheus_client import REGISTRY

from kit.clock import ManualClock
from services.ingest.fetching.page import FEED, FetchFailed, FetchProblem, Request
from tests.integration.ingest.fetching.conftest import AGENT, Make
from tests.integration.ingest.fetching.servers import Asked, Names, Server, Writer, answer, says

TEXT = "临江市卫生健康委员会今日通报：东湖街道的消毒工作已经完成，市民不必担心。" * 20


async def test_a_page(server: Server, make: Make) -> None:
    clock = ManualClock(datetime(2026, 11, 24, 8, tzinfo=UTC))
    server["/a"] = says(body=TEXT.encode("gbk"), Content_Type="text/html; charset=gb2312", ETag='"1"', X_Two="a")
    page = await make(clock).fetch(Request(server.url("/a#part")))
    assert (page.status, page.requested, page.url) == (200, server.url("/a#part"), server.url("/a"))
    assert page.text == TEXT
    assert page.body == TEXT.encode("gbk")
    assert page.headers["content-type"] == "text/html; charset=gb2312"
    assert page.headers["x-two"] == "a"
    assert page.fetched_at == clock.now()
    assert 0 < page.seconds < 1
    assert page.redirects == ()
    assert server.paths() == ["/robots.txt", "/a"]
    for asked in server.asked:
        assert asked.agent == AGENT
        assert asked.headers["host"] == f"127.0.0.1:{server.port}"
        assert asked.headers["accept-encoding"] == "gzip, deflate, br, zstd"


async def test_what_the_request_asks_for_is_sent(server: Server, make: Make) -> None:
    server["/a"] = says()
    await make().fetch(Request(server.url("/a?b=词"), accept=FEED, headers={"X-Token": "s3cret"}))
    asked = server.asked[-1]
    assert asked.path == "/a?b=%E8%AF%8D"
    assert asked.headers["accept"] == FEED
    assert asked.headers["x-token"] == "s3cret"
    assert "if-none-match" not in asked.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0"},
        {"HOST": "x"},
        {"Content-Length": "5"},
        {"X": "a\r\nY: b"},
        {"X Y": "a"},
        {"": "a"},
    ],
)
async def test_headers_that_no_request_may_set(server: Server, make: Make, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        await make().fetch(Request(server.url("/a"), headers=headers))
    assert server.asked == []


async def test_a_page_that_has_not_changed(server: Server, make: Make) -> None:
    async def conditional(asked: Asked, writer: Writer) -> None:
        fresh = asked.headers.get("if-none-match") == '"1"'
        date = "Mon, 23 Nov 2026 08:00:00 GMT"
        body = b"" if fresh else b"page"
        status = "304 Not Modified" if fresh else "200 OK"
        writer.write(answer(status, body, ETag='"1"', Last_Modified=date))

    server["/a"] = conditional
    fetcher = make()
    first = await fetcher.fetch(Request(server.url("/a")))
    assert not first.not_modified
    assert first.validators == {"etag": '"1"', "last-modified": "Mon, 23 Nov 2026 08:00:00 GMT"}
    second = await fetcher.fetch(Request(server.url("/a"), validators=first.validators))
    assert second.not_modified
    assert second.body == b""
    assert second.validators == first.validators
    assert server.asked[-1].headers["if-modified-since"] == "Mon, 23 Nov 2026 08:00:00 GMT"
    assert server.connections == 1


async def test_not_modified_though_nothing_was_asked(server: Server, make: Make) -> None:
    server["/a"] = says("304 Not Modified")
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(server.url("/a")))
    assert (caught.value.problem, caught.value.status) == (FetchProblem.HTTP_STATUS, 304)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(TEXT.encode(), mtime=0)),
        ("deflate", zlib.compress(TEXT.encode())),
        ("deflate", zlib.compress(TEXT.encode())[2:-4]),
        ("br", brotli.compress(TEXT.encode())),
        ("zstd", zstandard.compress(TEXT.encode())),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT.encode(), mtime=0), mtime=0)),
        ("br, gzip", gzip.compress(brotli.compress(TEXT.encode()), mtime=0)),
        ("identity", TEXT.encode()),
    ],
)
async def test_packed_pages(server: Server, make: Make, coding: str, packed: bytes) -> None:
    server["/a"] = says(body=packed, Content_Encoding=coding, Content_Type="text/plain; charset=utf-8")
    assert (await make().fetch(Request(server.url("/a")))).text == TEXT


async def test_chunks_and_bodies_that_end_with_the_connection(server: Server, make: Make) -> None:
    async def chunked(_: Asked, writer: Writer) -> None:
        writer.write(answer(Transfer_Encoding="chunked"))
        for piece in (b"one ", b"two ", b"three"):
            writer.write(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece))
            await asyncio.sleep(0.01)
        writer.write(b"0\r\nTrailer: x\r\n\r\n")

    async def to_the_end(_: Asked, writer: Writer) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\none two three")
        writer.close()

    server["/chunked"], server["/end"] = chunked, to_the_end
    fetcher = make()
    for path in ("/chunked", "/end", "/chunked"):
        assert (await fetcher.fetch(Request(server.url(path)))).body == b"one two three"


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "203 Non-Authoritative"])
async def test_an_empty_body_is_a_page(server: Server, make: Make, status: str) -> None:
    server["/a"] = says(status, b"", Content_Encoding="gzip")
    page = await make().fetch(Request(server.url("/a")))
    assert (page.status, page.body, page.text) == (int(status[:3]), b"", "")


async def test_interim_answers_are_passed_over(server: Server, make: Make) -> None:
    async def hints(_: Asked, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 3 + answer(body=b"page"))

    server["/a"] = hints
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 500, 501, 300])
async def test_other_answers_are_failures(server: Server, make: Make, status: int) -> None:
    server["/a"] = says(f"{status} Whatever", b"<html>sorry</html>" * 10)
    fetcher = make()
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(Request(server.url("/a")))
        assert (caught.value.problem, caught.value.status) == (FetchProblem.HTTP_STATUS, status)
        assert caught.value.url == server.url("/a")
    # neither tried again nor worth a connection of its own
    assert server.paths() == ["/robots.txt", "/a", "/a"]
    assert server.connections == 1


async def test_redirects_are_followed(server: Server, make: Make, names: Names) -> None:
    names.answers["b.example"] = [["127.0.0.1"]]
    server["/1"] = says("301 Moved", b"moved", Location="2")
    server["/2"] = says("302 Found", Location="/新?x=1#y".encode().decode("latin-1"))
    server["/%E6%96%B0"] = says("303 See Other", Location=server.url("/4", "b.example"))
    server["/4"] = says("307 Temporary", Location=f"//b.example:{server.port}/5")
    server["/5"] = says("308 Permanent", Location="./6")
    server["/6"] = says(body=b"here")
    fetcher = make()
    page = await fetcher.fetch(Request(server.url("/1"), validators={"etag": '"1"'}, headers={"X-Token": "s3cret"}))
    assert page.body == b"here"
    assert page.url == server.url("/6", "b.example")
    assert page.redirects == (
        server.url("/1"),
        server.url("/2"),
        server.url("/%E6%96%B0?x=1"),
        server.url("/4", "b.example"),
        server.url("/5", "b.example"),
    )
    # what was meant for one host is not told another; what makes the request conditional is
    told = {asked.host for asked in server.asked if "x-token" in asked.headers}
    assert told == {"127.0.0.1"}
    assert server.asked[-1].headers["if-none-match"] == '"1"'
    assert next(asked.path for asked in server.asked if asked.host == "b.example") == "/robots.txt"


@pytest.mark.parametrize(
    ("locations", "problem"),
    [
        (["/a"], FetchProblem.REDIRECTS),
        (["/b", "/c", "/a"], FetchProblem.REDIRECTS),
        ([f"/{number}" for number in range(7)], FetchProblem.REDIRECTS),
        ([""], FetchProblem.PROTOCOL),
        (["file:///etc/passwd"], FetchProblem.NOT_AN_ADDRESS),
        (["gopher://127.0.0.1:70/"], FetchProblem.NOT_AN_ADDRESS),
        (["http://user:word@127.0.0.1/"], FetchProblem.NOT_AN_ADDRESS),
        (["http://10.0.0.1/"], FetchProblem.FORBIDDEN_ADDRESS),
        (["http://0x0a000001/"], FetchProblem.FORBIDDEN_ADDRESS),
        (["http://169.254.169.254/latest/meta-data/"], FetchProblem.FORBIDDEN_ADDRESS),
        (["http://[::ffff:127.0.0.1]/"], FetchProblem.FORBIDDEN_ADDRESS),
        (["/b", "http://inside.example/"], FetchProblem.FORBIDDEN_ADDRESS),
        (["http://gone.example/"], FetchProblem.DNS),
    ],
)
async def test_redirects_that_lead_nowhere(
    server: Server, make: Make, names: Names, locations: list[str], problem: FetchProblem
) -> None:
    names.answers["inside.example"] = [["192.168.0.10"]]
    place = "/a"
    for location in locations:
        server[place] = says("302 Found", Location=location)
        place = location
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(server.url("/a")))
    assert caught.value.problem is problem


async def test_as_many_redirects_as_are_allowed(server: Server, make: Make) -> None:
    for number in range(5):
        server[f"/{number}"] = says("302 Found", Location=f"/{number + 1}")
    server["/5"] = says(body=b"here")
    assert (await make(max_redirects=5).fetch(Request(server.url("/0")))).body == b"here"
    with pytest.raises(FetchFailed, match="redirects"):
        await make(max_redirects=4).fetch(Request(server.url("/0")))


async def test_connections_are_kept_for_the_next_page_and_not_for_ever(server: Server, make: Make) -> None:
    server["/a"] = says(body=b"page")
    fetcher = make(keep_alive=0.2)
    for _ in range(5):
        await fetcher.fetch(Request(server.url("/a")))
    assert (server.connections, server.open) == (1, 1)
    await asyncio.sleep(0.3)
    assert server.open == 0


async def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(server: Server, make: Make) -> None:
    async def once(_: Asked, writer: Writer) -> None:
        writer.write(answer(body=b"page"))
        asyncio.get_running_loop().call_later(0.05, writer.close)

    server["/a"] = once
    fetcher = make(retries=0)
    for pause in (0.0, 0.05, 0.1, 0.0):
        assert (await fetcher.fetch(Request(server.url("/a")))).body == b"page"
        await asyncio.sleep(pause)


async def test_giving_up_closes_the_connection(server: Server, make: Make) -> None:
    async def stuck(_: Asked, writer: Writer) -> None:
        writer.write(answer(Content_Length="100") + b"some")
        await asyncio.sleep(5)

    server["/stuck"], server["/a"] = stuck, says(body=b"page")
    fetcher = make(read_seconds=5, seconds=5)
    await fetcher.fetch(Request(server.url("/a")))
    for seconds in (0.0, 0.001, 0.1):
        task = asyncio.create_task(fetcher.fetch(Request(server.url("/stuck"))))
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    # the host's turn is free again
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"page"
    assert len(fetcher._connections) == 1


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("huiying_ingest_fetches_total", {"outcome": outcome}) or 0.0


async def test_fetches_are_counted_by_outcome(server: Server, make: Make) -> None:
    server["/a"] = says(body=b"page" * 100)
    fetcher = make()
    before = [counted(outcome) for outcome in ("ok", "http_status", "forbidden_address")]
    size = REGISTRY.get_sample_value("huiying_ingest_fetched_bytes_total") or 0.0
    await fetcher.fetch(Request(server.url("/a")))
    for url in (server.url("/none"), "http://10.0.0.1/"):
        with pytest.raises(FetchFailed):
            await fetcher.fetch(Request(url))
    assert [counted(outcome) for outcome in ("ok", "http_status", "forbidden_address")] == [n + 1 for n in before]
    assert (REGISTRY.get_sample_value("huiying_ingest_fetched_bytes_total") or 0.0) - size == 400
