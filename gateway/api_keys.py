"""Who a system is, by the key that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

import structlog
from prometheus_client import Gauge

from contracts.permissions import ACTIONS, Reach
from contracts.words import Role
from gateway import store
from gateway.key_secrets import well_formed
from gateway.remembered import Remembered
from gateway.tokens import TokenError, fingerprint
from kit.auth import Principal
from kit.runtime import Runtime
from kit.transient import brief, passes

_log = structlog.get_logger(__name__)
#: seconds for which a key that was looked up is taken for granted: so long a revoked one may still open the door
REMEMBERED: Final = 3.0
#: how often at most the last use of a key is written down
_TOUCH: Final = timedelta(minutes=1)
#: how long before its end a key is warned of
WARNED: Final = timedelta(days=30)
#: bits of an address that are kept of whoever used a key last: enough to tell networks apart
_KEPT_BITS: Final = {4: 24, 6: 48}

_EXPIRING: Final = Gauge("huiying_api_keys_expiring", "API keys that end within 30 days", multiprocess_mode="max")


class ApiKeys:
    """Answers whose a key is. What was looked up is remembered for :data:`REMEMBERED` seconds, unknown keys too."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._found: Remembered[Any] = Remembered(REMEMBERED)

    async def principal(self, secret: str, address: str | None) -> Principal:
        """Return the system whose key `secret` is, called from `address`; raises TokenError where it opens nothing."""
        if not well_formed(secret):
            raise TokenError("this is no API key: look for characters that are missing or mistyped")
        hash_ = fingerprint(secret)

        async def look_up() -> Any:
            async with self._runtime.database.reading() as session:
                row = await store.api_key(session, hash_)
            if row is not None and open_now(row, hash_, self._runtime.clock.now()):
                await self._touch(row, address)
            return row

        row = await self._found.get(hash_, look_up)
        if row is None or not open_now(row, hash_, self._runtime.clock.now()):
            raise TokenError("no such key, or it has expired")
        if not _within(row.networks, address):
            _log.warning("api_key.elsewhere", key=row.id, name=row.name, address=address)
            raise TokenError("the key may not be used from this address")
        return principal_of_key(row)

    async def welcome(self, key_id: str) -> bool:
        """Tell whether a key that was let in earlier would be let in now."""
        async with self._runtime.database.reading() as session:
            row = await store.api_key_by_id(session, key_id)
        return row is not None and (row.expires_at is None or row.expires_at > self._runtime.clock.now())

    def forget(self) -> None:
        """Look every key up anew."""
        self._found.forget()

    async def warn(self) -> None:
        """Count the keys that end soon, and name them in the log."""
        now = self._runtime.clock.now()
        async with self._runtime.database.reading() as session:
            rows = await store.api_keys_ending(session, now, now + WARNED)
        _EXPIRING.set(len(rows))
        for row in rows:
            _log.warning("api_key.expires", key=row.id, name=row.name, at=row.expires_at.isoformat())

    async def _touch(self, row: Any, address: str | None) -> None:
        now = self._runtime.clock.now()
        if row.last_used_at is None or now - row.last_used_at > _TOUCH:
            try:
                async with self._runtime.database.writing() as session:
                    await store.touch_api_key(session, row.id, now, network_of(address))
            except Exception as error:
                if not passes(error):
                    raise
                _log.warning("api_key.use_not_noted", key=row.id, error=brief(error))


def principal_of_key(row: Any) -> Principal:
    """Return the principal of a stored key."""
    return Principal(
        id=row.id,
        name=row.name,
        roles=frozenset(Role(name) for name in row.roles),
        unit=row.unit,
        kind="api_key",
        scopes=None if row.scopes is None else frozenset(row.scopes),
    )


def open_now(row: Any, hash_: str, now: datetime) -> bool:
    """Tell whether a stored key opens the door at `now` by the secret of that hash.

    That is the present secret or, until the overlap ends, the one before.
    """
    if row.expires_at is not None and row.expires_at <= now:
        return False
    return bool(hash_ == row.hash or (hash_ == row.previous_hash and row.previous_until > now))


def beyond(maker: Principal, key: Principal) -> list[str]:
    """Return the actions that `key` might perform and its maker might not, or only on less."""
    return [
        action
        for action in ACTIONS
        if (wanted := key.reach(action)) is not None
        and ((held := maker.reach(action)) is None or (held is Reach.OWN and wanted is Reach.ALL))
    ]


def network_of(address: str | None) -> str | None:
    """Return the network that an address lies in (24 bits of IPv4, 48 of IPv6); None where it is no address."""
    found = _address(address)
    return str(ip_network((found, _KEPT_BITS[found.version]), strict=False)) if found is not None else None


def _within(networks: Sequence[str], address: str | None) -> bool:
    found = _address(address)
    return not networks or (found is not None and any(found in ip_network(one) for one in networks))


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
