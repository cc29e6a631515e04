"""Sending: takes due deliveries, makes one attempt each, and writes down what came of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import ChannelName, DeliveryState
from kit.clock import Clock
from kit.database import Database
from kit.transient import brief, passes
from services.notify import store
from services.notify.channels.channel import Channel
from services.notify.delivery import folding
from services.notify.delivery.breaker import Breakers
from services.notify.delivery.letters import Attempt, Letters
from services.notify.languages import Language
from services.notify.metrics import ATTEMPTS
from services.notify.models import Delivery, Notification
from services.notify.remembering import bring
from services.notify.retries import Outcome, next_step
from services.notify.settings import NotifySettings
from services.notify.telling import Telling
from services.notify.texts import beijing
from services.notify.webhooks.watch import WebhookWatch
from services.notify.wording import store as wording
from services.notify.wording.making import Template

log = structlog.get_logger(__name__)

#: Seconds beyond the sending time after which an attempt without a result counts as cut short by a crash.
_GRACE: Final = 20.0
#: Seconds between tries to write a result down; together shorter than the grace.
_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Seconds that attempts under way are given when the service stops.
_DRAIN: Final = 3.0
#: Attempts under way at once on a channel whose every address is a receiver of its own.
_RECEIVERS: Final = 64
#: Results that one transaction writes down.
_TOGETHER: Final = 64
#: Channels on which each address is a receiver of its own, which may hang or fail by itself; others have one server.
_BY_ADDRESS: Final = frozenset(
    {
        ChannelName.WEBHOOK,
        ChannelName.WECOM_BOT,
        ChannelName.DINGTALK,
        ChannelName.FEISHU,
        ChannelName.WEB_PUSH,
        ChannelName.APPRISE,
    }
)


@dataclass(frozen=True, eq=False)
class _Result:
    """How an attempt ended, after how many seconds; `written` is done when that is committed."""

    attempt: Attempt
    outcome: Outcome
    seconds: float
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Dispatcher:
    """Makes the attempts that are due.

    An attempt is committed as begun before it is made, and sending happens outside any transaction: after a crash
    between the two the same letter goes out again under the same id. Each channel has its own slots, so that one that
    hangs never delays the others, and each webhook address may take only a few of them.
    """

    def __init__(
        self,
        settings: NotifySettings,
        database: Database,
        clock: Clock,
        telling: Telling,
        channels: Sequence[Channel],
        letters: Letters,
        watch: WebhookWatch,
    ) -> None:
        self._settings, self._database, self._clock, self._watch = settings, database, clock, watch
        self._telling, self._letters = telling, letters
        self._channels = list(channels)
        self._policy = settings.retry_policy()
        self.breakers = Breakers(settings.breaker_rules())
        self._busy: dict[str, Counter[str]] = {channel.name: Counter() for channel in channels}
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[_Result] = []
        self._recording: asyncio.Task[None] | None = None
        self.wake = asyncio.Event()
        #: told of a template by which a letter could not be made, with the reason
        self.template_failed: Callable[[Template, str], Awaitable[None]] = _untold

    async def resume(self) -> None:
        """Make due at once what a process of this name was sending when it died or was cut short."""
        async with self._database.writing() as session:
            released = await store.release_claims(session, self._settings.replica_name(), self._clock.now())
        if released:
            log.warning("deliveries.resumed", count=released)

    async def send_due(self) -> int:
        """Begin every attempt that is due and has room, without waiting for the results; returns how many."""
        async with self._database.reading() as session:
            due = await store.due_channels(session, self._clock.now())
        begun = 0
        for channel in self._channels:
            if channel.name not in due:
                continue
            await self._divert(channel.name)
            busy = self._busy[channel.name]
            slots = _RECEIVERS if channel.name in _BY_ADDRESS else self._settings.channel_slots
            room = slots - busy.total()
            if channel.name not in _BY_ADDRESS:
                room = self.breakers.room(channel.name, self._clock.now(), room)
            if room <= 0:
                continue
            for attempt in await self._claim(channel.name, room, busy):
                busy[attempt.address] += 1
                self.breakers.begins(_scope(channel.name, attempt.address))
                task = asyncio.create_task(self._make(channel, attempt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                begun += 1
        return begun

    def resting(self, channel: str) -> list[tuple[str | None, datetime]]:
        """Return what of a channel is given a rest, and until when: addresses, or None for the whole of it."""
        scopes = [(scope.partition(":"), until) for scope, until in self.breakers.open(channel)]
        return [(address or None, until) for (name, _, address), until in scopes if name == channel]

    async def idle(self) -> None:
        """Return when no attempt is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Give attempts under way a few seconds, then cut them and leave them to whoever looks next."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_DRAIN)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if self._recording is not None:
            await self._recording
        if late:
            await self.resume()

    async def _claim(self, channel: str, room: int, busy: Counter[str]) -> list[Attempt]:
        now = self._clock.now()
        slots = self._settings.address_slots if channel in _BY_ADDRESS else room
        # an address on trial has one slot, one that is given a rest has none
        under_way = Counter(busy)
        for scope, _ in self.breakers.open(f"{channel}:"):
            address = scope.partition(":")[2]
            under_way[address] = max(busy[address], slots - self.breakers.room(scope, now, slots))
        async with self._database.writing() as session:
            rows = await store.claim(
                session,
                channel,
                now=now,
                until=now + timedelta(seconds=self._settings.send_timeout + _GRACE),
                room=room,
                slots=slots,
                busy=under_way,
                claimed_by=self._settings.replica_name(),
            )
            if rows:
                await _bring_for(session, rows)
                self._letters.templates(await wording.in_force(session))
            return [await self._prepare(session, row) for row in rows]

    async def _prepare(self, session: AsyncSession, delivery: Delivery) -> Attempt:
        notification = await session.get_one(Notification, delivery.notification_id)
        way = await self._telling.present_way(session, delivery)
        if way is not None:
            delivery.address = way.address
        others: list[Notification] = []
        if delivery.held:
            if delivery.attempts == 1:
                await folding.gather(session, delivery, notification.kind)
            others = await store.notifications_of(session, await folding.folded(session, delivery.id))
        contact = None
        if not delivery.subscription and not delivery.to_unit:
            contact = await store.contact(session, delivery.contact_id)
        language = Language(contact.language) if contact is not None else Language.ZH
        return Attempt(delivery, notification, way, delivery.attempts, delivery.address, language, others)

    async def note_failures(self) -> int:
        """Write down which templates letters could not be made by; returns how many."""
        failed = self._letters.failed()
        for template, reason in failed.items():
            await self.template_failed(template, reason)
        return len(failed)

    async def _divert(self, channel: str) -> None:
        """Send what is grave by another way while this one is given a rest."""
        now = self._clock.now()
        resting = {scope: until for scope, until in self.breakers.open(channel) if until > now}
        if not resting:
            return
        async with self._database.writing() as session:
            for delivery in await store.urgent(session, channel, now):
                until = resting.get(_scope(channel, delivery.address))
                if until is not None:
                    await self._telling.divert(session, delivery, f"该渠道连续失败，已暂停至 {beijing(until)}")

    async def _make(self, channel: Channel, attempt: Attempt) -> None:
        scope = _scope(channel.name, attempt.address)
        try:
            began = time.monotonic()
            outcome = await self._attempt(channel, attempt)
            self._learn(scope, outcome)
            await self._record(_Result(attempt, outcome, time.monotonic() - began))
        except asyncio.CancelledError:
            self.breakers.ended(scope)
            raise
        except Exception:
            # the claim runs out and the attempt is made again under the same id
            log.exception("delivery.result_lost", delivery_id=attempt.delivery.id)
        finally:
            busy = self._busy[channel.name]
            busy[attempt.address] -= 1
            if busy[attempt.address] <= 0:
                del busy[attempt.address]
            self.wake.set()

    def _learn(self, scope: str, outcome: Outcome) -> None:
        if outcome.sent:
            self.breakers.worked(scope)
        elif outcome.permanent or outcome.waits or outcome.retry_after is not None:
            self.breakers.ended(scope)
        else:
            self.breakers.failed(scope, self._clock.now())

    async def _attempt(self, channel: Channel, attempt: Attempt) -> Outcome:
        if attempt.way is None:
            return Outcome.never("联络员已停用、已删除或已取消该联络方式")
        try:
            letter = self._letters.letter(attempt, attempt.way)
            async with asyncio.timeout(self._settings.send_timeout + 1):
                return await channel.send(letter)
        except TimeoutError:
            return Outcome.later(f"{self._settings.send_timeout:g} 秒内未送达")
        except Exception as error:
            log.exception("channel.crashed", channel=channel.name, delivery_id=attempt.delivery.id)
            return Outcome.later(f"渠道内部错误：{type(error).__name__}")

    async def _record(self, result: _Result) -> None:
        """Have the result written down; returns when that is committed."""
        self._results.append(result)
        if self._recording is None or self._recording.done():
            self._recording = asyncio.create_task(self._write_results())
        await result.written

    async def _write_results(self) -> None:
        """Write down what has come in, many results in one transaction, until there is no more."""
        while self._results:
            batch = sorted(self._results[:_TOGETHER], key=lambda result: result.attempt.delivery.id)
            del self._results[:_TOGETHER]
            try:
                await self._write(batch)
            except Exception:
                # one that cannot be written must not take the others with it
                for result in batch:
                    try:
                        await self._write([result])
                    except Exception as error:
                        result.written.set_exception(error)

    async def _write(self, results: Sequence[_Result]) -> None:
        """Write results down, waiting for a database that is away: a lost result is a letter sent twice."""
        for pause in (*_PAUSES, None):
            try:
                async with self._database.writing() as session:
                    held = await store.under_way(session, [one.attempt.delivery.id for one in results])
                    await _bring_for(session, list(held.values()))
                    for result in results:
                        delivery = held.get(result.attempt.delivery.id)
                        if delivery is not None and _is_under_way(delivery, result.attempt):
                            await self._settle(session, delivery, result.outcome, result.seconds)
                break
            except Exception as error:
                if pause is None or not passes(error):
                    raise
                log.warning("delivery.results_wait", count=len(results), error=brief(error))
                await asyncio.sleep(pause)
        for result in results:
            if not result.written.done():
                result.written.set_result(None)

    async def _settle(self, session: AsyncSession, delivery: Delivery, outcome: Outcome, seconds: float) -> None:
        now = self._clock.now()
        delivery.sending_since = None
        delivery.claimed_by = None
        delivery.last_error = outcome.reason
        if outcome.sent:
            delivery.sent_at = now
        if delivery.subscription:
            await self._watch.called(session, delivery, outcome, seconds)
        if delivery.state != DeliveryState.PENDING:
            return  # acknowledged while the attempt was under way
        if outcome.waits and now - delivery.created_at < timedelta(seconds=self._settings.wait_limit):
            delivery.attempts -= 1  # nothing was tried
        elif outcome.waits:
            outcome = Outcome.later(outcome.reason or "", outcome.retry_after)
        tried = delivery.attempts - delivery.attempts_before
        step = next_step(outcome, tried, self._policy, now=now, chance=random.random())
        delivery.state = step.state.value
        delivery.next_attempt_at = step.next_attempt_at
        ATTEMPTS.labels(delivery.channel, step.state.value).inc()
        if step.state is DeliveryState.PENDING:
            event = "delivery.waits" if outcome.waits else "delivery.retries"
            log.warning(event, delivery_id=delivery.id, attempt=delivery.attempts, reason=outcome.reason)
            return
        if outcome.closed:
            await self._telling.close_way(session, delivery, outcome.reason or "")
        shared = await folding.folded(session, delivery.id, lock=True) if delivery.held else []
        for one in (delivery, *shared):
            if one is not delivery:
                if one.state != DeliveryState.PENDING:
                    continue
                one.state, one.sent_at, one.last_error = step.state.value, delivery.sent_at, delivery.last_error
            await self._telling.changed(session, one)
            if step.state is DeliveryState.FAILED:
                await self._telling.fail_over(session, one)


def _scope(channel: str, address: str) -> str:
    """Return what a circuit breaker is for: one address of a channel whose receivers are servers, else the channel."""
    return f"{channel}:{address}" if channel in _BY_ADDRESS else channel


async def _untold(template: Template, reason: str) -> None:
    """Do nothing besides the log line that there is already."""


def _is_under_way(delivery: Delivery, attempt: Attempt) -> bool:
    return delivery.sending_since is not None and delivery.attempts == attempt.number


async def _bring_for(session: AsyncSession, rows: Sequence[Delivery]) -> None:
    """Read at once what goes with each of `rows`."""
    people = [row.contact_id for row in rows if not row.subscription and not row.to_unit]
    programs = [row.contact_id for row in rows if row.subscription]
    await bring(session, notifications=[row.notification_id for row in rows], contacts=people, webhooks=programs)
