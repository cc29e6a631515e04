"""Secrets at rest: encrypted, so that a copy of the database alone opens nothing."""

from __future__ import annotations

import hashlib
import hmac

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey


class Sealer:
    """Seals texts (JWE, A256GCM) by a key made of the deployment's internal key, another one for each `purpose`."""

    def __init__(self, internal_key: str, purpose: str) -> None:
        self._key = OctKey.import_key(hmac.new(internal_key.encode(), purpose.encode(), hashlib.sha256).digest())

    def sealed(self, text: str) -> str:
        """Return `text` so that nobody without the key can read or change it."""
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, text.encode(), self._key)

    def opened(self, sealed: str) -> str | None:
        """Return what was sealed; None where it was not sealed by this key."""
        try:
            return (jwe.decrypt_compact(sealed.encode(), self._key).plaintext or b"").decode()
        except (JoseError, ValueError):
            return None
