"""Outgoing HTTP of every channel: bounded in time and size, never redirected, never into our own network unasked."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from services.notify.channels.addresses import AddressRefused, resolve_public
from services.notify.retries import Outcome

#: Bytes of an answer that are read; no vendor's answer comes near it.
MOST_READ: Final = 64 * 1024
#: Seconds in which the beginning of a body must come where only the status counts.
_MOMENT: Final = 0.5


class NotAnswered(Exception):
    """There was no answer to judge; `outcome` says what that means for the attempt."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is None where it was not read, or longer than may be read (`too_long`)."""

    status: int
    retry_after: str | None = None
    body: bytes | None = None
    too_long: bool = False


class Caller:
    """Makes HTTP calls. `who` in every method is what the other side is called in reasons (Chinese)."""

    def __init__(self, timeout: float, allowed_hosts: frozenset[str], tls: ssl.SSLContext | None = None) -> None:
        self._timeout = timeout
        self._allowed = allowed_hosts
        #: made once, since reading the certificate authorities takes long; SSL_CERT_FILE names an operator's own
        self._tls = tls or httpx.create_ssl_context()
        self._shared: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close kept connections."""
        if self._shared is not None:
            await self._shared.aclose()
            self._shared = None

    async def to_vendor(
        self,
        who: str,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call an address that the operator has set, and read the answer. Raises NotAnswered."""
        if self._shared is None:
            self._shared = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                request = self._shared.build_request(method, url, content=content, headers=_plain(headers))
                return await _read(await self._shared.send(request, stream=True))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._not_answered(who, error) from None

    async def to_user(
        self, who: str, url: str, *, content: bytes, headers: Mapping[str, str], most: int | None = None
    ) -> Answer:
        """Post to an address that a user has entered, which must be public or allowed. Raises NotAnswered.

        With `most`, the status is what counts: of the body only its beginning is taken, if it comes at once.
        """
        try:
            async with asyncio.timeout(self._timeout):
                address = await resolve_public(url, self._allowed)
                wanted = httpx.URL(url)
                extensions: dict[str, Any] = {"sni_hostname": wanted.host} if wanted.scheme == "https" else {}
                # a client for each call: pooled connections are kept by address and would be shared between host names
                async with self._client() as client:
                    request = client.build_request(
                        "POST",
                        wanted.copy_with(host=address),
                        headers=_plain(headers),
                        content=content,
                        extensions=extensions,
                    )
                    request.headers["Host"] = urlsplit(url).netloc
                    return await _read(await client.send(request, stream=True), most)
        except AddressRefused as error:
            raise NotAnswered(Outcome.never(str(error))) from None
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._not_answered(who, error) from None

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._tls, follow_redirects=False, trust_env=False, timeout=self._timeout)

    def _not_answered(self, who: str, error: Exception) -> NotAnswered:
        # only the kind of error is told: its text can hold the address, and with it a key
        if isinstance(error, (TimeoutError, httpx.TimeoutException)):
            return NotAnswered(Outcome.later(f"{who} {self._timeout:g} 秒内未答复"))
        if isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError)):
            return NotAnswered(Outcome.later(f"{who}中断了连接：{type(error).__name__}"))
        return NotAnswered(Outcome.later(f"{who}无法连接：{type(error).__name__}"))


async def _read(response: httpx.Response, most: int | None = None) -> Answer:
    try:
        retry_after = response.headers.get("retry-after")
        if most is not None:
            return Answer(response.status_code, retry_after, await _beginning(response, most))
        read = b""
        # raw: what was compressed although nobody asked for it must not swell in memory
        async for chunk in response.aiter_raw():
            read += chunk
            if len(read) > MOST_READ:
                return Answer(response.status_code, retry_after, too_long=True)
        return Answer(response.status_code, retry_after, read)
    finally:
        await response.aclose()


async def _beginning(response: httpx.Response, most: int) -> bytes:
    if not most:
        return b""
    with suppress(TimeoutError, httpx.HTTPError, OSError):
        async with asyncio.timeout(_MOMENT):
            async for chunk in response.aiter_raw(most):
                return chunk[:most]
    return b""


def _plain(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {"accept-encoding": "identity", **(headers or {})}


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header (a number or an HTTP date) asks for, or None."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
