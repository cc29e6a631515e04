"""What attackers send, byte by byte, to a gateway as operators start it: the door stays open for others."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.gateway.harness import Upstream, reserve, serving
from tests.integration.gateway.process import GatewayProcess, gateway_process, heard, is_open

#: seconds for a head, and of the window over which a body's pace is measured
_SECONDS = 1.5


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    """Give the service behind the gateway."""
    return Upstream()


@pytest.fixture(scope="module")
def door(valkey_server: str, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Give a gateway with short times."""
    bounds = {"head_seconds": _SECONDS, "body_window": _SECONDS, "stuck_seconds": _SECONDS, "upstream_seconds": 2}
    with (
        serving(upstream.app(), reserve()) as behind,
        gateway_process(tmp_path_factory.mktemp("door"), valkey_server, reserve(), behind, **bounds) as made,
    ):
        yield made


def _is_open(door: GatewayProcess) -> bool:
    return is_open(door.base)


def _status(said: bytes) -> int:
    assert said.startswith(b"HTTP/1.1 "), said[:200]
    return int(said[9:12])


_POST = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(
            _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="length and chunks"
        ),
        pytest.param(
            _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", id="chunks and length"
        ),
        pytest.param(_POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", id="two lengths"),
        pytest.param(_POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", id="one length twice"),
        pytest.param(_POST + b"Content-Length: 4, 4\r\n\r\nabcd", id="list of lengths"),
        pytest.param(_POST + b"Content-Length: +4\r\n\r\nabcd", id="signed length"),
        pytest.param(_POST + b"Content-Length: 0x4\r\n\r\nabcd", id="hexadecimal length"),
        pytest.param(_POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="unknown coding"),
        pytest.param(_POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", id="chunks not last"),
        pytest.param(_POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", id="two codings"),
        pytest.param(_POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", id="space before the colon"),
        pytest.param(_POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n", id="control character in a coding"),
        pytest.param(_POST + b"X: 1\r\n Transfer-Encoding: chunked\r\n\r\n", id="folded line"),
        pytest.param(_POST + b"X: a\rb\r\n\r\n", id="bare CR in a value"),
        pytest.param(_POST + b"X: a\x00b\r\n\r\n", id="NUL in a value"),
        pytest.param(_POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n", id="size that is no number"),
        pytest.param(
            _POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", id="chunk longer than it says"
        ),
        pytest.param(
            b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunks in HTTP/1.0"
        ),
        pytest.param(b"GET /livez HTTP/1.1\r\n\r\n", id="no host"),
        pytest.param(b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", id="two hosts"),
        pytest.param(b"GET http://b/livez HTTP/1.1\r\nHost: a\r\n\r\n", id="address of another host"),
        pytest.param(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", id="tunnel"),
        pytest.param(b"GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", id="unknown version"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS to a plain port"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(door: GatewayProcess, sent: bytes) -> None:
    said = door.said_to(sent + b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")

    assert _status(said) == 400
    assert b"application/problem+json" in said
    assert said.count(b"HTTP/1.1 ") == 1, "what was hidden behind it was answered too"
    assert _is_open(door)


def test_lines_that_end_in_a_bare_line_feed_hide_nothing(door: GatewayProcess) -> None:
    said = door.said_to(b"GET /livez HTTP/1.1\nHost: a\n\nGET /livez HTTP/1.1\nHost: a\nConnection: close\n\n")

    assert said.count(b"HTTP/1.1 200") in (0, 2), said
    assert _is_open(door)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"X: " + b"a" * 40_000 + b"\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(200)), 431),
        (b"X: " + b"a" * 8_000 + b"\r\n", 200),
    ],
    ids=["one large field", "two hundred fields", "a field that is allowed"],
)
def test_heads_are_bounded(door: GatewayProcess, head: bytes, status: int) -> None:
    sent = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + head + b"\r\n"

    assert _status(door.said_to(sent)) == status


def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(door: GatewayProcess) -> None:
    with door.connect() as opened:
        opened.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nX: ")
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 50_000_000:
                opened.sendall(b"a" * 65_536)
                sent += 65_536
    assert sent < 10_000_000


def test_requests_in_a_row_are_answered_in_their_order(door: GatewayProcess) -> None:
    said = door.said_to(
        b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /api/v1/cases HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET http://a/livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )

    assert [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]] == [200, 401, 200]


def test_http_1_0_ends_with_its_answer(door: GatewayProcess) -> None:
    said = door.said_to(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /livez HTTP/1.0\r\n\r\n")

    assert said.count(b"HTTP/1.1 200") == 1


def test_chunk_extensions_are_not_passed_on(door: GatewayProcess, upstream: Upstream) -> None:
    token = door.bearer()["Authorization"].encode()
    upstream.calls.clear()
    said = door.said_to(
        b"POST /api/v1/cases HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: " + token + b"\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n4;a=b;c\r\nabcd\r\n0\r\nX-Trailer: 1\r\n\r\n"
    )

    assert _status(said) == 201
    (call,) = upstream.calls
    assert call.body == b"abcd"
    assert call.header("x-trailer") is None


@pytest.mark.parametrize("around", [b"4;a=", b"0\r\nX-Trailer: "], ids=["extension", "trailer"])
def test_what_stands_around_a_body_is_bounded(door: GatewayProcess, around: bytes) -> None:
    with door.connect() as opened:
        opened.sendall(_POST + b"Transfer-Encoding: chunked\r\n\r\n" + around)
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 50_000_000:
                opened.sendall(b"a" * 65_536)
                sent += 65_536
    assert sent < 10_000_000


@pytest.mark.parametrize(
    "begun", [b"", b"GET /livez HTT", b"GET /livez HTTP/1.1\r\nHost: a\r\n"], ids=["nothing", "line", "fields"]
)
def test_a_head_that_trickles_in_is_given_up(door: GatewayProcess, begun: bytes) -> None:
    with door.connect() as opened:
        opened.sendall(begun)
        ended = _trickle(opened, b"X: 1\r\n" if begun.endswith(b"\n") else b"")

    assert _status(ended) == 408
    assert _is_open(door)


def test_empty_lines_do_not_keep_an_answered_connection(door: GatewayProcess) -> None:
    with door.connect() as opened:
        opened.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):  # head and body may come one after the other
            answer += opened.recv(65_536)
        assert b"200 OK" in answer
        assert _status(_trickle(opened, b"\r\n")) == 408


@pytest.mark.parametrize("path", [b"/api/v1/auth/token", b"/api/v1/cases", b"/api/v1/imports"])
def test_a_body_that_trickles_in_is_given_up(door: GatewayProcess, path: bytes) -> None:
    token = door.bearer()["Authorization"].encode()
    with door.connect() as opened:
        opened.sendall(
            b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Authorization: " + token + b"\r\nContent-Length: 200000\r\n\r\n"
        )
        ended = _trickle(opened, b"a")

    assert _status(ended) == 408
    assert _is_open(door)


def test_an_answer_that_nobody_takes_is_given_up(door: GatewayProcess) -> None:
    token = door.bearer()["Authorization"].encode()
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.connect(("127.0.0.1", door.port))
        asked = b"GET /api/v1/cases/x/large HTTP/1.1\r\nHost: a\r\nAuthorization: " + token + b"\r\n\r\n"
        opened.sendall(asked * 10)
        deadline = time.monotonic() + 60
        while any(_remote(one) == opened.getsockname() for one in door.process.net_connections("tcp")):
            assert time.monotonic() < deadline, "it is still kept"
            time.sleep(0.2)
    assert _is_open(door)


def test_a_hanging_service_holds_up_only_those_who_ask_it(door: GatewayProcess) -> None:
    token = door.bearer()["Authorization"].encode()
    waiting = [door.connect() for _ in range(40)]
    try:
        for opened in waiting:
            opened.sendall(b"GET /api/v1/cases/x/hang HTTP/1.1\r\nHost: a\r\nAuthorization: " + token + b"\r\n\r\n")
        assert _is_open(door)
        for opened in waiting:
            assert _status(opened.recv(65_536)) == 504
    finally:
        for opened in waiting:
            opened.close()


def test_there_are_so_many_connections_and_no_more(
    valkey_server: str, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with gateway_process(
        tmp_path_factory.mktemp("few"),
        valkey_server,
        reserve(),
        "http://127.0.0.1:9",
        connections=40,
        connections_per_address=25,
    ) as few:
        first = [few.connect("127.0.0.2") for _ in range(30)]
        # those beyond 25 hear it at once; the place of each is free again as soon as it is closed
        assert [_status(heard(opened)) for opened in first[25:]] == [503] * 5
        assert _is_open(few)
        second = [few.connect("127.0.0.3") for _ in range(20)]
        assert [_status(heard(opened)) for opened in second[15:]] == [503] * 5
        for opened in (*first, *second):
            opened.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                if _is_open(few):
                    break
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, "places are not given back"


def test_ten_thousand_idle_connections_leave_the_door_open(door: GatewayProcess) -> None:
    """The most that the gateway bears by its settings, from addresses of which each may have 2,000."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 10_000
    if hard < wanted / 0.7:
        pytest.skip(f"this machine lets a process open {hard} files; {wanted} connections need {int(wanted / 0.7)}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    opened: list[socket.socket] = []
    try:
        for number in range(wanted - 200):
            opened.append(door.connect(f"127.0.1.{number % 8 + 1}"))
            if number % 500 == 0:
                assert _is_open(door), f"shut at {number}"
        assert _is_open(door)
    finally:
        for one in opened:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _trickle(opened: socket.socket, piece: bytes) -> bytes:
    """Send a piece every tenth of a second until the other side says or does something; returns what it said."""
    opened.settimeout(0.1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if piece:
                opened.sendall(piece)
            return opened.recv(65_536)
        except TimeoutError:
            continue
        except OSError:
            return b""
    raise AssertionError("it is still listened to")


def _remote(connection: object) -> tuple[str, int] | None:
    return tuple(connection.raddr) or None  # type: ignore[attr-defined]
