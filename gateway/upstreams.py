"""The replicas of each service: which one is asked next, and which ones are left alone for a while.

A replica that cannot be reached, or that breaks off or hangs, again and again, is ejected for a time that doubles, and
asked for /livez meanwhile; it is back at the first good answer. The last one is never ejected: a bad replica is better
than none.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from yarl import URL

_log = structlog.get_logger(__name__)

#: Failures on end after which a replica is ejected.
_FAILURES: Final = 3
#: Seconds of the first ejection, and of the longest.
_SHORTEST: Final = 1.0
_LONGEST: Final = 30.0
#: Seconds after which names are looked up again; containers come and go under one name.
_LOOKED_UP: Final = 5.0


@dataclass(eq=False, slots=True)
class Replica:
    """One address of a service. `host` is the name that it goes by, for the Host header; empty for a plain address."""

    base: str
    under_way: int = 0
    failures: int = 0
    ejections: int = 0
    #: monotonic time until which it is left alone
    until: float = 0.0

    def is_ejected(self, now: float) -> bool:
        """Tell whether it is left alone at `now`."""
        return self.until > now


@dataclass(slots=True)
class _Service:
    name: str
    addresses: Sequence[str]
    replicas: list[Replica] = field(default_factory=list)
    turn: int = 0
    looked_up: float = float("-inf")
    looking: asyncio.Task[None] | None = None


class Upstreams:
    """Gives out replicas: the one with the fewest requests under way, of equals the next in turn."""

    def __init__(self, upstreams: Mapping[str, Sequence[str]], *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._services = {name: _Service(name, addresses) for name, addresses in upstreams.items()}
        for service in self._services.values():
            service.replicas = [Replica(address) for address in service.addresses]

    def choose(self, name: str, *, but: Replica | None = None) -> Replica:
        """Return the replica to ask; `but`: another one than that, where there is one that is not ejected."""
        service, now = self._services[name], self._now()
        self._look_up(service, now)
        standing = [one for one in service.replicas if not one.is_ejected(now)]
        others = [one for one in standing if one is not but]
        candidates = others or standing
        if not candidates:  # all are ejected: the one whose time is over first
            return min(service.replicas, key=lambda one: one.until)
        service.turn += 1
        turn = service.turn % len(candidates)
        return min(candidates[turn:] + candidates[:turn], key=lambda one: one.under_way)

    def worked(self, replica: Replica) -> None:
        """Note that a replica answered."""
        replica.failures = replica.ejections = 0
        replica.until = 0.0

    def failed(self, name: str, replica: Replica, *, unreachable: bool) -> None:
        """Note that a replica did not answer. One that cannot even be reached is ejected at once."""
        service, now = self._services[name], self._now()
        replica.failures += 1
        if len(service.replicas) < 2 or (replica.failures < _FAILURES and not unreachable):
            return
        if replica.is_ejected(now):
            return
        seconds = min(_LONGEST, _SHORTEST * 2**replica.ejections) * random.uniform(0.8, 1.2)
        replica.ejections += 1
        replica.until = now + seconds
        _log.warning("upstream.ejected", service=name, address=replica.base, seconds=round(seconds, 1))

    async def probe(self, alive: Callable[[str], Awaitable[bool]]) -> int:
        """Ask every ejected replica whether it lives; returns how many are back."""
        back = 0
        for service in self._services.values():
            for replica in service.replicas:
                if replica.is_ejected(self._now()) and await alive(replica.base):
                    self.worked(replica)
                    _log.info("upstream.back", service=service.name, address=replica.base)
                    back += 1
        return back

    def states(self) -> dict[str, list[tuple[str, bool]]]:
        """Return the replicas of each service, and whether each is in use."""
        now = self._now()
        return {
            name: [(one.base, not one.is_ejected(now)) for one in service.replicas]
            for name, service in self._services.items()
        }

    def _look_up(self, service: _Service, now: float) -> None:
        if now - service.looked_up < _LOOKED_UP or not any(_is_name(one) for one in service.addresses):
            return
        service.looked_up = now
        if service.looking is None or service.looking.done():
            service.looking = asyncio.ensure_future(self._looked_up(service))

    @staticmethod
    async def _looked_up(service: _Service) -> None:
        found: list[str] = []
        loop = asyncio.get_running_loop()
        for address in service.addresses:
            url = URL(address)
            if not _is_name(address) or url.host is None:
                found.append(address)
                continue
            try:
                infos = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
            except OSError as error:
                _log.warning("upstream.name_unknown", service=service.name, address=address, error=str(error))
                found.append(address)
                continue
            found += [str(url.with_host(one)).rstrip("/") for one in dict.fromkeys(str(info[4][0]) for info in infos)]
        known = {replica.base: replica for replica in service.replicas}
        service.replicas = [known.get(base) or Replica(base) for base in dict.fromkeys(found)]


def _is_name(address: str) -> bool:
    """Tell whether an address names a host that several machines may stand behind."""
    host = URL(address).host or ""
    if host == "localhost":
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return URL(address).scheme == "http"  # a certificate is for the name
    return False
