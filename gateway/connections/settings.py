"""Bounds on connections, read from the environment (prefix ``HUIYING_``)."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConnectionSettings(BaseSettings):
    """How many connections the gateway bears, and how slow and how large what comes in over them may be."""

    model_config = SettingsConfigDict(env_prefix="HUIYING_", extra="ignore")

    #: connections at once; fewer where the process may not open so many files
    connections: int = Field(10_000, ge=1)
    #: connections of one address at once; 0: any number. A proxy in front of the gateway is one address.
    connections_per_address: int = Field(2_000, ge=0)
    #: seconds for the whole head of a request, from its first byte (of the first request: from the connection)
    head_seconds: float = Field(15, gt=0)
    #: bytes of a request's line and header fields together
    head_bytes: int = Field(32_768, ge=1_024)
    #: header fields of a request
    head_fields: int = Field(100, ge=10)
    #: bytes a second that a body brings at least, in every `body_window`
    body_rate: int = Field(500, ge=1)
    #: seconds
    body_window: float = Field(10, gt=0)
    #: seconds for which a caller may take nothing of an answer that waits for them
    stuck_seconds: float = Field(60, gt=0)
