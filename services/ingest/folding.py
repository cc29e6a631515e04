"""Folding: two texts that a reader would call the same fold to the same string."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

_NOISE: Final = re.compile(r"[\W_]+")
_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Return a text without what no database stores: control characters (but tab and line ends) and lone surrogates."""
    return _UNSTORABLE.sub("", text)


def storable(value: Any) -> Any:
    """Return JSON-like data with every text in it :func:`cleaned`, names too."""
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, Mapping):
        return {cleaned(str(name)): storable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(one) for one in value]
    return value


def folded(text: str) -> str:
    """Return a text in NFKC and lower case, with punctuation and white space left out.

    A text of nothing else folds to itself, white space left out: 「！！！」 and 「？？？」 are not the same.
    """
    normal = unicodedata.normalize("NFKC", text).casefold()
    return _NOISE.sub("", normal) or "".join(normal.split())
