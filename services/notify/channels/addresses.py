"""Where a webhook may go: never into the private network behind us, unless the operator allows that host."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from kit.addresses import forbidden


class AddressRefused(Exception):
    """The host resolves to an address that webhooks may not reach; the text says so in Chinese."""


async def resolve_public(url: str, allowed: frozenset[str]) -> str:
    """Return one address (as text) of `url`'s host that may be connected to.

    The caller connects to just that address, so that a name cannot point elsewhere between check and use. Every
    address of the name must be public, unless the host is in `allowed`. Raises AddressRefused, or OSError when the name
    does not resolve.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses:
        raise OSError(f"no address for {host}")
    if host not in allowed:
        for address in addresses:
            if not is_public(address):
                raise AddressRefused(f"回调地址指向内网或本机（{host}），如确需使用请加入 HUIYING_WEBHOOK_ALLOW_HOSTS")
    return addresses[0]


def is_public(address: str) -> bool:
    """Tell whether `address` is one of the public internet; what hides an IPv4 address in IPv6 is not."""
    return forbidden(ipaddress.ip_address(address)) is None
