"""No spelling of an address leads inside the network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetching.addresses import Allowed, SystemResolver, forbidden

SPECIAL = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1
172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
::127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 2001::1 2001:db8::1 2002:7f00:1::1
3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 4000::1
"""


@pytest.mark.parametrize("address", SPECIAL.split())
def test_what_is_not_public_is_forbidden(address: str) -> None:
    assert forbidden(ip_address(address))


PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 114.114.114.114 172.32.0.1 2400:3200::1 2606:4700::1111
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_what_is_public_is_not(address: str) -> None:
    assert forbidden(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_all_that_python_calls_special_is_forbidden(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert forbidden(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_forbidden_in_every_ipv6_form(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    compatible = IPv6Address(number)
    nat64 = IPv6Address((0x64FF9B << 96) | number)
    six_to_four = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    teredo = IPv6Address((0x20010000 << 96) | number)
    assert all(map(forbidden, (mapped, compatible, nat64, six_to_four, teredo)))


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_left_of_ipv6(address: IPv6Address) -> None:
    if forbidden(address) is None:
        assert address.is_global
        assert address.ipv4_mapped is address.sixtofour is address.teredo is None
        assert int(address) >> 125 == 1


def test_the_operator_allows_by_name_port_and_network() -> None:
    allowed = Allowed(
        ["RSS.intern.example", "api.intern.example:8080", "10.20.0.0/16", "fd00::/8", "[::1]", "[fd01::2]:81"], {80}
    )
    inside, outside = ip_address("10.20.3.4"), ip_address("10.21.3.4")
    assert allowed.refusal(outside, "rss.intern.example", 9999) is None
    assert allowed.refusal(outside, "api.intern.example", 8080) is None
    assert allowed.refusal(outside, "api.intern.example", 80) == "private"
    assert allowed.refusal(outside, "rss.intern.example.evil.example", 80) == "private"
    assert allowed.refusal(inside, "any.example", 80) is None
    assert allowed.refusal(ip_address("::1"), "::1", 80) is None
    assert allowed.refusal(ip_address("fe80::2"), "fd01::2", 81) is None
    assert allowed.refusal(ip_address("fe80::2"), "fd01::2", 82) == "not public"
    assert allowed.refusal(ip_address("8.8.8.8"), "any.example", 80) is None


def test_a_network_does_not_allow_its_mapped_twin() -> None:
    assert Allowed(["127.0.0.0/8"], {80}).refusal(ip_address("::ffff:127.0.0.1"), "x.example", 80) == "IPv4-mapped"


@pytest.mark.parametrize("entry", ["", "http://intern.example/", "host:port", "10.0.0.0/33", ":80"])
def test_what_is_no_exception_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Allowed([entry], {80})


async def test_the_systems_resolver_knows_this_machine() -> None:
    resolver = SystemResolver()
    assert all(address.is_loopback for address in await resolver.resolve("localhost"))
    resolver.close()


def test_ports_are_a_set_but_for_exceptions() -> None:
    allowed, public, inside = (
        Allowed(["a.example:22", "b.example"], {80}),
        ip_address("8.8.8.8"),
        ip_address("10.0.0.1"),
    )
    assert allowed.refusal(public, "c.example", 80) is None
    assert allowed.refusal(public, "c.example", 22) == allowed.hopeless("c.example", 22) == "port 22"
    assert allowed.refusal(public, "a.example", 22) is allowed.hopeless("a.example", 22) is None
    assert allowed.refusal(public, "a.example", 23) == "port 23"
    assert allowed.refusal(public, "b.example", 23) is None
    allowed = Allowed(["10.0.0.0/8"], {80})
    assert allowed.hopeless("c.example", 22) is None
    assert allowed.refusal(inside, "c.example", 22) is None
    assert allowed.refusal(public, "c.example", 22) == "port 22"
