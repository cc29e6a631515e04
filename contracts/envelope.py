"""The envelope of every bus message: CloudEvents 1.0 in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """A CloudEvents 1.0 message.

    `id` is what consumers are idempotent by. `subject` is the id of the thing told of. `requestid` (an extension
    attribute) is the request that caused the message, so that one story can be followed through every log.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: datetime
    subject: str = ""
    datacontenttype: str = "application/json"
    data: dict[str, Any] = Field(default_factory=dict)
    traceparent: str | None = None
    requestid: str | None = None


class Publication(BaseModel):
    """A message and the stream that it goes to."""

    model_config = ConfigDict(frozen=True)

    stream: str
    message: Message
