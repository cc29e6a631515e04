"""The texts of a partition's stories, found again by what they are about.

Two texts can meet if posts with them were published within :data:`CLOSE` of each other, or if the two have one of
their :data:`NEAR` nearest cells in common. The cells are fixed. So whether two texts meet is decided by the two alone,
whatever else is in the index and whichever came first; and their likeness is a sum of whole numbers, exact in any
order. What a question costs grows with the posts of a day and with those of some cells, not with all that is stored.

Likeness is the cosine less how alike each of the two is to texts in general: the mean of its products with its
:data:`CROWD` nearest cells, half of it for each of the two (cross-domain similarity local scaling: Conneau et al.,
"Word translation without parallel data", ICLR 2018). Complaints, notices and headlines have a manner that all of their
kind share; what is left over tells one story from another. Texts that name provinces and none in common must be more
alike by :data:`ELSEWHERE`; texts that name counties of Pu'er and none in common do not meet: the same complaint of two
counties is two matters, however much its words are the same.

The texts of a day are compared all with all, as one product of matrices; those of longer ago lie in an inverted file
(FAISS), each in all of its cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
from faiss.contrib.ivf_tools import range_search_preassigned
from numpy.typing import NDArray

from services.analysis.events.nearest import Found, Nearest
from services.analysis.events.vectors import SCALE, SIZE, Vector
from services.analysis.events.whereabouts import apart

#: cells in which a text is listed
NEAR: Final = 3
#: posts no further apart than this meet whatever their cells
CLOSE: Final = timedelta(days=1)
#: cells that tell how crowded it is where a text lies
CROWD: Final = 5
#: how much more alike two texts must be that speak of different provinces
ELSEWHERE: Final = 0.15
_DAY: Final = 86_400
#: a vector in the inverted file, and a question, carry the crowd of the two in four more places (see :func:`_carried`)
_CARRIED: Final = 4
_FOLDER: Final = Path(__file__).parent / "model"


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be found or asked about: the hash of its story, its vector, and where it is (:mod:`whereabouts`)."""

    story: int
    vector: Vector
    where: int = 0


@cache
def cells() -> NDArray[np.int8]:
    """Return the middles of the cells, (cells, :data:`SIZE`)."""
    with np.load(_FOLDER / "stories.npz") as arrays:
        return np.asarray(arrays["cells"])


