"""Settings of the ingest service."""

from __future__ import annotations

from pydantic import Field, SecretStr

from kit.settings import ServiceSettings


class IngestSettings(ServiceSettings):
    """The common settings, the key of authors' hashes, and the limits of what is taken in."""

    #: key of the authors' hashes; at least 32 characters
    author_key: SecretStr = Field(min_length=32)
    #: bytes that one push may carry
    max_body: int = 8 * 1024 * 1024
    #: posts waiting to be analysed, at which pushes are asked to come again later
    max_backlog: int = 200_000
    #: days after which texts are purged; counts stay
    retention_days: int = Field(180, ge=1)
