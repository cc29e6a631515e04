"""Secrets at rest: encrypted, so that a copy of the database alone signs nothing."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_PURPOSE: Final = b"huiying ingest hooks: secrets at rest"


class SecretLost(Exception):
    """A secret that was encrypted with another internal key; the hook needs a new one."""


class SecretKeeper:
    """Encrypts secrets (A256GCM) with a key made of the deployment's internal key."""

    def __init__(self, internal_key: str) -> None:
        self._key = OctKey.import_key(hmac.new(internal_key.encode(), _PURPOSE, hashlib.sha256).digest())

    def sealed(self, secret: str) -> str:
        """Return a secret as it is stored."""
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, secret.encode(), self._key)

    def opened(self, stored: str) -> str:
        """Return a stored secret; raises :class:`SecretLost`."""
        try:
            return (jwe.decrypt_compact(stored, self._key).plaintext or b"").decode()
        except (JoseError, ValueError) as error:
            raise SecretLost(str(error)) from error
