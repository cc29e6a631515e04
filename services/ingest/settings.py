"""Settings of the ingest service."""

from __future__ import annotations

import socket

from pydantic import Field, SecretStr, field_validator

from kit.settings import ServiceSettings
from services.ingest.fetching.limits import USUAL_PORTS, Limits, port_set


class IngestSettings(ServiceSettings):
    """The common settings, the key of authors' hashes, and the limits of what is taken in and collected."""

    #: key of the authors' hashes; at least 32 characters
    author_key: SecretStr = Field(min_length=32)
    #: days after which the authors' hashes change, so that nobody can be followed from one period to the next
    author_key_days: int = Field(90, ge=1)
    #: bytes that one push may carry
    max_body: int = 8 * 1024 * 1024
    #: bytes that one imported file may have
    import_bytes: int = Field(2 * 2**30, ge=1024)
    #: bytes that one delivery to a hook may carry
    hook_bytes: int = Field(16 * 2**20, ge=1024)
    #: posts waiting to be analysed, at which pushes are asked to come again later and collecting waits
    max_backlog: int = 200_000
    #: days after which texts are purged; counts stay
    retention_days: int = Field(180, ge=1)
    #: days that pages as fetched are kept
    evidence_days: int = Field(180, ge=1)
    #: days that passes, habits and places on hot lists are kept
    record_days: int = Field(30, ge=15)
    #: days within which near repeats are found, and posts that are remembered for it at most
    repeat_days: int = Field(30, ge=1)
    repeat_posts: int = Field(1_000_000, ge=1_000)

    #: whether this replica collects by itself
    collect: bool = True
    #: how the operators of watched sites reach the office: an e-mail address or a page, sent with every request;
    #: empty: the postmaster of this machine
    contact: str = Field("", max_length=200)
    #: hosts that may be fetched though they lie inside the network or at another port, parted by commas:
    #: `name`, `name:port`, an address, or a network such as `10.20.0.0/16`
    allowed_hosts: str = ""
    #: services of the office's own, such as its RSSHub, parted by commas (`name` or `name:port`): allowed as well, and
    #: asked without their robots.txt
    own_hosts: str = ""
    #: ports that may be fetched, such as `80, 443, 8000-8999`; empty: the usual ones
    fetch_ports: str = ""
    #: bytes of one page, and seconds of one attempt
    fetch_bytes: int = Field(10 * 1024 * 1024, ge=1024)
    fetch_seconds: float = Field(60, gt=0)
    #: sources looked at side by side, by one replica
    collect_sources: int = Field(16, ge=1, le=500)
    #: posts that one pass over a source brings at most
    collect_posts: int = Field(50, ge=1, le=1_000)
    #: seconds after which a pass is given up
    collect_seconds: float = Field(600, gt=0)
    #: seconds between two requests to one host, and requests to it side by side
    host_delay: float = Field(1.0, ge=0)
    host_requests: int = Field(1, ge=1, le=16)
    #: minutes between two looks at the sources that a case has in surge watch
    surge_minutes: float = Field(5, gt=0)

    @field_validator("fetch_ports")
    @classmethod
    def _ports(cls, text: str) -> str:
        port_set(text)
        return text


def fetch_limits(settings: IngestSettings) -> Limits:
    """Return the bounds of fetching that the settings ask for; raises ValueError that says what is wrong with them."""
    contact = settings.contact.strip() or f"postmaster@{socket.getfqdn()}"
    if "@" in contact and "://" not in contact:
        contact = f"mailto:{contact.removeprefix('mailto:')}"
    return Limits(
        user_agent=f"HuiyingBot/1.0 (+{contact})",
        max_bytes=settings.fetch_bytes,
        seconds=settings.fetch_seconds,
        delay=settings.host_delay,
        concurrency=settings.host_requests,
        allowed=_parted(settings.allowed_hosts),
        own=_parted(settings.own_hosts),
        ports=port_set(settings.fetch_ports) or USUAL_PORTS,
    )


def _parted(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))
