"""Traditional characters and their variants as simplified ones, character by character."""

from __future__ import annotations

from functools import cache
from typing import Final

import opencc

_HAN: Final = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000))


@cache
def table() -> dict[int, str]:
    """Return OpenCC's t2s dictionary for single characters, by code point, as :meth:`str.translate` takes it.

    What it maps outside the basic plane stays as it is.
    """
    characters = [chr(code) for block in _HAN for code in block]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    pairs = zip(characters, converted, strict=True)
    return {ord(old): new for old, new in pairs if old != new and len(new) == 1 and new <= "\uffff"}


def simplified(text: str) -> str:
    """Return `text` with traditional characters as simplified ones; as long as `text`, and stable when applied again.

    Context is not looked at (乾 is always 干), which is right for matching and scoring, not for showing.
    """
    return text.translate(table())
