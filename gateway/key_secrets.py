"""What the secrets of API keys look like, so that scanners find leaked ones and a slip of the hand is told at once.

A secret is ``hyk_``, 43 letters and digits (256 bits by chance) and six more: the CRC-32 of all before it, base 62.
"""

from __future__ import annotations

import re
import secrets
import zlib
from typing import Final

#: For secret scanners.
PATTERN: Final = r"\bhyk_[0-9A-Za-z]{49}\b"
#: characters of a secret that lists show
SHOWN: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NEW: Final = re.compile(r"hyk_[0-9A-Za-z]{49}")
#: keys made before secrets had check digits
_OLD: Final = re.compile(r"hyk_[A-Za-z0-9_-]{43}")
_DIGITS: Final = 6


def new_key_secret() -> str:
    """Return a new secret."""
    body = "hyk_" + "".join(secrets.choice(_ALPHABET) for _ in range(43))
    return body + _check_digits(body)


def well_formed(secret: str) -> bool:
    """Tell whether `secret` can be one of ours at all: by its form and its check digits, without looking it up."""
    if _NEW.fullmatch(secret):
        return _check_digits(secret[:-_DIGITS]) == secret[-_DIGITS:]
    return _OLD.fullmatch(secret) is not None


def _check_digits(text: str) -> str:
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(_DIGITS):
        rest, digit = divmod(rest, 62)
        digits = _ALPHABET[digit] + digits
    return digits
