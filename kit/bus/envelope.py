"""Making messages, and their form on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel

from contracts.envelope import Message
from kit.ids import new_id
from kit.logging import request_id

#: The one field of a stream entry: the message as CloudEvents JSON.
FIELD: Final = b"m"


def envelope(
    type_: str, subject: str, payload: BaseModel, *, source: str, at: datetime, id_: str | None = None
) -> Message:
    """Wrap `payload` as a CloudEvents message of the service `source`.

    `id_` defaults to a new UUIDv7; give one where the same cause must always make the same message.
    """
    return Message(
        id=id_ or new_id(),
        source=f"huiying/{source}",
        type=type_,
        time=at,
        subject=subject,
        data=payload.model_dump(mode="json"),
        requestid=request_id(),
    )


def encode(message: Message) -> bytes:
    """Return the message as CloudEvents JSON, UTF-8."""
    return message.model_dump_json(exclude_none=True).encode()


def decode(raw: bytes) -> Message:
    """Read a message; raises :class:`pydantic.ValidationError` where it is none."""
    return Message.model_validate_json(raw)
