"""The texts of a partition's stories, found again by what they say.

Two texts meet if they have :data:`SHARED` of their keys in common, those being a text's heaviest terms that are not
common ones (:mod:`services.analysis.events.vectors`). Each key has the list of the texts with it (an inverted index).
So whether two texts meet is decided by the two alone, whatever else is in the index and whichever came first; and their
likeness, the product of their vectors, is a sum of whole numbers, exact in any order. What a question costs grows with
the texts that have the same rare terms, not with the events that there are.

Texts that name provinces and none in common must be more alike by :data:`ELSEWHERE`; texts that name counties of Pu'er
and none in common do not meet: the same complaint of two counties is two matters, however much its words are the same.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.analysis.events.nearest import Nearest
from services.analysis.events.vectors import SCALE, TERMS, Vector, keys_of, terms_of, weights_of
from services.analysis.events.whereabouts import apart

#: keys that texts must have in common to meet
SHARED: Final = 2
#: how much more alike two texts must be that speak of different provinces
ELSEWHERE: Final = 0.05
#: rows that a column has room for at first
_FIRST: Final = 16


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be found or asked about: the hash of its story, its vector, and where it is (:mod:`whereabouts`)."""

    story: int
    vector: Vector
    where: int = 0


class StoryIndex:
    """Texts by their keys, and when each was last published. Not safe for several threads at once."""

    def __init__(self) -> None:
        self._texts = _Texts()
        self._last = np.empty(_FIRST, np.float64)
        #: the weights of the text that is asked about, by term; zeros otherwise
        self._asked = np.zeros(TERMS, np.uint8)

    def __len__(self) -> int:
        return len(self._texts.row)

    def __contains__(self, story: int) -> bool:
        return story in self._texts.row

    def last(self, story: int) -> float:
        """Return when a post with this text was last published, seconds since 1970; minus infinity where none was."""
        row = self._texts.row.get(story)
        return -math.inf if row is None else float(self._last[row])

    def add(self, posts: Iterable[tuple[Text, float]]) -> None:
        """Add posts, each as its text and when it was published (seconds since 1970)."""
        for text, at in posts:
            row = self._texts.row.get(text.story)
            if row is None:
                row = self._texts.add(text)
                self._last = _with_room(self._last, row + 1)
                self._last[row] = at
            else:
                self._last[row] = max(at, self._last[row])

    def alike(self, texts: Sequence[Text], least: float) -> list[Nearest]:
        """Return for each of `texts` (no two the same) those of the index and of `texts` that are alike by `least`."""
        strangers = _Texts()
        for text in texts:
            if text.story not in self._texts.row:
                strangers.add(text)
        never = np.full(len(strangers.row), -np.inf)
        found = []
        for text in texts:
            keys, terms = keys_of(text.vector).tolist(), terms_of(text.vector)
            self._asked[terms] = weights_of(text.vector)
            parts = [
                self._found(self._texts, self._last, text, keys, least),
                self._found(strangers, never, text, keys, least),
            ]
            self._asked[terms] = 0
            found.append(_nearest(parts))
        return found

    def _found(
        self, among: _Texts, last: NDArray[np.float64], text: Text, keys: Sequence[int], least: float
    ) -> _Columns:
        """Return the texts of `among` that are alike, their products, and when each was last published."""
        rows = among.meeting(keys)
        # a text that is among them meets itself, mostly nothing else
        rows = rows[rows != among.row.get(text.story, -1)]
        enough: NDArray[np.int64] | int = math.ceil(least * SCALE**2)
        if text.where and len(rows):
            provinces, counties = apart(np.int64(text.where), among.where[rows])
            rows = rows[~counties]
            enough = np.where(provinces[~counties], math.ceil((least + ELSEWHERE) * SCALE**2), enough)
        if not len(rows):
            return _NOTHING
        products = among.products(rows, self._asked)
        kept = products >= enough
        rows = rows[kept]
        return among.stories[rows], products[kept], last[rows]


_Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
_NOTHING: Final[_Columns] = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
_NONE: Final = Nearest(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.float64))


class _Texts:
    """Texts in the rows of growing columns, and by their keys."""

    def __init__(self) -> None:
        #: story -> its row
        self.row: dict[int, int] = {}
        self.stories = np.empty(_FIRST, np.int64)
        self.where = np.empty(_FIRST, np.int64)
        #: the terms of all texts, one text after the other; and where each begins, with the end of the last
        self._entries = np.empty(_FIRST, np.uint32)
        self._begins = np.zeros(_FIRST, np.int64)
        #: key -> the rows of the texts with it
        self._holders: dict[int, array[int]] = {}

    def add(self, text: Text) -> int:
        """Add a text that is not there yet; returns its row."""
        row = self.row[text.story] = len(self.row)
        begin = int(self._begins[row])
        end = begin + len(text.vector)
        self.stories, self.where = _with_room(self.stories, row + 1), _with_room(self.where, row + 1)
        self._begins, self._entries = _with_room(self._begins, row + 2), _with_room(self._entries, end)
        self.stories[row], self.where[row], self._begins[row + 1] = text.story, text.where, end
        self._entries[begin:end] = text.vector
        for key in keys_of(text.vector).tolist():
            holders = self._holders.get(key)
            if holders is None:
                self._holders[key] = array("i", (row,))
            else:
                holders.append(row)
        return row

    def meeting(self, keys: Sequence[int]) -> NDArray[np.int64]:
        """Return the rows of the texts that meet one with these keys, ascending."""
        found = array("i")
        for holders in map(self._holders.get, keys):
            if holders is not None:
                found.extend(holders)
        if len(found) < SHARED:
            return _NOTHING[0]
        rows = np.sort(np.frombuffer(found, np.int32))
        # a row that is there SHARED times has an equal one SHARED - 1 places on
        met = rows[SHARED - 1 :][rows[SHARED - 1 :] == rows[: 1 - SHARED]]
        first = np.ones(len(met), np.bool_)
        first[1:] = met[1:] != met[:-1]
        return np.asarray(met[first], np.int64)

    def products(self, rows: NDArray[np.int64], weights: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the products of texts, at least one and all with terms, with the text of these `weights` by term."""
        begins = self._begins.take(rows)
        sizes = self._begins.take(rows + 1) - begins
        ends = np.cumsum(sizes)
        places = np.repeat(begins + sizes - ends, sizes)
        places += np.arange(len(places))
        entries = self._entries.take(places)
        shared = np.flatnonzero(weights.take(entries >> 12) != 0)
        entries = entries.take(shared)
        products = weights.take(entries >> 12).astype(np.int64) * (entries & 255)
        # sums of whole numbers far below 2**53
        return np.bincount(np.searchsorted(ends, shared, "right"), products, len(rows)).astype(np.int64)


def _nearest(parts: Sequence[_Columns]) -> Nearest:
    if not any(len(stories) for stories, _, _ in parts):
        return _NONE
    stories, products, last = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((stories, -products))
    return Nearest(stories[order], products[order] / SCALE**2, last[order])


def _with_room(column: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return a column that has room for so many rows."""
    if rows <= len(column):
        return column
    return np.concatenate((column, np.empty(max(len(column), rows - len(column)), column.dtype)))
