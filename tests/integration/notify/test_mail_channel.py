"""E-mail against mail servers on good days and bad; test_notify_delivery has a whole one (aiosmtpd)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from kit.embedded import free_port
from kit.ids import new_id
from services.notify.channels.channel import Letter
from services.notify.channels.smtp import MailServer, SmtpChannel
from services.notify.retries import Outcome

ADDRESS = "zhang@example.org"
Opened = Callable[..., Awaitable[tuple["Server", SmtpChannel]]]

#: What a server says to each command that begins so, by its behaviour; None closes the connection in mid-answer.
ANSWERS: dict[str, dict[bytes, bytes | None]] = {
    "good": {},
    "busy": {b"": b"421 4.3.2 shutting down\r\n"},
    "garbage": {b"": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "greylisted": {b"RCPT": b"450 4.2.0 try again later\r\n"},
    "unknown": {b"RCPT": b"550 5.1.1 zhang@example.org is unknown\r\n"},
    "full": {b".": b"452 4.2.2 mailbox full\r\n"},
    "refused": {b".": b"554 5.7.1 zhang@example.org: looks like spam\r\n"},
    "cut": {b"MAIL": None},
    "cut at the end": {b".": None},
}


class Server:
    """As much of a mail server as its behaviour needs."""

    def __init__(self, behaviour: str) -> None:
        self.answers = ANSWERS.get(behaviour, {})
        self.slow = behaviour == "slow"
        self.released = asyncio.Event()
        self.ended = asyncio.Event()
        self.taken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation."""
        try:
            if self.slow:
                await self.released.wait()
            writer.write(self.answers.get(b"") or b"220 mail.example.org ESMTP\r\n")
            while line := await reader.readline():
                if line.startswith(b"DATA"):
                    writer.write(b"354 go on\r\n")
                    while (line := await reader.readline()) not in (b".\r\n", b""):
                        pass
                    line = b"."
                said = next((said for begin, said in self.answers.items() if begin and line.startswith(begin)), b"")
                if said is None:
                    writer.write(b"25")
                    await writer.drain()
                    writer.transport.abort()
                    return
                self.taken += line == b"." and not said
                writer.write(said or (b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 OK\r\n"))
        except ConnectionError:
            pass
        finally:
            writer.close()
            self.ended.set()


@pytest_asyncio.fixture
async def opened() -> AsyncIterator[Opened]:
    """Give an opener of mail servers with the channel that leads there."""
    made: list[tuple[Server, asyncio.Server]] = []

    async def begin(behaviour: str, timeout: float = 30) -> tuple[Server, SmtpChannel]:
        port = free_port()
        server = Server(behaviour)
        made.append((server, await asyncio.start_server(server.serve, "127.0.0.1", port)))
        return server, SmtpChannel(MailServer("127.0.0.1", port, "none", "duty@puer.example"), timeout)

    yield begin
    for server, listening in made:
        server.released.set()
        listening.close()
        await listening.wait_closed()


def letter() -> Letter:
    return Letter(new_id(), "张三", ADDRESS, "主题", "正文", datetime.now(UTC))


async def test_good(opened: Opened) -> None:
    server, channel = await opened("good")
    assert await channel.send(letter()) == Outcome.done()
    assert server.taken == 1


@pytest.mark.parametrize("behaviour", ["busy", "garbage", "greylisted", "full", "cut", "cut at the end"])
async def test_tried_again(opened: Opened, behaviour: str) -> None:
    server, channel = await opened(behaviour)
    outcome = await channel.send(letter())
    assert (outcome.sent, outcome.permanent, outcome.waits) == (False, False, False)
    assert outcome.reason
    assert server.taken == 0


async def test_one_that_hangs_is_left_and_its_connection_closed(opened: Opened) -> None:
    server, channel = await opened("slow", timeout=0.2)
    outcome = await channel.send(letter())
    assert (outcome.sent, outcome.permanent) == (False, False)
    assert "0.2 秒内未答复" in (outcome.reason or "")
    server.released.set()
    await asyncio.wait_for(server.ended.wait(), 30)
    assert server.taken == 0


@pytest.mark.parametrize("behaviour", ["unknown", "refused"])
async def test_final(opened: Opened, behaviour: str) -> None:
    server, channel = await opened(behaviour)
    outcome = await channel.send(letter())
    assert (outcome.sent, outcome.permanent, outcome.closed) == (False, True, False)
    assert ADDRESS not in (outcome.reason or "")
    assert server.taken == 0


async def test_away() -> None:
    channel = SmtpChannel(MailServer("127.0.0.1", free_port(), "none", "duty@puer.example"), 30)
    outcome = await channel.send(letter())
    assert (outcome.sent, outcome.permanent) == (False, False)
