"""Which machines may be asked: those of the public internet, and those that the operator names.

A name is resolved once for a connection, every address that it has is judged, and the connection goes to one of
those: there is no second look-up that could give another answer (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Protocol

from kit.addresses import Address, forbidden

__all__ = ["Address", "Allowed", "Resolver", "SystemResolver", "forbidden"]

#: a name with more addresses than these is read no further
_MOST_ADDRESSES: Final = 64


class Allowed:
    """Where requests may go: to public addresses at `ports`, and to the operator's exceptions.

    An exception is `name`, `name:port`, an address, or a network in CIDR notation; one without a port allows every
    port. ValueError where it is none of these.
    """

    def __init__(self, entries: Iterable[str], ports: Collection[int]) -> None:
        self._ports = ports
        self._networks: list[IPv4Network | IPv6Network] = []
        self._hosts: dict[str, set[int] | None] = {}
        for entry in entries:
            self._add(entry.strip().lower())

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry.removeprefix("[").removesuffix("]")))
            return
        except ValueError:
            host, colon, port = entry.rpartition(":")
        if not colon:
            host, port = entry, ""
        host = host.removeprefix("[").removesuffix("]").rstrip(".")
        if not host or "/" in host or (colon and not port.isdigit()):
            raise ValueError(f"neither a host, a host and port, nor a network: {entry!r}")
        if not colon:
            self._hosts[host] = None
        elif (ports := self._hosts.setdefault(host, set())) is not None:
            ports.add(int(port))

    def refusal(self, address: Address, host: str, port: int) -> str | None:
        """Return why `host`, spelled as the page's address does, may not be asked at `address`, if it may not."""
        if self.names(host, port) or self._holds(address):
            return None
        return forbidden(address) or (None if port in self._ports else f"port {port}")

    def hopeless(self, host: str, port: int) -> str | None:
        """Return why `host` may not be asked whatever its addresses are, or nothing where they matter."""
        if port in self._ports or self._networks or self.names(host, port):
            return None
        return f"port {port}"

    def names(self, host: str, port: int) -> bool:
        """Tell whether an entry names this host (at this port, where it has one)."""
        if not self._hosts or host not in self._hosts:
            return False
        ports = self._hosts[host]
        return ports is None or port in ports

    def _holds(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


class Resolver(Protocol):
    """What turns a name into addresses."""

    async def resolve(self, host: str) -> Sequence[Address]:
        """Return all addresses of `host`, the best first; OSError where it has none."""


class SystemResolver:
    """The operating system's resolver, in threads of its own: a slow name server delays nothing else."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="names")

    async def resolve(self, host: str) -> Sequence[Address]:
        """Return all addresses of `host`, in the system's order of preference (RFC 6724)."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host)
        return [ip_address(text) for text in dict.fromkeys(found)]

    def close(self) -> None:
        """Let go of the threads; a look-up that still waits ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> list[str]:
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers[:_MOST_ADDRESSES]]
