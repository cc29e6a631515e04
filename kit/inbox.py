"""Idempotent consumers: a message is handled once, however often it is delivered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from kit.database import insert_ignoring


class Inbox:
    """The ids of handled messages, in the table `inbox`, written in the transaction of the work itself."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self._table = metadata.tables["inbox"]

    async def unseen(self, session: AsyncSession, messages: Sequence[Message], now: datetime) -> list[Message]:
        """Return the messages not handled before, in order and each once, and record them as handled.

        The record stands or falls with the transaction of `session`.
        """
        first: dict[str, Message] = {}
        for message in messages:
            first.setdefault(message.id, message)
        rows = [{"message_id": id_, "seen_at": now} for id_ in first]
        new = {row.message_id for row in await insert_ignoring(session, self._table, rows, returning=["message_id"])}
        return [message for message in first.values() if message.id in new]

    async def forget(self, session: AsyncSession, before: datetime) -> int:
        """Delete records older than `before`; returns how many. The bus keeps no message that long."""
        gone = await session.execute(sa.delete(self._table).where(self._table.c.seen_at < before))
        return int(gone.rowcount)  # type: ignore[attr-defined]
