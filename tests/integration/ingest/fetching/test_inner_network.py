"""No page, redirect or name leads the crawler inside the network."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from services.ingest.fetching.page import FetchFailed, FetchProblem, Request
from tests.integration.ingest.fetching.conftest import Make
from tests.integration.ingest.fetching.servers import Names, Server, says


async def refused(make: Make, url: str, **changes: object) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await make(**changes).fetch(Request(url))
    assert caught.value.problem is FetchProblem.FORBIDDEN_ADDRESS
    assert caught.value.url == url
    return caught.value


SPELLINGS = """
127.0.0.1 127.1 0x7f.1 2130706433 0177.0.0.1 [::1] [::ffff:127.0.0.1] [::ffff:7f00:1] 0.0.0.0 127.0.0.1.
"""


@pytest.mark.parametrize("host", SPELLINGS.split())
async def test_this_machine_by_any_spelling(server: Server, make: Make, host: str) -> None:
    server["/"] = says(body=b"secret")
    with pytest.raises(FetchFailed) as caught:
        await make(allowed=(), ports=frozenset({server.port})).fetch(Request(f"http://{host}:{server.port}/"))
    assert caught.value.problem is FetchProblem.FORBIDDEN_ADDRESS
    assert server.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.1.2.3"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["100.100.100.200"],
        ["8.8.8.8", "127.0.0.1"],
        ["2606:4700::1", "fd00::1"],
    ],
)
async def test_names_that_are_at_inner_addresses(
    server: Server, make: Make, names: Names, addresses: Sequence[str]
) -> None:
    names.answers["harmless.example"] = [addresses]
    await refused(make, f"http://harmless.example:{server.port}/", allowed=(), ports=frozenset({server.port}))
    assert server.connections == 0


async def test_a_name_that_changes_its_address_in_between_gains_nothing(
    server: Server, make: Make, names: Names
) -> None:
    # the first answer is good and was asked for robots.txt; the next, at the page, leads inside
    names.answers["rebinding.example"] = [["127.0.0.2"], ["127.0.0.1"]]
    fetcher = make(allowed=("127.0.0.2",), ports=frozenset({server.port}), keep_alive=0.0)
    url = f"http://rebinding.example:{server.port}/"
    server["/"] = says(body=b"secret")
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(Request(url))
    assert caught.value.problem is FetchProblem.FORBIDDEN_ADDRESS
    assert server.paths() == ["/robots.txt"]
    assert names.asked == ["rebinding.example"] * 2


async def test_one_connection_asks_for_a_name_once(server: Server, make: Make, names: Names) -> None:
    # every second answer would lead inside: nobody asks a second time
    names.answers["rebinding.example"] = [["127.0.0.2"], ["10.0.0.1"]]
    server["/"] = says(body=b"page")
    fetcher = make(allowed=("127.0.0.2",), ports=frozenset({server.port}))
    for _ in range(3):
        assert (await fetcher.fetch(Request(f"http://rebinding.example:{server.port}/"))).body == b"page"
    assert names.asked == ["rebinding.example"]


async def test_ports_are_a_set(server: Server, make: Make, names: Names) -> None:
    names.answers["public.example"] = [["8.8.8.8"]]
    for port in (22, 25, 6379, 9200):
        failure = await refused(make, f"http://public.example:{port}/", allowed=())
        assert failure.detail == f"public.example: port {port}"
    assert names.asked == []


async def test_the_operators_exceptions(server: Server, make: Make, names: Names) -> None:
    names.answers["rss.intern.example"] = [["127.0.0.1"]]
    names.answers["other.intern.example"] = [["127.0.0.1"]]
    server["/"] = says(body=b"page")
    url, other = server.url("/", "rss.intern.example"), server.url("/", "other.intern.example")
    for allowed in (("rss.intern.example",), (f"rss.intern.example:{server.port}",)):
        assert (await make(allowed=allowed).fetch(Request(url))).body == b"page"
        await refused(make, other, allowed=allowed, ports=frozenset({server.port}))
        await refused(make, server.url("/"), allowed=allowed, ports=frozenset({server.port}))
    await refused(make, url, allowed=("rss.intern.example:81",), ports=frozenset({server.port}))


async def test_an_allowed_host_does_not_open_the_way_for_its_redirects(
    server: Server, make: Make, names: Names
) -> None:
    names.answers["rss.intern.example"] = [["127.0.0.1"]]
    server["/"] = says("302 Found", Location=server.url("/admin"))
    with pytest.raises(FetchFailed) as caught:
        await make(allowed=("rss.intern.example",), ports=frozenset({server.port})).fetch(
            Request(server.url("/", "rss.intern.example"))
        )
    assert caught.value.problem is FetchProblem.FORBIDDEN_ADDRESS
    assert caught.value.url == server.url("/admin")
    assert "/admin" not in server.paths()


async def test_a_robots_txt_that_redirects_inside(server: Server, make: Make, names: Names) -> None:
    names.answers["site.example"] = [["127.0.0.1"]]
    server["/robots.txt"] = says("302 Found", Location="http://10.0.0.1/robots.txt")
    server["/"] = says(body=b"page")
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(server.url("/", "site.example")))
    assert caught.value.problem is FetchProblem.ROBOTS
    assert server.paths() == ["/robots.txt"]


async def test_the_second_address_where_the_first_does_not_answer(server: Server, make: Make, names: Names) -> None:
    names.answers["site.example"] = [["::1", "127.0.0.1"]]
    server["/"] = says(body=b"page")
    assert (await make().fetch(Request(server.url("/", "site.example")))).body == b"page"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://site.example/", "http://a@site.example/", "http://", "site.example"]
)
async def test_what_is_no_address_of_the_web(make: Make, url: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        await make().fetch(Request(url))
    assert caught.value.problem is FetchProblem.NOT_AN_ADDRESS
