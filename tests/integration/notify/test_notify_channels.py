"""The whole service by every vendor's channel: what the dispatcher makes of their answers and limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio
from aiohttp import web

from contracts.words import DeliveryState
from kit.clock import ManualClock
from kit.embedded import free_port
from services.notify.channels import wecom_bot
from services.notify.channels.pacing import Pacing
from tests.integration.notify.harness import Notify, StartNotify, until
from tests.integration.notify.receivers import (
    AliyunSite,
    AppriseSite,
    DingTalkSite,
    FeishuSite,
    PushSite,
    Site,
    VoiceSite,
    WeComAppSite,
    WeComBotSite,
)

#: WeCom's bots have the app's host; they are in the tests below.
KINDS = (WeComAppSite, DingTalkSite, FeishuSite, AliyunSite, VoiceSite, PushSite, AppriseSite)
Serve = Callable[..., Awaitable[Site]]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Give a starter of receivers."""
    runners: list[web.AppRunner] = []

    async def begin(kind: type[Site], *behaviours: str) -> Site:
        port = free_port()
        site = kind(f"http://127.0.0.1:{port}", list(behaviours))
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        runners.append(runner)
        return site

    yield begin
    for runner in runners:
        await runner.cleanup()


def way(site: Site) -> dict[str, object]:
    return {"channel": site.channel, "address": site.address, "secret": site.secret}


async def test_one_person_by_every_channel(start: StartNotify, serve: Serve) -> None:
    sites = [await serve(kind) for kind in KINDS]
    settings = {name: value for site in sites for name, value in site.settings().items()}
    notify = await start(**settings)
    await notify.bare_desk()
    zhang = await notify.add("张三", "office", ways=[way(site) for site in sites])
    id_ = await notify.request(recipients=[{"role": "office"}], channels=[site.channel for site in sites])
    await notify.settled(id_, *["sent"] * len(sites))
    assert [site.faults for site in sites] == [[]] * len(sites)
    assert [len(site.calls) for site in sites] == [1] * len(sites)
    for site in sites:
        answer = await notify.admin("POST", f"/api/v1/channels/{site.channel}/test", json={"contact_id": zhang})
        assert answer.json() == {"state": "sent", "reason": None}, site.channel


async def test_a_bot_that_is_no_more_closes_the_way_and_the_next_is_tried(start: StartNotify, serve: Serve) -> None:
    gone, there = await serve(WeComBotSite, "closed"), await serve(DingTalkSite)
    notify = await start(**gone.settings(), **there.settings())
    await notify.bare_desk()
    zhang = await notify.add("张三", "office", ways=[way(gone), way(there)])
    id_ = await notify.request(recipients=[{"role": "office"}])
    await notify.settled(id_, "failed", "sent")
    ways = (await notify.admin("GET", f"/api/v1/contacts/{zhang}")).json()["ways"]
    assert [(one["channel"], one["enabled"]) for one in ways] == [("wecom_bot", False), ("dingtalk", True)]
    assert "93000" in ways[0]["disabled_reason"]
    failed = next(one for one in await notify.told() if one.state is DeliveryState.FAILED)
    assert gone.address not in (failed.error or "")


async def used_up(notify: Notify, site: Site) -> None:
    """Take the bot's twenty turns of this minute."""
    pacing = Pacing(notify.runtime.redis)
    for _ in range(20):
        assert await pacing.turn(site.channel, site.address, wecom_bot.RATES) == 0


async def test_waiting_for_a_turn_costs_no_attempt(start: StartNotify, serve: Serve) -> None:
    site = await serve(WeComBotSite)
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    notify = await start(clock=clock, wait_limit=600, **site.settings())
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[way(site)])
    await used_up(notify, site)
    id_ = await notify.request(recipients=[{"role": "office"}])
    found: list[dict[str, Any]] = []

    async def waits() -> bool:
        nonlocal found
        found = await notify.deliveries(id_)
        return any(one["last_error"] for one in found)

    await until(waits)
    (delivery,) = found
    assert (delivery["state"], delivery["attempts"], delivery["sending"]) == ("pending", 0, False)
    assert "上限" in delivery["last_error"]
    assert clock.now() < datetime.fromisoformat(delivery["next_attempt_at"]) <= clock.now() + timedelta(seconds=61)
    # the minute is over, on the server's clock too
    await notify.runtime.redis.delete(*await notify.runtime.redis.keys("notify:turns:*"))
    clock.advance(timedelta(seconds=62))
    (sent,) = await notify.settled(id_, "sent")
    assert sent["attempts"] == 1
    assert len(site.calls) == 1


async def test_one_who_waits_too_long_is_told_by_the_next_way(start: StartNotify, serve: Serve) -> None:
    full, other = await serve(WeComBotSite), await serve(DingTalkSite)
    clock = ManualClock(datetime(2026, 3, 2, tzinfo=UTC))
    notify = await start(clock=clock, wait_limit=600, max_attempts=1, **full.settings(), **other.settings())
    await notify.bare_desk()
    await notify.add("张三", "office", ways=[way(full), way(other)])
    await used_up(notify, full)
    id_ = await notify.request(recipients=[{"role": "office"}])

    async def waits() -> bool:
        return any(one["last_error"] for one in await notify.deliveries(id_))

    await until(waits)
    clock.advance(timedelta(seconds=601))
    await notify.settled(id_, "failed", "sent")
    assert (len(full.calls), len(other.calls)) == (0, 1)
