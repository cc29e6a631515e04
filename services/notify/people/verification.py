"""Codes that verify ways: sent by the way itself, and given back by whoever it reaches.

A code of six digits is good for ten minutes and five tries; at most five codes an hour go to a way, one a minute. So
whoever guesses has 25 chances in a million an hour. These figures are the project's own. Only a keyed hash is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.words import ChannelName
from kit.clock import Clock
from kit.database import Database
from kit.ids import new_id
from kit.problems import Problem
from services.notify import store as contacts
from services.notify.addressing import ways_of
from services.notify.channels.channel import Channel, Letter
from services.notify.models import Contact
from services.notify.people import store
from services.notify.people.models import WayCode
from services.notify.retries import Outcome
from services.notify.texts import Texts
from services.notify.ways import Way

log = structlog.get_logger(__name__)

GOOD_FOR: Final = timedelta(minutes=10)
TRIES: Final = 5
#: between two codes to the same way
PAUSE: Final = timedelta(minutes=1)
AN_HOUR: Final = 5
_PURPOSE: Final = b"huiying.notify.verification"


class Verification:
    """Sends codes and takes them back."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channels: Mapping[ChannelName, Channel],
        texts: Texts,
        internal_key: str,
        draw: Callable[[], str] = lambda: f"{secrets.randbelow(1_000_000):06d}",
    ) -> None:
        self._database, self._clock, self._channels, self._texts = database, clock, channels, texts
        self._key = hmac.new(internal_key.encode(), _PURPOSE, hashlib.sha256).digest()
        self._draw = draw

    async def send(self, contact_id: str, number: int) -> tuple[Outcome, datetime]:
        """Send a code by the contact's way `number` (from 1), once and now; returns what came of it, and its expiry.

        404 for no such contact or way, 409 where the way needs none or its channel is not set up, 429 too soon.
        """
        code, now = self._draw(), self._clock.now()
        async with self._database.writing() as session:
            contact, way = await _way(session, contact_id, number)
            if way.channel is ChannelName.LOG:
                raise Problem(409, "way.needs-none", zh="运行日志无需验证", en="The log needs no code")
            channel = self._channels[way.channel]
            if (reason := channel.unavailable()) is not None:
                raise Problem(
                    409, "channel.unconfigured", zh=reason, en="This channel is not configured", channel=way.channel
                )
            row = await store.code(session, contact_id, way.channel, way.address)
            if row is None:
                row = WayCode(
                    contact_id=contact_id,
                    channel=way.channel,
                    address=way.address,
                    expires_at=now,
                    sent_at=now,
                    counted_from=now,
                )
                session.add(row)
            else:
                _not_too_often(row, now)
            row.digest, row.tries, row.expires_at, row.sent_at = self._digest(row, code), 0, now + GOOD_FOR, now
            row.sends += 1
            expires_at = row.expires_at
            await session.flush()
        subject, text = self._texts.verification(
            to=contact.name, code=code, minutes=int(GOOD_FOR.total_seconds() // 60)
        )
        letter = Letter(new_id(), contact.name, way.address, subject, text, now, secret=way.secret)
        return await channel.send(letter), expires_at

    async def confirm(self, contact_id: str, number: int, code: str) -> Contact:
        """Mark a way as verified, where `code` is the one that was sent to it; returns the contact.

        404 for no such contact or way, 409 where no code is waited for (none was sent, it has expired or was tried too
        often), 422 for a wrong one, with the tries that are left.
        """
        now = self._clock.now()
        async with self._database.writing() as session:
            contact, way = await _way(session, contact_id, number)
            row = await store.code(session, contact_id, way.channel, way.address)
            if row is None or row.digest is None or row.expires_at <= now:
                raise Problem(
                    409, "way.no-code", zh="验证码已失效，请重新获取", en="No code is waited for; have one sent"
                )
            row.tries += 1
            right = hmac.compare_digest(row.digest, self._digest(row, code))
            left = TRIES - row.tries
            if right or left <= 0:
                row.digest = None
            if right:
                _verify(contact, number, now)
            await session.flush()
        # raised after the commit, which counts the try
        if not right:
            log.warning("way.code_wrong", contact_id=contact_id, channel=way.channel, left=left)
            raise Problem(
                422, "way.wrong-code", zh=f"验证码不正确，还可尝试 {left} 次", en=f"Wrong code; {left} left", left=left
            )
        return contact

    def _digest(self, row: WayCode, code: str) -> str:
        message = "\x00".join((row.contact_id, row.channel, row.address, code))
        return hmac.new(self._key, message.encode(), hashlib.sha256).hexdigest()


async def _way(session: AsyncSession, contact_id: str, number: int) -> tuple[Contact, Way]:
    contact = await contacts.contact(session, contact_id, lock=True)
    ways = ways_of(contact) if contact is not None else []
    if contact is None or not 1 <= number <= len(ways):
        raise Problem(404, "not-found", zh="没有这位联络员或这一联络方式", en="There is no such contact or way")
    return contact, ways[number - 1]


def _verify(contact: Contact, number: int, at: datetime) -> None:
    ways = ways_of(contact)
    ways[number - 1] = ways[number - 1].model_copy(update={"verified_at": at})
    contact.ways = [way.model_dump(mode="json") for way in ways]
    contact.version += 1
    contact.updated_at = at


def _not_too_often(row: WayCode, now: datetime) -> None:
    """Answer 429 where another code would come too soon; begin to count anew after an hour."""
    if now - row.counted_from >= timedelta(hours=1):
        row.sends, row.counted_from = 0, now
    wait = PAUSE - (now - row.sent_at)
    if row.sends >= AN_HOUR:
        wait = max(wait, timedelta(hours=1) - (now - row.counted_from))
    if wait > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        raise Problem(
            429,
            "way.too-often",
            zh=f"验证码发送过于频繁，请 {seconds} 秒后再试",
            en=f"Codes are sent too often; try again in {seconds} s",
            headers={"Retry-After": str(seconds)},
        )
