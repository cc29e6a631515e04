"""Webhooks stay out of the private network."""

from __future__ import annotations

import pytest

from services.notify.channels.addresses import AddressRefused, is_public, resolve_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",  # nobody public is reached by an address in disguise
        "168.63.129.16",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://127.0.0.1./"]
)
async def test_loopback_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises((AddressRefused, OSError)):
        await resolve_public(url, frozenset())


async def test_host_that_the_operator_allows_is_reached() -> None:
    assert await resolve_public("http://127.0.0.1:9/", frozenset({"127.0.0.1"})) == "127.0.0.1"
