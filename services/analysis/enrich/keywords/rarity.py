"""How rare a word is in Chinese news, weibos, forums and letters to government: a small table learned from them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

_FILE: Final = "rarity.npz"
#: eighths of a nat in which the table keeps a rarity
STEP: Final = 8
#: what a word that the table does not know counts as: rarer words would lead a text by their rarity alone
HIGHEST: Final = 8.0


def key_of(word: str) -> int:
    """Return the 32 bits by which the table knows a word; two in a hundred thousand unknown words meet another's."""
    return zlib.crc32(word.casefold().encode())


def rarity_of(word: str) -> float:
    """Return the natural logarithm of (texts / texts with the word), at most :data:`HIGHEST`."""
    return min(_table().get(key_of(word), HIGHEST), HIGHEST)


def is_known(word: str) -> bool:
    """Tell whether the word stood in enough of the training texts to be in the table."""
    return key_of(word) in _table()


def packed(texts_with: Mapping[str, int], texts: int) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    """Return the arrays of the table: the keys in order (uint32) and their rarities in eighths (uint8)."""
    rarities = {key_of(word): math.log(texts / count) for word, count in texts_with.items()}
    keys = sorted(rarities)
    return {
        "keys": np.array(keys, dtype=np.uint32),
        "rarities": np.array([round(rarities[key] * STEP) for key in keys], dtype=np.uint8),
    }


@cache
def _table() -> dict[int, float]:
    with (
        resources.files(__package__).joinpath(_FILE).open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return dict(zip(arrays["keys"].tolist(), (arrays["rarities"] / STEP).tolist(), strict=True))
