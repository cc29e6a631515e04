"""Which machines may be asked: those of the public internet, and those that the operator names.

A name is resolved once for a connection, every address that it has is judged, and the connection goes to one of
those: there is no second look-up that could give another answer (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Protocol

Address = IPv4Address | IPv6Address

#: IANA's registry of special-purpose IPv4 addresses (RFC 6890 and its updates), multicast, class E,
#: and the one public address that a cloud (Azure) answers its own machines' questions on
_NO_IPV4: Final = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("168.63.129.16/32", "cloud metadata"),
    )
)
#: IPv6: only 2000::/3 is public (RFC 4291, 2.4), which shuts out ::1, IPv4-mapped addresses, NAT64 (64:ff9b::/96 and
#: 64:ff9b:1::/48), fc00::/7, fe80::/10 and ff00::/8; inside it, what is special or carries an IPv4 address
_PUBLIC_IPV6: Final = IPv6Network("2000::/3")
_NO_IPV6: Final = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
    )
)
#: a name with more addresses than these is read no further
_MOST_ADDRESSES: Final = 64


def forbidden(address: Address) -> str | None:
    """Return why `address` is not one of the public internet, or nothing where it is."""
    if isinstance(address, IPv4Address):
        return next((reason for network, reason in _NO_IPV4 if address in network), None)
    if address.scope_id is not None:
        return "bound to an interface"
    if address not in _PUBLIC_IPV6:
        return "IPv4-mapped" if address.ipv4_mapped is not None else "not public"
    return next((reason for network, reason in _NO_IPV6 if address in network), None)


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
