"""Which addresses are of the public internet: the one judge of whatever this system is told to call."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

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


def forbidden(address: Address) -> str | None:
    """Return why `address` is not one of the public internet, or nothing where it is."""
    if isinstance(address, IPv4Address):
        return next((reason for network, reason in _NO_IPV4 if address in network), None)
    if address.scope_id is not None:
        return "bound to an interface"
    if address not in _PUBLIC_IPV6:
        return "IPv4-mapped" if address.ipv4_mapped is not None else "not public"
    return next((reason for network, reason in _NO_IPV6 if address in network), None)
