"""The texts like one text, in columns: a story that thousands tell of has as many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Alike(NamedTuple):
    """A text like another, and how much.

    `last`: when a stored post with it was last published, seconds since 1970; minus infinity where none is stored.
    """

    story: int
    likeness: float
    last: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The texts like one text, most alike first, of equally alike ones that with the lower hash first."""

    stories: NDArray[np.int64]
    likeness: NDArray[np.float64]
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
        columns = (self.stories[chosen], self.likeness[chosen], self.last[chosen])
        return list(map(Alike._make, zip(*(column.tolist() for column in columns), strict=True)))
