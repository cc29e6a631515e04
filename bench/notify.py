"""How fast people are told: `python bench/notify.py`, 10,000 notifications to 5,000 contacts.

A whole notify service on a real bus and either database, with a receiver of webhooks and a mail server of their own
process on the loopback. Four runs, each with the same contacts:

- a burst: all at once; the rate, and the time from the request to the first attempt (p50, p99);
- the same burst where each asks to be acknowledged, so that an escalation with its first step belongs to it;
- steady: `--rate` a second, for as long as that takes;
- steady, while the mail server, which every second contact is reached by, accepts connections and never answers: the
  times of the others beside those of the run before.

The time of an attempt is when the receiver has its request. Memory is the service's peak.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from aiohttp import web
from pydantic import SecretStr
from sqlmodel import col

from contracts.envelope import Publication
from contracts.messages import NotificationRequested, Recipient
from contracts.streams import NOTIFICATIONS_REQUESTED
from contracts.words import DeliveryState, Level, NotificationKind
from kit import embedded
from kit.bus import envelope
from kit.ids import new_id
from kit.logging import configure
from kit.runtime import Runtime
from services.notify.app import assemble
from services.notify.models import Base, Contact, Delivery
from services.notify.settings import NotifySettings

SECRET: Final = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PASSWORD: Final = "bench"
BATCH: Final = 200


@dataclass(frozen=True)
class Figures:
    """What one run gave: deliveries a second, seconds from request to first attempt and in all, CPU s of a delivery."""

    rate: float
    p50: float
    p99: float
    seconds: float
    cpu: float


def receive(port: int, pipe: Connection) -> None:
    """Answer webhooks, and note when each delivery's first call came; on a word through the pipe tell of them."""
    first: dict[str, float] = {}

    async def take(request: web.Request) -> web.Response:
        data = json.loads(await request.read())["data"]
        first.setdefault(data["notification_id"], time.time())
        return web.Response(status=204)

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/{tail:.*}", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
        pipe.send("ready")
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv) != "end":
            pipe.send(dict(first))
            first.clear()

    asyncio.run(serve())


