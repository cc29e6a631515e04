"""An address of the web taken apart once, so that what is judged is what is asked.

Hosts are read as browsers read them (WHATWG URL, 3.5): `0x7f.1`, `2130706433` and `0177.0.0.1` are 127.0.0.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import idna

from services.ingest.fetching.addresses import Address
from services.ingest.fetching.page import FetchFailed, FetchProblem

#: longer addresses than this are no pages' (servers refuse from 8,000 octets: RFC 9110, 4.1)
LONGEST: Final = 8192

_PORTS: Final = {"http": 80, "https": 443}
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z")
_NUMBER = re.compile(r"0x[0-9a-f]*\Z|[0-9]+\Z")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*\Z")
_DOTS = re.compile(r"/(\.|%2e){1,2}(/|\Z)", re.IGNORECASE)
_SAFE: Final = "-._~:/?[]@!$&'()*+,;=%"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is in lower case, ASCII, without a trailing dot or brackets; `path` has the query.

    `address` is set where the host is one rather than a name.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None = None

    @classmethod
    def of(cls, url: str) -> Target:
        """Return the parts of `url`; FetchFailed(NOT_AN_ADDRESS) where it is none of http or https."""
        try:
            return _parse(url.strip())
        except ValueError as error:
            raise FetchFailed(FetchProblem.NOT_AN_ADDRESS, str(error), url=url[:LONGEST]) from None

    def joined(self, location: str) -> Target:
        """Return where `location` leads, as written in an answer from here."""
        try:
            url = urljoin(self.url, location.strip())
        except ValueError as error:
            raise FetchFailed(FetchProblem.NOT_AN_ADDRESS, str(error), url=location[:LONGEST]) from None
        return Target.of(url)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return scheme, host and port: what has one robots.txt."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Return the host, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the whole address in one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"


def _parse(url: str) -> Target:
    if len(url) > LONGEST:
        raise ValueError("too long")
    if "\\" in url.partition("?")[0] or _CONTROL.search(url.partition("/")[0]):
        raise ValueError("characters that no address has")
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(f"not http or https: {scheme[:20] or 'no scheme'}")
    if "@" in parts.netloc:
        raise ValueError("names a user")
    host, address = _host(parts.netloc)
    port = parts.port
    if port == 0:
        raise ValueError("port 0")
    path = parts.path or "/"
    if not path.startswith("/"):
        raise ValueError("the path does not begin with a slash")
    if not _PLAIN.match(path):
        path = quote(path, safe=_SAFE)
    if _DOTS.search(path):
        path = _without_dots(path)
    if parts.query:
        path += "?" + (parts.query if _PLAIN.match(parts.query) else quote(parts.query, safe=_SAFE))
    return Target(scheme, host, port if port is not None else _PORTS[scheme], path, address)


def _host(netloc: str) -> tuple[str, Address | None]:
    if netloc.startswith("["):
        inside = netloc[1:].partition("]")[0]
        if "%" in inside:
            raise ValueError("an address bound to an interface")
        return (six := IPv6Address(inside)).compressed, six
    host = netloc.partition(":")[0]
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8")
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError as error:
            raise ValueError(f"not a name: {error}") from None
    host = host.lower().removesuffix(".")
    if not _HOST.match(host):
        raise ValueError("not a host's name")
    if _NUMBER.match(host.rpartition(".")[2]):
        four = _ipv4(host)
        return str(four), four
    return host, None


def _ipv4(host: str) -> IPv4Address:
    numbers = [_number(part) for part in host.split(".")]
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise ValueError("neither a name nor an IPv4 address")
    leading = sum(number << (8 * (3 - place)) for place, number in enumerate(numbers[:-1]))
    return IPv4Address(leading + numbers[-1])


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        if plain not in (".", ".."):
            kept.append(segment)
            continue
        if plain == ".." and kept:
            kept.pop()
        if place == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)
