"""A hash table in one array: which rows have a key, in buckets of eight; of a key the newest four rows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.ingest.dedup.units import mixed

Keys = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]

_WIDTH: Final = 8
#: Rows of one key: what many texts share says little, and must not cost more the more they are.
ROWS_OF_A_KEY: Final = 4
#: Share of the slots that are taken when the table has as many entries as it is made for.
_LOAD: Final = 0.8
_EMPTY: Final = np.uint32(0xFFFFFFFF)


class Buckets:
    """Finds rows by 32-bit keys. A slot is 4 bytes: a row's number, and in the bits left over a tag of its key.

    Rows are numbered 0 to `rows` - 1 and taken in turn, as in a ring: the row before `head` is the newest. Where a
    bucket is full the oldest entry gives way.
    """

    def __init__(self, entries: int, rows: int) -> None:
        self._count = max(int(entries / _LOAD / _WIDTH), 1)
        self._slots = np.full((self._count, _WIDTH), _EMPTY, dtype=np.uint32)
        self._rows = rows
        self._bits = np.uint32(rows.bit_length())

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the table takes."""
        return int(self._slots.nbytes)

    def find(self, keys: Keys) -> tuple[Rows, Rows]:
        """Return pairs of a place in `keys` and a row that has been added under that key."""
        bucket, tag = self._at(keys)
        slots = self._slots[bucket]
        place, slot = np.nonzero(((slots >> self._bits) == tag[:, None]) & (slots != _EMPTY))
        return place, self._row(slots[place, slot])

    def add(self, keys: Keys, rows: Rows, head: int) -> None:
        """Add rows, oldest first, under their keys; `head` is the number of the row after the newest."""
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        if len(keys) > ROWS_OF_A_KEY:
            newest = np.ones(len(keys), dtype=np.bool_)
            newest[:-ROWS_OF_A_KEY] = keys[:-ROWS_OF_A_KEY] != keys[ROWS_OF_A_KEY:]
            keys, rows = keys[newest], rows[newest]
        bucket, tag = self._at(keys)
        order = np.lexsort(((rows - head) % self._rows, bucket))
        bucket, tag, rows = bucket[order], tag[order], rows[order]
        first = np.flatnonzero(np.concatenate(([True], bucket[1:] != bucket[:-1]))) if len(bucket) else bucket
        turn = np.arange(len(bucket)) - np.repeat(first, np.diff(np.concatenate((first, [len(bucket)]))))
        for step in range(int(turn.max(initial=-1)) + 1):
            now = turn == step
            self._add_one_each(bucket[now], tag[now], rows[now], head)

    def remove(self, keys: Keys, rows: Rows) -> None:
        """Take rows out from under their keys, where they are still there."""
        bucket, tag = self._at(keys)
        wanted = (tag << self._bits) | rows.astype(np.uint32)
        place, slot = np.nonzero(self._slots[bucket] == wanted[:, None])
        self._slots[bucket[place], slot] = _EMPTY

    def _at(self, keys: Keys) -> tuple[Any, Any]:
        scrambled = mixed(keys.astype(np.uint64) + np.uint64(1))
        bucket = ((scrambled >> np.uint64(32)) * np.uint64(self._count)) >> np.uint64(32)
        tag = (scrambled & np.uint64(0xFFFFFFFF)).astype(np.uint32) >> self._bits
        return bucket.astype(np.int64), tag

    def _row(self, slots: Any) -> Rows:
        row: Rows = (slots & ((np.uint32(1) << self._bits) - np.uint32(1))).astype(np.int64)
        return row

    def _add_one_each(self, bucket: Any, tag: Any, rows: Rows, head: int) -> None:
        """Add one entry to each of several buckets, all different."""
        slots = self._slots[bucket]
        empty = slots == _EMPTY
        age = np.where(empty, self._rows, (head - 1 - self._row(slots)) % self._rows)
        same = ((slots >> self._bits) == tag[:, None]) & ~empty
        crowded = same.sum(axis=1) >= ROWS_OF_A_KEY
        age[crowded] = np.where(same[crowded], age[crowded], -1)
        self._slots[bucket, age.argmax(axis=1)] = (tag << self._bits) | rows.astype(np.uint32)
