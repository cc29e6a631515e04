"""The log channel: a line in the service's log, which is the delivery. It always works."""

from __future__ import annotations

import structlog

from services.notify.channels.channel import Letter
from services.notify.retries import Outcome
from services.notify.ways import ChannelName

log = structlog.get_logger(__name__)


class LogChannel:
    """Writes each letter as one structured log line."""

    name = ChannelName.LOG
    title = "运行日志"

    def unavailable(self) -> str | None:
        """Return None: a log is always there."""
        return None

    async def send(self, letter: Letter) -> Outcome:
        """Write the line."""
        log.info("notification", delivery_id=letter.id, to=letter.to, subject=letter.subject, text=letter.text)
        return Outcome.done()