def main() -> None:
    """Measure on SQLite and, where it can be started, on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notifications", type=int, default=10_000)
    parser.add_argument("--contacts", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=50.0, help="notifications a second in the steady runs")
    parser.add_argument("--steady", type=int, default=2_000, help="notifications of each steady run")
    options = parser.parse_args()
    configure("bench", level="error")
    port = embedded.free_port()
    here, there = multiprocessing.Pipe()
    receiver = multiprocessing.get_context("spawn").Process(target=receive, args=(port, there), daemon=True)
    receiver.start()
    here.recv()
    with tempfile.TemporaryDirectory(prefix="huiying-bench-") as folder:
        valkey_port = embedded.free_port()
        valkey = embedded.start_valkey(Path(folder), valkey_port, PASSWORD)
        try:
            embedded.wait_for_valkey(valkey, valkey_port, PASSWORD)
            redis = f"redis://:{PASSWORD}@127.0.0.1:{valkey_port}"
            asyncio.run(run(f"sqlite:///{folder}/{{service}}.db", f"{redis}/0", port, here, options))
            server = embedded.EmbeddedPostgres(Path(folder) / "postgres")
            try:
                server.start()
            except embedded.EmbeddedServerError as error:
                print(f"no PostgreSQL on this machine: {error}")
                return
            try:
                asyncio.run(_new_database(server.url()))
                asyncio.run(run(server.url("bench"), f"{redis}/1", port, here, options))
            finally:
                server.stop()
        finally:
            here.send("end")
            valkey.kill()
            valkey.wait()


async def _new_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE DATABASE bench")
    await connection.close()


async def run(database: str, redis: str, port: int, pipe: Connection, options: argparse.Namespace) -> None:
    """Measure on one database."""
    async with _hanging_mail() as mail_port:
        settings = NotifySettings(
            data=Path(tempfile.mkdtemp()),
            database_url=database,
            redis_url=redis,
            internal_key=SecretStr("a-key-of-the-bench-0123456789abcdef"),
            public_url="https://huiying.example",
            webhook_allow_hosts="127.0.0.1",
            smtp_url=SecretStr(f"smtp://127.0.0.1:{mail_port}"),
            smtp_from="huiying@puer.example",
            smtp_tls="none",
            bus_block=0.1,
            log_level="error",
        )
        runtime = Runtime(settings, "notify", Base)
        assemble(runtime, settings)
        await runtime.start()
        try:
            contacts = await _enter(runtime, port, options.contacts)
            dialect = runtime.database.dialect
            for asked in (False, True):
                burst = await _measure(runtime, pipe, contacts, options.notifications, None, asked=asked)
                _print(dialect, f"burst of {options.notifications}{', each with an escalation' * asked}", burst)
            steady = await _measure(runtime, pipe, contacts, options.steady, options.rate)
            _print(dialect, f"steady, {options.rate:g}/s", steady)
            await _by_mail(runtime, contacts[::2])
            beside = await _measure(runtime, pipe, contacts[1::2], options.steady // 2, options.rate / 2, contacts[::2])
            _print(dialect, "steady, beside mail that hangs", beside)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{dialect}: peak memory {peak:.0f} MiB")
        finally:
            await runtime.stop()


@asynccontextmanager
async def _hanging_mail() -> AsyncIterator[int]:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _enter(runtime: Runtime, port: int, count: int) -> list[str]:
    now = datetime.now(UTC)
    ids = [new_id() for _ in range(count)]
    async with runtime.database.writing() as session:
        for number, id_ in enumerate(ids):
            way = {"channel": "webhook", "address": f"http://127.0.0.1:{port}/{number}", "secret": SECRET}
            session.add(Contact(id=id_, name=f"联络员{number}", roles=[], ways=[way], created_at=now, updated_at=now))
    return ids


async def _by_mail(runtime: Runtime, contacts: list[str]) -> None:
    async with runtime.database.writing() as session:
        way = [{"channel": "email", "address": "zhang@example.org"}]
        for start in range(0, len(contacts), BATCH):
            some = contacts[start : start + BATCH]
            await session.execute(sa.update(Contact).where(col(Contact.id).in_(some)).values(ways=way))


async def _measure(
    runtime: Runtime,
    pipe: Connection,
    contacts: list[str],
    count: int,
    rate: float | None,
    others: Sequence[str] = (),
    *,
    asked: bool = True,
) -> Figures:
    """Ask for `count` notifications, at `rate` a second or at once; for each one to `others` besides, not measured."""
    chance = random.Random(7)
    begun: dict[str, float] = {}
    begin, cpu = time.time(), time.process_time()
    for start in range(0, count, BATCH if rate is None else 1):
        size = min(BATCH, count - start) if rate is None else 1
        requests = [_request(chance.choice(contacts), asked=asked) for _ in range(size)]
        begun |= {one.id: time.time() for one in requests}
        requests += [_request(chance.choice(others), asked=asked) for _ in range(size if others else 0)]
        await runtime.bus.publish([_published(one) for one in requests])
        if rate is not None:
            await asyncio.sleep(max(0.0, begin + (start + 1) / rate - time.time()))
    while await _pending(runtime):  # noqa: ASYNC110 - it looks from outside
        await asyncio.sleep(0.2)
    seconds, cpu = time.time() - begin, time.process_time() - cpu
    pipe.send("tell")
    loop = asyncio.get_running_loop()
    first: dict[str, float] = await loop.run_in_executor(None, pipe.recv)
    waits = sorted(first[id_] - at for id_, at in begun.items() if id_ in first)
    if len(waits) < count:
        raise SystemExit(f"{count - len(waits)} of {count} were never told")
    return Figures(count / seconds, waits[count // 2], waits[count * 99 // 100], seconds, cpu / count)


def _request(contact: str, *, asked: bool) -> NotificationRequested:
    return NotificationRequested(
        id=new_id(),
        kind=NotificationKind.ALERT_RAISED,
        level=Level.II,
        subject="某县移民安置点饮水问题",
        body="一小时内 35 条信息，负面占八成。",
        recipients=[Recipient(contact_id=contact)],
        requires_acknowledgement=asked,
        requested_at=datetime.now(UTC),
    )


def _published(request: NotificationRequested) -> Publication:
    message = envelope("notification.requested", request.id, request, source="cases", at=request.requested_at)
    return Publication(stream=NOTIFICATIONS_REQUESTED, message=message)


async def _pending(runtime: Runtime) -> Any:
    """Tell whether anything waits on the bus, or for its delivery by webhook."""
    groups = await runtime.redis.xinfo_groups(NOTIFICATIONS_REQUESTED)
    if any(group["lag"] or group["pending"] for group in groups):
        return True
    query = sa.select(col(Delivery.id)).where(
        col(Delivery.state) == DeliveryState.PENDING.value, col(Delivery.channel) == "webhook"
    )
    async with runtime.database.reading() as session:
        return await session.scalar(query.limit(1)) is not None


def _print(dialect: str, what: str, figures: Figures) -> None:
    print(
        f"{dialect}: {what}: {figures.rate:.0f} notifications/s, {figures.cpu * 1000:.1f} ms of CPU each; request "
        f"to first attempt p50 {figures.p50 * 1000:.0f} ms, p99 {figures.p99 * 1000:.0f} ms; {figures.seconds:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
