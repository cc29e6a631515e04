"""Secrets at rest: encrypted, so that a copy of the database alone signs nothing."""

from __future__ import annotations

from typing import Final

from kit.sealing import Sealer

_PURPOSE: Final = "huiying ingest hooks: secrets at rest"


class SecretLost(Exception):
    """A secret that was encrypted with another internal key; the hook needs a new one."""


class SecretKeeper:
    """Keeps the secrets of hooks, sealed."""

    def __init__(self, internal_key: str) -> None:
        self._sealer = Sealer(internal_key, _PURPOSE)

    def sealed(self, secret: str) -> str:
        """Return a secret as it is stored."""
        return self._sealer.sealed(secret)

    def opened(self, stored: str) -> str:
        """Return a stored secret; raises :class:`SecretLost`."""
        secret = self._sealer.opened(stored)
        if secret is None:
            raise SecretLost("it was sealed with another internal key")
        return secret