class StoryIndex:
    """Texts by the days on which posts had them, and all of them by their cells. Not safe for several threads at once.

    Products of vectors, their crowd included, are whole numbers below 2**24 and so exact in single precision.
    """

    def __init__(self, middles: NDArray[np.int8] | None = None) -> None:
        self._middles = (cells() if middles is None else middles).astype(np.float32)
        self._near = min(NEAR, len(self._middles))
        #: story -> its row in the columns
        self._row: dict[int, int] = {}
        self._stories = np.empty(_FIRST, np.int64)
        self._last = np.empty(_FIRST, np.float64)
        self._where = np.empty(_FIRST, np.int64)
        self._days: defaultdict[int, _Day] = defaultdict(_Day)
        self._coarse = faiss.IndexFlatIP(SIZE + _CARRIED)
        self._coarse.add(np.pad(self._middles, ((0, 0), (0, _CARRIED))))
        self._lists: Any = faiss.IndexIVFScalarQuantizer(
            self._coarse,
            SIZE + _CARRIED,
            len(self._middles),
            faiss.ScalarQuantizer.QT_8bit_direct_signed,
            faiss.METRIC_INNER_PRODUCT,
            False,
        )
        self._lists.is_trained = True
        self._lists.nprobe = self._near

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, story: int) -> bool:
        return story in self._row

    def last(self, story: int) -> float:
        """Return when a post with this text was last published, seconds since 1970; minus infinity where none was."""
        row = self._row.get(story)
        return -np.inf if row is None else float(self._last[row])

    def add(self, posts: Iterable[tuple[Text, float]]) -> None:
        """Add posts, each as its text and when it was published (seconds since 1970)."""
        given = list(posts)
        if not given:
            return
        texts = {text.story: text for text, _ in given}
        rows = np.stack([text.vector for text in texts.values()]).astype(np.float32)
        places, crowds = self._placed(rows)
        crowd = dict(zip(texts, crowds.tolist(), strict=True))
        fresh = [number for number, story in enumerate(texts) if story not in self._row]
        for text in texts.values():
            self._enter(text)
        for text, at in given:
            row = self._row[text.story]
            self._last[row] = max(at, self._last[row])
            self._where[row] = text.where
            self._days[int(at // _DAY)].add(row, text.vector, crowd[text.story])
        if fresh:
            stored = np.concatenate((rows[fresh], _carried(crowds[fresh], asking=False)), axis=1)
            ids = np.fromiter((self._row[story] for story in texts), np.int64, len(texts))[fresh]
            for column in places[fresh].T:
                chosen = np.ascontiguousarray(column)
                self._lists.add_core(len(ids), faiss.swig_ptr(stored), faiss.swig_ptr(ids), faiss.swig_ptr(chosen))

    def _enter(self, text: Text) -> None:
        if text.story in self._row:
            return
        row = self._row[text.story] = len(self._row)
        if row == len(self._stories):
            self._stories, self._last = _doubled(self._stories), _doubled(self._last)
            self._where = _doubled(self._where)
        self._stories[row], self._last[row], self._where[row] = text.story, -np.inf, text.where

    def alike(self, texts: Sequence[Text], times: Sequence[Sequence[datetime]], least: float) -> list[Nearest]:
        """Return, for each of `texts` (no two the same), those of the index and of `texts` that are alike by `least`.

        `times`: when posts with the text were published; texts of the days around each are compared.
        """
        if not texts:
            return []
        rows = np.stack([text.vector for text in texts]).astype(np.float32)
        places, crowds = self._placed(rows)
        least_product = float(np.ceil(least * SCALE**2))
        known = len(self._row)
        strangers = [text for text in texts if text.story not in self._row]
        row_of = {text.story: known + number for number, text in enumerate(strangers)}
        own = np.array([self._row.get(text.story, row_of.get(text.story, 0)) for text in texts], np.int64)
        parts = [_among(rows, crowds, places, own, least_product)]
        if known:
            parts += self._of_days(rows, crowds, times, least_product)
            parts.append(self._of_cells(rows, crowds, places, least_product))
        found = Found.joined(parts)
        stories = np.concatenate((self._stories[:known], np.array([text.story for text in strangers], np.int64)))
        last = np.concatenate((self._last[:known], np.full(len(strangers), -np.inf)))
        where = np.concatenate((self._where[:known], np.array([text.where for text in strangers], np.int64)))
        asking = np.array([text.where for text in texts], np.int64)[found.texts]
        provinces, counties = apart(asking, where[found.rows])
        elsewhere = provinces & (found.products < np.ceil((least + ELSEWHERE) * SCALE**2))
        found = found.where(~elsewhere & ~counties & (found.rows != own[found.texts]))
        return found.by_text(len(texts), SCALE**2, stories, last)

    def _of_days(
        self, rows: NDArray[np.float32], crowds: NDArray[np.float32], times: Sequence[Sequence[datetime]], least: float
    ) -> list[Found]:
        """Return what is alike among the texts of the days around `times`."""
        asking: defaultdict[int, set[int]] = defaultdict(set)
        for number, own in enumerate(times):
            for at in own:
                day = int(at.timestamp() // _DAY)
                for around in (day - 1, day, day + 1):
                    if around in self._days:
                        asking[around].add(number)
        found: list[Found] = []
        for day, numbers in asking.items():
            chosen = np.array(sorted(numbers))
            found += self._days[day].alike(chosen, rows[chosen], crowds[chosen], least)
        return found

    def _of_cells(
        self, rows: NDArray[np.float32], crowds: NDArray[np.float32], places: NDArray[np.int64], least: float
    ) -> Found:
        """Return what is alike among the texts of the same cells."""
        asked = np.concatenate((rows, _carried(crowds, asking=True)), axis=1)
        # FAISS keeps what lies strictly above the radius; products are whole numbers
        limits, products, ids = range_search_preassigned(  # type: ignore[no-untyped-call]
            self._lists, asked, least - 0.5, places
        )
        texts = np.repeat(np.arange(len(rows)), np.diff(limits.astype(np.int64)))
        return Found(texts, ids, products, np.ones(len(ids), np.bool_))

    def _placed(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers of each row's nearest cells, (rows, near), and half its crowd, (rows), a whole number.

        Of equally near cells the lower numbers.
        """
        products = rows @ self._middles.T
        # whole numbers, so ties are real; the cell's number settles them
        keys = products.astype(np.float64) * (len(self._middles) + 1) - np.arange(len(self._middles))
        best = np.argpartition(keys, -self._near, axis=1)[:, -self._near :]
        crowd = min(CROWD, len(self._middles))
        densest = np.partition(products, -crowd, axis=1)[:, -crowd:]
        halves = np.rint(densest.astype(np.float64).sum(1) / (2 * crowd))
        return np.ascontiguousarray(best, np.int64), np.clip(halves, 0, _MOST).astype(np.float32)


class _Day:
    """The texts of one day, in one growing array."""

    def __init__(self) -> None:
        self._vectors = np.empty((_FIRST, SIZE), np.int8)
        self._crowds = np.empty(_FIRST, np.float32)
        self._ids = np.empty(_FIRST, np.int64)
        self._known: set[int] = set()

    def add(self, row: int, vector: Vector, crowd: float) -> None:
        """Add the text of a row of the index, once."""
        if row in self._known:
            return
        place = len(self._known)
        if place == len(self._ids):
            self._vectors, self._crowds = _doubled(self._vectors), _doubled(self._crowds)
            self._ids = _doubled(self._ids)
        self._vectors[place], self._crowds[place], self._ids[place] = vector, crowd, row
        self._known.add(row)

    def alike(
        self, texts: NDArray[np.int64], rows: NDArray[np.float32], crowds: NDArray[np.float32], least: float
    ) -> list[Found]:
        """Return the texts whose product with one of `rows`, less both crowds, is at least `least`."""
        found = []
        for begin in range(0, len(self._known), _BLOCK):
            end = min(begin + _BLOCK, len(self._known))
            products = rows @ self._vectors[begin:end].astype(np.float32).T
            products -= crowds[:, None]
            products -= self._crowds[None, begin:end]
            one, other = np.nonzero(products >= least)
            far = np.zeros(len(one), np.bool_)
            found.append(Found(texts[one], self._ids[begin + other], products[one, other], far))
        return found


def _among(
    rows: NDArray[np.float32],
    crowds: NDArray[np.float32],
    places: NDArray[np.int64],
    ids: NDArray[np.int64],
    least: float,
) -> Found:
    """Return what is alike among the texts asked about."""
    products = rows @ rows.T - crowds[:, None] - crowds[None, :]
    one, other = np.nonzero(products >= least)
    near = (places[one][:, :, None] == places[other][:, None, :]).any((1, 2))
    return Found(one, ids[other], products[one, other], near)


def _carried(crowds: NDArray[np.float32], *, asking: bool) -> NDArray[np.float32]:
    """Return the four numbers by which a product of a stored vector with a question loses the crowds of both.

    A crowd c is 127 a + b; the stored (-a, -b, 127, 1) times the asking (127, 1, -a', -b') is -c - c'.
    """
    own = np.stack((-(crowds // 127), -(crowds % 127)), axis=1)
    other = np.broadcast_to(np.array((127, 1), np.float32), own.shape)
    return np.concatenate((other, own) if asking else (own, other), axis=1).astype(np.float32)


def _doubled(column: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate((column, np.empty_like(column)))


#: the most that half a crowd can be, in products
_MOST: Final = 127 * 127
#: texts that are compared at once: what they and a batch need fits a processor's cache
_BLOCK: Final = 4_096
#: rows that a column has room for at first
_FIRST: Final = 16
