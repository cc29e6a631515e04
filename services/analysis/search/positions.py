"""The number that orders posts by time, and by which the index knows them."""

from __future__ import annotations

import hashlib
from collections.abc import Set
from datetime import UTC, datetime, timedelta
from typing import Final

#: a second has room for so many bits of posts; the gaps between neighbours stay small, and so does the index
_BITS: Final = 20
_ROOM: Final = 1 << _BITS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def position_of(published_at: datetime, id_: str, taken: Set[int] = frozenset()) -> int:
    """Return a 64-bit position that rises with `published_at` (whole seconds) and is not one of `taken`.

    Posts of one second are in the order of a hash of their ids. Raises OverflowError where a second is full (2^20).
    """
    first = first_at(published_at)
    start = int.from_bytes(hashlib.blake2b(id_.encode(), digest_size=4).digest(), "big")
    for step in range(_ROOM):
        position = first + (start + step) % _ROOM
        if position not in taken:
            return position
    raise OverflowError(f"more than {_ROOM} posts in one second")


def first_at(at: datetime) -> int:
    """Return the least position of the second of an instant."""
    return (at - _EPOCH) // _SECOND * _ROOM
