"""The texts like one text, in columns: a story that thousands tell of has as many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Alike:
    """A text like another: how much, and whether the two meet however far apart (`near`), or only when close.

    `last`: when a stored post with it was last published, seconds since 1970; minus infinity where none is stored.
    """

    story: int
    likeness: float
    near: bool
    last: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The texts like one text, most alike first, of equally alike ones that with the lower hash first."""

    stories: NDArray[np.int64]
    likeness: NDArray[np.float64]
    near: NDArray[np.bool_]
    last: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stories)

    def part(self, begin: int, size: int) -> list[Alike]:
        """Return `size` of them from the place `begin` on, and all that are as alike as the last of these."""
        end = min(begin + size, len(self))
        while begin < end < len(self) and self.likeness[end] == self.likeness[end - 1]:
            end += 1
        return self._rows(slice(begin, end))

    def since(self, at: float) -> list[Alike]:
        """Return those of which a post of the instant `at` or later is stored."""
        return self._rows(self.last >= at)

    def _rows(self, chosen: slice | NDArray[np.bool_]) -> list[Alike]:
        columns = (self.stories[chosen], self.likeness[chosen], self.near[chosen], self.last[chosen])
        return [Alike(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs as they are found, the same one perhaps several times: which text, a row of the index, their product."""

    texts: NDArray[np.int64]
    rows: NDArray[np.int64]
    products: NDArray[np.float32]
    near: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all parts as one."""
        return cls(
            np.concatenate([part.texts for part in parts]),
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.products for part in parts]),
            np.concatenate([part.near for part in parts]),
        )

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """Return the pairs `kept`."""
        return type(self)(self.texts[kept], self.rows[kept], self.products[kept], self.near[kept])

    def by_text(self, count: int, scale: float, stories: NDArray[np.int64], last: NDArray[np.float64]) -> list[Nearest]:
        """Return what was found for each of `count` texts; `stories` and `last` are columns of the index's rows."""
        hashes = stories[self.rows]
        order = np.lexsort((~self.near, hashes, -self.products, self.texts))
        texts, hashes = self.texts[order], hashes[order]
        once = np.ones(len(order), np.bool_)
        once[1:] = (texts[1:] != texts[:-1]) | (hashes[1:] != hashes[:-1])
        order, texts, hashes = order[once], texts[once], hashes[once]
        likeness = self.products[order].astype(np.float64) / scale
        near, latest = self.near[order], last[self.rows[order]]
        ends = np.searchsorted(texts, np.arange(count + 1)).tolist()
        parts = [slice(begin, end) for begin, end in pairwise(ends)]
        return [Nearest(hashes[part], likeness[part], near[part], latest[part]) for part in parts]
