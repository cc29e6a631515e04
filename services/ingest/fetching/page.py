"""What is asked of the web, what comes back, and the ways in which it can fail. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from services.ingest.fetching.decoding import decode

HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"
FEED = "application/feed+json,application/atom+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.5"
JSON = "application/json,*/*;q=0.5"


class FetchProblem(StrEnum):
    """Why a page could not be had."""

    NOT_AN_ADDRESS = "not_an_address"
    FORBIDDEN_ADDRESS = "forbidden_address"
    ROBOTS = "robots"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    HTTP_STATUS = "http_status"
    RATE_LIMITED = "rate_limited"
    CONTENT = "content"


class FetchFailed(Exception):
    """A page could not be had. `retry_after` is in seconds, where the server or its back-off names a time."""

    def __init__(
        self,
        problem: FetchProblem,
        detail: str,
        *,
        url: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem, self.detail, self.url = problem, detail, url
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True, slots=True)
class Request:
    """One page to be had. With `validators` (from :attr:`Page.validators`) the server may answer "not modified"."""

    url: str
    accept: str = HTML
    validators: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A page as it came: final address, status, headers in lower case, the body with its transfer coding undone."""

    requested: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    #: from the first attempt's sending to the last byte
    seconds: float
    redirects: tuple[str, ...] = ()

    @property
    def not_modified(self) -> bool:
        """Tell whether the page is as it was when its validators were given."""
        return self.status == 304

    @property
    def validators(self) -> dict[str, str]:
        """Return what makes the next request for this page conditional: `etag`, `last-modified`."""
        return {name: self.headers[name] for name in ("etag", "last-modified") if self.headers.get(name)}

    @cached_property
    def text(self) -> str:
        """Return the body as text, by byte order mark, header, declaration in the document, or its look."""
        return decode(self.body, self.headers.get("content-type", ""))

    @cached_property
    def digest(self) -> str:
        """Return the body's SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()
