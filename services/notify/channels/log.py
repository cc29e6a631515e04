"""The log channel: a line in the service's log, which is the delivery. It always works."""

from __future__ import annotations

import structlog

from contracts.words import ChannelName
from services.notify.channels.channel import Letter
from services.notify.channels.limits import Limits
from services.notify.retries import Outcome

log = structlog.get_logger(__name__)


class LogChannel:
    """Writes each letter as one structured log line."""

    name = ChannelName.LOG
    limits = Limits()

    def unavailable(self) -> str | None:
        """Return None: a log is always there."""
        return None

    def preview(self, letter: Letter) -> list[str]:
        """Return subject and text."""
        return [letter.whole]

    async def send(self, letter: Letter) -> Outcome:
        """Write the line."""
        log.info("notification", delivery_id=letter.id, to=letter.to, subject=letter.subject, text=letter.text)
        return Outcome.done()
