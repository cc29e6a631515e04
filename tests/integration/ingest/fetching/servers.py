"""Servers that behave as the web's worst do, each kind of behaviour by name."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import h2.config
import h2.connection
import h2.events

from services.ingest.fetching.addresses import Address

Writer = asyncio.StreamWriter


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    at: float
    host: str

    @property
    def agent(self) -> str:
        return self.headers.get("user-agent", "")


Behaviour = Callable[[Asked, Writer], Awaitable[None]]


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """Return a plain answer's bytes; header names are written with underscores."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def says(status: str = "200 OK", body: bytes = b"", **headers: str) -> Behaviour:
    """Return the behaviour of answering so."""

    async def behave(_: Asked, writer: Writer) -> None:
        writer.write(answer(status, body, **headers))

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Return the behaviour of doing one after the other, the last one ever after."""
    left = list(behaviours)

    async def behave(asked: Asked, writer: Writer) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(asked, writer)

    return behave


@dataclass
class Server:
    """A server of HTTP/1.1 on 127.0.0.1, its behaviour by path; `/robots.txt` is not found unless it is set."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    open: int = 0
    at_once: dict[str, int] = field(default_factory=dict)
    most_at_once: dict[str, int] = field(default_factory=dict)

    def __setitem__(self, path: str, behaviour: Behaviour) -> None:
        self.behaviours[path] = behaviour

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def start(self, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "0.0.0.0", self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.connections += 1
        self.open += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").rstrip().split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
                host = headers["host"].partition(":")[0]
                asked = Asked(first.split(" ")[1], headers, asyncio.get_running_loop().time(), host)
                self.asked.append(asked)
                self.at_once[host] = self.at_once.get(host, 0) + 1
                self.most_at_once[host] = max(self.most_at_once.get(host, 0), self.at_once[host])
                try:
                    await self.behaviours.get(asked.path.partition("?")[0], says("404 Not Found"))(asked, writer)
                    await writer.drain()
                finally:
                    self.at_once[host] -= 1
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the fetcher has cut the connection, as it may at any time
        finally:
            self.open -= 1
            writer.transport.abort()


@dataclass
class Names:
    """A resolver with names of its own: lists of addresses, given out in turn, the last one ever after."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def resolve(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        await asyncio.sleep(self.seconds)
        answers = self.answers.get(host)
        if answers is None:
            raise OSError("Name or service not known")
        return [ip_address(text) for text in (answers.pop(0) if len(answers) > 1 else answers[0])]


class Http2(asyncio.Protocol):
    """A server of HTTP/2 that answers `pages`, and misbehaves where a page is a word it knows."""

    def __init__(self, pages: dict[str, tuple[list[tuple[str, str]], bytes]], asked: list[str]) -> None:
        self._h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
            )
        )
        self._pages, self._asked = pages, asked
        self._waiting: dict[int, bytes] = {}
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._h2.initiate_connection()
        transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = {k.decode(): v.decode() for k, v in event.headers or []}
                self._asked.append(headers[":path"])
                self._answer(event.stream_id or 0, headers[":path"])
            elif isinstance(event, h2.events.WindowUpdated):
                for stream in list(self._waiting):
                    self._send(stream)
        self._transport.write(self._h2.data_to_send())

    def _answer(self, stream: int, path: str) -> None:
        headers, body = self._pages.get(path, ([(":status", "404")], b""))
        if body == b"RESET":
            self._h2.reset_stream(stream, 2)
        elif body == b"GOAWAY":
            self._h2.close_connection(11)
        elif body == b"GARBAGE":
            self._transport.write(b"\x00" * 4000)
        else:
            self._h2.send_headers(stream, headers)
            self._waiting[stream] = body
            self._send(stream)

    def _send(self, stream: int) -> None:
        body = self._waiting[stream]
        while body and (room := min(self._h2.local_flow_control_window(stream), 16_384)) > 0:
            self._h2.send_data(stream, body[:room])
            body = body[room:]
        self._waiting[stream] = body
        if not body:
            del self._waiting[stream]
            self._h2.end_stream(stream)
