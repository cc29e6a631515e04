"""Hosts are asked as they wish to be: robots.txt, distance, Retry-After."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from kit.clock import SystemClock
from services.ingest.fetching.page import FetchFailed, FetchProblem, Request
from tests.integration.ingest.fetching.conftest import Make
from tests.integration.ingest.fetching.servers import Asked, Behaviour, Names, Server, Writer, answer, in_turn, says


def slow(seconds: float) -> Behaviour:
    async def behave(_: Asked, writer: Writer) -> None:
        await asyncio.sleep(seconds)
        writer.write(answer(body=b"page"))

    return behave


def gaps(server: Server, host: str) -> list[float]:
    times = [asked.at for asked in server.asked if asked.host == host]
    return [later - earlier for earlier, later in pairwise(times)]


async def test_a_host_is_asked_one_at_a_time_with_a_delay_while_others_go_on(server: Server, make: Make) -> None:
    server["/a"] = slow(0.02)
    fetcher = make(delay=0.15)
    hosts = [f"127.0.0.{number}" for number in range(1, 9)]
    begun = asyncio.get_running_loop().time()
    await asyncio.gather(*(fetcher.fetch(Request(server.url(f"/a?{n}", host))) for n in range(4) for host in hosts))
    took = asyncio.get_running_loop().time() - begun
    for host in hosts:
        assert len(gaps(server, host)) == 4
        assert min(gaps(server, host)) >= 0.149
        assert server.most_at_once[host] == 1
    # eight hosts side by side take what one takes
    assert took < 2.5 * 4 * 0.17


async def test_more_at_once_where_it_is_set(server: Server, make: Make) -> None:
    server["/a"] = slow(0.1)
    fetcher = make(concurrency=3)
    await asyncio.gather(*(fetcher.fetch(Request(server.url(f"/a?{n}"))) for n in range(9)))
    assert server.most_at_once["127.0.0.1"] == 3
    assert server.connections == 3


async def test_one_host_on_several_ports_is_one_host(server: Server, make: Make) -> None:
    other = Server(asked=server.asked)
    listening = await other.start()
    server["/a"] = other.behaviours["/a"] = says(body=b"page")
    fetcher = make(delay=0.1)
    await asyncio.gather(fetcher.fetch(Request(server.url("/a"))), fetcher.fetch(Request(other.url("/a"))))
    assert len(server.asked) == 4
    assert min(gaps(server, "127.0.0.1")) >= 0.099
    listening.close()


async def test_what_robots_txt_closes_is_not_asked_for(server: Server, make: Make) -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: HuiyingBot\nDisallow: /closed\nAllow: /closed/but\n"
    server["/robots.txt"] = says(body=rules.encode(), Content_Type="text/plain")
    for path in ("/open", "/closed/a", "/closed/but/a"):
        server[path] = says(body=b"page")
    fetcher = make()
    for path in ("/open", "/closed/but/a"):
        assert (await fetcher.fetch(Request(server.url(path)))).body == b"page"
    for path in ("/closed/a", "/open/../closed/a", "/%63losed/a"):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(Request(server.url(path)))
        assert caught.value.problem is FetchProblem.ROBOTS
    assert server.paths() == ["/robots.txt", "/open", "/closed/but/a"]


async def test_redirects_into_what_is_closed_are_not_followed(server: Server, make: Make, names: Names) -> None:
    names.answers["b.example"] = [["127.0.0.1"]]

    async def by_host(asked: Asked, writer: Writer) -> None:
        writer.write(answer(body=b"User-agent: *\nDisallow: /closed" if asked.host == "b.example" else b""))

    server["/robots.txt"] = by_host
    server["/a"] = says("302 Found", Location=server.url("/closed", "b.example"))
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(server.url("/a")))
    assert caught.value.problem is FetchProblem.ROBOTS
    assert caught.value.url == server.url("/closed", "b.example")
    assert "/closed" not in server.paths()


async def test_a_crawl_delay_is_kept(server: Server, make: Make) -> None:
    server["/robots.txt"] = says(body=b"User-agent: *\nCrawl-delay: 0.2\n")
    server["/a"] = says(body=b"page")
    fetcher = make()
    await asyncio.gather(*(fetcher.fetch(Request(server.url("/a"))) for _ in range(3)))
    assert min(gaps(server, "127.0.0.1")[1:]) >= 0.199


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone"])
async def test_without_robots_txt_all_is_open(server: Server, make: Make, status: str) -> None:
    server["/robots.txt"], server["/a"] = says(status), says(body=b"page")
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"


async def silent(_: Asked, writer: Writer) -> None:
    await asyncio.sleep(10)


async def rubbish(_: Asked, writer: Writer) -> None:
    writer.write(b"rubbish\r\n\r\n")


@pytest.mark.parametrize(
    "behaviour",
    [
        says("500 Broken"),
        says("503 Busy"),
        silent,
        rubbish,
        says(body=b"not packed", Content_Encoding="gzip"),
        says("302 Found", Location="ftp://site.example/robots.txt"),
    ],
)
async def test_while_robots_txt_is_unreadable_nothing_is_open(server: Server, make: Make, behaviour: Behaviour) -> None:
    server["/robots.txt"] = behaviour
    server["/a"] = says(body=b"page")
    fetcher = make(read_seconds=0.1)
    asked = 0
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(Request(server.url("/a")))
        assert caught.value.problem is FetchProblem.ROBOTS
        assert caught.value.retry_after == pytest.approx(300, abs=5)
        assert asked in (0, len(server.asked))
        asked = len(server.asked)
    assert "/a" not in server.paths()


async def test_a_robots_txt_that_recovers_within_the_fetch(server: Server, make: Make) -> None:
    server["/robots.txt"] = in_turn(says("503 Busy"), says(body=b"User-agent: *\nDisallow: /b"))
    server["/a"] = says(body=b"page")
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"


async def test_a_robots_txt_that_moved(server: Server, make: Make, names: Names) -> None:
    names.answers["www.example"] = [["127.0.0.1"]]
    server["/robots.txt"] = says("301 Moved", Location="/2/robots.txt")
    server["/2/robots.txt"] = says("302 Moved", Location=server.url("/3/robots.txt", "www.example"))
    server["/3/robots.txt"] = says(body=b"User-agent: *\nDisallow: /a")
    with pytest.raises(FetchFailed, match="robots"):
        await make().fetch(Request(server.url("/a")))


async def test_a_robots_txt_that_moves_on_and_on_is_none(server: Server, make: Make) -> None:
    server["/robots.txt"] = says("302 Moved", Location="/r/1")
    for number in range(1, 10):
        server[f"/r/{number}"] = says("302 Moved", Location=f"/r/{number + 1}")
    server["/a"] = says(body=b"page")
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"
    assert server.paths().count("/r/5") == 1
    assert "/r/6" not in server.paths()


async def test_an_endless_robots_txt_is_read_to_half_a_megabyte(server: Server, make: Make) -> None:
    sent = 0

    async def endless(_: Asked, writer: Writer) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /closed\n")
        while True:
            writer.write(b"Disallow: /x\n" * 5000)
            await writer.drain()
            sent += 65_000

    server["/robots.txt"], server["/a"] = endless, says(body=b"page")
    fetcher = make()
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"page"
    with pytest.raises(FetchFailed, match="robots"):
        await fetcher.fetch(Request(server.url("/closed")))
    assert sent < 8_000_000


async def test_a_large_robots_txt_with_a_stated_length_is_read(server: Server, make: Make) -> None:
    server["/robots.txt"] = says(body=b"User-agent: *\nDisallow: /closed\n" + b"# filler\n" * 200_000)
    server["/a"] = says(body=b"page")
    fetcher = make(max_bytes=1000)
    assert (await fetcher.fetch(Request(server.url("/a")))).body == b"page"
    with pytest.raises(FetchFailed, match="robots"):
        await fetcher.fetch(Request(server.url("/closed")))


async def test_many_pages_of_one_site_cause_one_look_at_its_robots_txt(server: Server, make: Make) -> None:
    server["/a"] = says(body=b"page")
    fetcher = make()
    await asyncio.gather(*(fetcher.fetch(Request(server.url(f"/a?{n}"))) for n in range(20)))
    assert server.paths().count("/robots.txt") == 1


@pytest.mark.parametrize("status", ["429 Too Many", "503 Busy"])
async def test_a_short_retry_after_is_waited_for(server: Server, make: Make, status: str) -> None:
    server["/a"] = in_turn(says(status, Retry_After="1"), says(body=b"page"))
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"
    assert gaps(server, "127.0.0.1")[-1] >= 0.99


async def test_a_retry_after_by_date_is_waited_for(server: Server, make: Make) -> None:
    async def busy(_: Asked, writer: Writer) -> None:
        now = SystemClock().now()
        date, until = (format_datetime(time, usegmt=True) for time in (now, now + timedelta(seconds=1)))
        writer.write(answer("503 Busy", Date=date, Retry_After=until))

    server["/a"] = in_turn(busy, says(body=b"page"))
    assert (await make().fetch(Request(server.url("/a")))).body == b"page"
    assert gaps(server, "127.0.0.1")[-1] >= 0.9


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        ("429 Too Many", {"Retry_After": "3600"}, 3600),
        ("503 Busy", {"Retry_After": "3600"}, 3600),
        ("429 Too Many", {}, 60),
    ],
)
async def test_a_host_that_wants_to_be_left_alone_is_asked_by_nobody(
    server: Server, make: Make, status: str, header: dict[str, str], wait: float
) -> None:
    server["/a"], server["/b"] = says(status, **header), says(body=b"page")
    fetcher = make()
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(server.url("/a")))
    assert (caught.value.problem, caught.value.status) == (FetchProblem.RATE_LIMITED, int(status[:3]))
    assert caught.value.retry_after == wait
    asked = len(server.asked)
    for path in ("/a", "/b"):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(Request(server.url(path)))
        assert caught.value.problem is FetchProblem.RATE_LIMITED
        assert caught.value.retry_after == pytest.approx(wait, abs=2)
    assert len(server.asked) == asked
    assert (await fetcher.fetch(Request(server.url("/b", "127.0.0.9")))).body == b"page"


async def test_those_who_wait_are_told_too(server: Server, make: Make) -> None:
    async def late(_: Asked, writer: Writer) -> None:
        await asyncio.sleep(0.1)
        writer.write(answer("429 Too Many", Retry_After="600"))

    server["/a"] = late
    fetcher = make()
    results = await asyncio.gather(
        *(fetcher.fetch(Request(server.url("/a"))) for _ in range(10)), return_exceptions=True
    )
    assert all(isinstance(result, FetchFailed) and result.problem is FetchProblem.RATE_LIMITED for result in results)
    assert server.paths() == ["/robots.txt", "/a"]


async def test_a_limit_at_robots_txt_holds_for_the_site(server: Server, make: Make) -> None:
    server["/robots.txt"] = says("429 Too Many", Retry_After="600")
    fetcher = make()
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await fetcher.fetch(Request(server.url("/a")))
        assert caught.value.problem is FetchProblem.RATE_LIMITED
    assert server.paths() == ["/robots.txt"]


async def test_a_service_of_ones_own_is_asked_without_its_robots_txt(server: Server, make: Make) -> None:
    server["/robots.txt"] = says(body=b"User-agent: *\nDisallow: /\n")
    server["/weibo/keyword/a"] = says(body=b"feed")
    fetcher = make(allowed=(), own=(f"127.0.0.1:{server.port}",))
    assert (await fetcher.fetch(Request(server.url("/weibo/keyword/a")))).body == b"feed"
    assert server.paths() == ["/weibo/keyword/a"]
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request("http://127.0.0.2:8080/other"))
    assert caught.value.problem is FetchProblem.FORBIDDEN_ADDRESS
