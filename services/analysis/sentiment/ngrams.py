"""Character n-grams of many texts at once, as numbers of hash buckets.

All texts of a batch are laid end to end as one array of code points; every n-gram is a sum of shifted products over
that array, so that no Python loop runs over characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: marks of the beginning and the end of a text; cleaning leaves no control character in a text
BEGIN: Final = "\x02"
END: Final = "\x03"

# Odd 64-bit constants: the golden ratio's and those of MurmurHash3's finaliser.
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_HALF: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of a batch: `buckets` is (orders, characters), `starts` the first character of each text.

    An n-gram that would reach beyond its text has the bucket `2**bits`, one past the last real one.
    """

    buckets: NDArray[np.int64]
    starts: NDArray[np.int64]


def grams(texts: Sequence[str], orders: Sequence[int], bits: int) -> Grams:
    """Return the buckets of all n-grams of cleaned `texts`, n from `orders`, hashed to `bits` bits."""
    lengths = np.fromiter((len(text) + 2 for text in texts), np.int64, len(texts))
    ends = np.cumsum(lengths)
    joined = BEGIN + (END + BEGIN).join(texts) + END
    codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.uint64)
    left = np.repeat(ends, lengths) - np.arange(codes.size)
    buckets = np.empty((len(orders), codes.size), np.int64)
    shift = np.uint64(64 - bits)
    state = np.zeros_like(codes)
    row = 0
    for order in range(1, max(orders) + 1):
        state *= _STEP
        state[: codes.size - order + 1] += codes[order - 1 :] + np.uint64(1)
        if order not in orders:
            continue
        mixed = (state ^ (state >> _HALF)) * _MIX
        mixed ^= mixed >> _HALF
        mixed *= _STEP
        mixed >>= shift
        buckets[row] = np.where(left >= order, mixed.astype(np.int64), 1 << bits)
        row += 1
    return Grams(buckets, ends - lengths)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each bucket stands in each text: `buckets` and `times` text after text, `starts` where each begins."""

    buckets: NDArray[np.int64]
    times: NDArray[np.int64]
    starts: NDArray[np.int64]


def counts(found: Grams, bits: int) -> Counts:
    """Count the buckets of every text. Each text keeps at least one entry: the bucket that stands for no n-gram."""
    characters = found.buckets.shape[1]
    text = np.zeros(characters, np.int64)
    text[found.starts[1:]] = 1
    text = np.cumsum(text)
    keys = ((text << (bits + 1)) | found.buckets).ravel()
    keys.sort()
    first = np.empty(keys.size, bool)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    at = np.flatnonzero(first)
    kept = keys[at]
    times = np.diff(at, append=keys.size)
    starts = np.searchsorted(kept, np.arange(found.starts.size, dtype=np.int64) << (bits + 1))
    return Counts(kept & ((1 << (bits + 1)) - 1), times, starts)
