"""What fetching may spend, whom it may ask, and how it names itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.ingest.fetching.addresses import Allowed

#: the web's own ports, and those on which public bodies' older sites are met
USUAL_PORTS: Final = frozenset({80, 443, *range(8000, 9000)})

_PRODUCT = re.compile(r"[A-Za-z][A-Za-z_-]*")
_CONTACT = re.compile(r"https?://|[^\s@]+@[^\s@]+")


def port_set(text: str) -> frozenset[int]:
    """Return the ports that a setting names, such as `80, 443, 8000-8999`; ValueError for anything else."""
    ports: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not 0 < low <= high < 65536:
            raise ValueError(f"not a range of ports: {part}")
        ports.update(range(low, high + 1))
    return frozenset(ports)


@dataclass(frozen=True)
class Limits:
    """Bounds of one fetcher. Seconds and bytes throughout.

    `user_agent` begins with the crawler's name, by which robots.txt knows it, and holds a contact (an address of a
    page or of mail): `HuiyingBot/1.0 (+https://office.example/bot; mailto:bot@office.example)`.
    """

    user_agent: str
    #: bytes of one body, as it comes over the wire and, again, unpacked
    max_bytes: int = 10 * 1024 * 1024
    #: one attempt as a whole, from the name's resolution to the last byte; waiting in the host's queue is not counted
    seconds: float = 60.0
    #: resolving a name, connecting to one of its addresses, and the TLS handshake, together
    connect_seconds: float = 10.0
    #: silence in the middle of an answer
    read_seconds: float = 20.0
    #: least time between two requests to one host; robots.txt may ask for more
    delay: float = 1.0
    #: the longest Crawl-delay that is honoured: beyond it a typing error is likelier than a wish
    max_crawl_delay: float = 120.0
    #: requests at once to one host
    concurrency: int = 1
    #: requests at once to all hosts together
    total: int = 64
    #: hosts that may be asked though they lie inside the network or at another port:
    #: `name`, `name:port`, an address, or a network such as `10.20.0.0/16`
    allowed: tuple[str, ...] = ()
    #: services of the operator's own, such as an RSSHub (`name` or `name:port`): allowed, and asked without their
    #: robots.txt, which is meant for strangers
    own: tuple[str, ...] = ()
    ports: frozenset[int] = USUAL_PORTS
    max_redirects: int = 5
    #: attempts after the first, for what may pass: no connection, time-outs, 502, 503, 504, 429
    retries: int = 2
    #: wait before the first repetition; doubled each time, and spread at random between half and the whole
    back_off: float = 0.5
    #: the longest time that a fetch itself waits where a host asked to be left alone; beyond it the caller is told
    patience: float = 30.0
    #: how long a host is left alone that answers 429 and names no time
    cool_down: float = 60.0
    #: how long a robots.txt is kept; RFC 9309, 2.4: at most 24 hours
    robots_seconds: float = 24 * 3600.0
    #: after which time an unreachable robots.txt is asked for again
    robots_retry_seconds: float = 300.0
    #: how long a connection is kept for the next page of its host
    keep_alive: float = 15.0

    def __post_init__(self) -> None:
        if not _PRODUCT.match(self.user_agent):
            raise ValueError("user_agent begins with the crawler's name, such as HuiyingBot/1.0")
        if not _CONTACT.search(self.user_agent) or not self.user_agent.isascii() or not self.user_agent.isprintable():
            raise ValueError("user_agent holds a contact (http… or name@host) in plain ASCII")
        if self.concurrency < 1 or self.total < 1 or self.max_bytes < 1 or self.retries < 0 or self.max_redirects < 0:
            raise ValueError("concurrency, total and max_bytes are at least 1, retries and max_redirects at least 0")
        if self.robots_seconds > 24 * 3600:
            raise ValueError("a robots.txt is kept for 24 hours at most (RFC 9309, 2.4)")
        Allowed((*self.allowed, *self.own), self.ports)

    @property
    def product(self) -> str:
        """Return the name by which robots.txt knows the crawler: letters, `_` and `-` (RFC 9309, 2.2.1)."""
        match = _PRODUCT.match(self.user_agent)
        return match.group() if match else ""
