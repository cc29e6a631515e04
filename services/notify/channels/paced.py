"""A vendor's channel within its limits: turns are waited for, and long letters go out piece by piece, each once."""

from __future__ import annotations

from typing import Protocol

from contracts.words import ChannelName
from services.notify.channels.calls import NotAnswered
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.channels.pacing import Pacing
from services.notify.retries import Outcome


class Vendor(Protocol):
    """One vendor's way of taking messages."""

    name: ChannelName
    limits: Limits

    def unavailable(self) -> str | None:
        """Return why the vendor cannot be used (in Chinese), or None when it is configured."""
        ...

    def preview(self, letter: Letter) -> list[str]:
        """Return what people would read, in as many messages as it would be sent in."""
        ...

    async def deliver(self, letter: Letter, piece: str, *, last: bool) -> Outcome:
        """Hand one piece of the letter in; `last`: none follows. Raises NotAnswered."""
        ...


class PacedChannel:
    """Sends letters by a vendor.

    What has gone out is remembered for a day under the letter's id, so that an attempt after a failure, or after a
    crash, goes on with the piece that is next.
    """

    def __init__(self, vendor: Vendor, pacing: Pacing) -> None:
        self._vendor, self._pacing = vendor, pacing
        self.name = vendor.name
        self.limits = vendor.limits

    def unavailable(self) -> str | None:
        """Return why the vendor cannot be used, or None."""
        return self._vendor.unavailable()

    def preview(self, letter: Letter) -> list[str]:
        """Return the pieces of the letter."""
        return self._vendor.preview(letter)

    async def send(self, letter: Letter) -> Outcome:
        """Hand in the pieces that have not gone out. Ends with the first that fails or must wait for its turn."""
        reason = self.unavailable()
        if reason is not None:
            return Outcome.never(reason)
        found = self._vendor.preview(letter)
        content = (self.name, letter.address, *found)
        for index in range(await self._pacing.gone_out(letter.id, content), len(found)):
            wait = await self._pacing.turn(self.name, letter.address, self.limits.rates)
            if wait > 0:
                return Outcome.waiting(f"{self.name.chinese}已达发送频率上限，{wait:.0f} 秒后再发", wait)
            try:
                outcome = await self._vendor.deliver(letter, found[index], last=index + 1 == len(found))
            except NotAnswered as error:
                outcome = error.outcome
            if not outcome.sent:
                return outcome
            await self._pacing.remember(letter.id, content, index + 1)
        return Outcome.done()
