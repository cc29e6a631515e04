"""What a text says, as its heaviest terms with their weights: close in wording is close in direction.

A term is a pair of neighbouring characters, or a Latin word or number as a whole, hashed to 20 bits. It weighs by how
rare it is, in the manner of writing in which it is least rare, and by how often the text has it (1 + ln; Salton and
Buckley, "Term-weighting approaches in automatic text retrieval", 1988). The weights of a text are divided by its length
as a vector and a little more (:data:`SHRINKAGE`), so that short texts, which have a rare pair in common by chance, are
less alike than long ones that share as much of theirs. Weights are worked out in whole numbers but for one square root
and one division, which IEEE 754 rounds rightly: one text has one vector on every machine. How well it joins, beside its
peers, is what `bench/events.py` measures (docs/events.md). Made by `training/stories`.
"""

from __future__ import annotations

import base64
import math
from functools import cache
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

#: number of the model; vectors of two models cannot be compared
MODEL: Final = 2
#: terms that can be told apart
TERMS: Final = 1 << 20
#: terms of a text that are kept, those that say most of it
KEPT: Final = 128
#: characters of a story key that are looked at
READ: Final = 2_000
#: keys shorter than this have no vector: such a text is equal to another or is not
SHORTEST: Final = 8
#: weights are stored times this, rounded; a product of two vectors over its square is their likeness
SCALE: Final = 255
#: how many parts of a nat rarities are counted in, and of one the logarithms of counts
STEP: Final = 16
#: terms rarer than this are worth no more: nearly all are pairs across two words, and say nothing. One text in 3,000
RAREST: Final = 8 * STEP
#: terms more common than this do not bring texts together. One text in 150
COMMON: Final = 5 * STEP
#: of a text's terms, the heaviest by which it meets others (:mod:`services.analysis.events.index`)
KEYS: Final = 24
#: added to the square of a text's length as a vector, in nats: about a quarter of what a weibo has
SHRINKAGE: Final = 500

_KEY: Final = 1 << 8
_FOLDER: Final = Path(__file__).parent / "model"
_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xBF58476D1CE4E5B9))
_ASCII: Final = 128
#: 1 + ln of a count in sixteenths; no text that is read has a term more often
_LEVELS: Final = np.rint(STEP * (1 + np.log(np.maximum(np.arange(READ + 1), 1)))).astype(np.int64)

#: the sum of vectors by term, zeros but while :func:`centrality` is at work
_SUMS: Final = np.zeros(TERMS, np.int64)

#: the terms of a text in order, each as term << 12 | whether texts meet by it << 8 | weight
Vector = NDArray[np.uint32]


class StoryEncoder:
    """Turns story keys (:func:`services.analysis.enrich.story.story_of`) into vectors."""

    def __init__(self, rarity: NDArray[np.uint8]) -> None:
        self._rarity = rarity.astype(np.int64)

    @classmethod
    def load(cls, folder: Path = _FOLDER) -> Self:
        """Load `stories.npz` of `folder`."""
        with np.load(folder / "stories.npz") as arrays:
            return cls(arrays["rarity"])

    def encode(self, key: str) -> Vector | None:
        """Return the vector (at most :data:`KEPT` terms) of a story key, None where it is too short for one."""
        if len(key) < SHORTEST:
            return None
        terms, counts = np.unique(terms_in(key[:READ]), return_counts=True)
        rarity = self._rarity[terms]
        if len(terms) > KEPT:
            # what a long text says again and again is what it is about
            kept = np.sort(np.lexsort((terms, -counts * rarity))[:KEPT])
            terms, counts, rarity = terms[kept], counts[kept], rarity[kept]
        weights = _LEVELS[counts] * rarity
        length = math.sqrt(int(weights @ weights) + SHRINKAGE * STEP**4)
        entries = np.rint(weights * SCALE / length).astype(np.uint32)
        heaviest = np.lexsort((terms, -weights))
        keys = heaviest[rarity[heaviest] >= COMMON][:KEYS]
        entries[keys] |= _KEY
        vector: Vector = (terms.astype(np.uint32) << 12) | entries
        return vector


def terms_in(read: str) -> NDArray[np.int64]:
    """Return the term of every pair of neighbouring characters, and of every Latin word or number as a whole.

    A pair within a Latin word or number says nothing and is left out.
    """
    codes = np.frombuffer(read.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    latin = codes < _ASCII
    plain = ~(latin[:-1] & latin[1:])
    with np.errstate(over="ignore"):
        mixed = _mixed(codes[:-1][plain] * _MIX[0] + codes[1:][plain] * _MIX[1])
        if latin.any():
            edges = np.flatnonzero(np.diff(np.concatenate(([False], latin, [False])).astype(np.int8)))
            words = [_word(codes[begin:end]) for begin, end in edges.reshape(-1, 2)]
            mixed = np.concatenate((mixed, np.array(words, np.uint64)))
    return (mixed % np.uint64(TERMS)).astype(np.int64)


def terms_of(vector: Vector) -> NDArray[np.int64]:
    """Return the terms of a vector, ascending."""
    return (vector >> 12).astype(np.int64)


def weights_of(vector: Vector) -> NDArray[np.int64]:
    """Return the weights of a vector's terms, 0 to :data:`SCALE`."""
    return (vector & 255).astype(np.int64)


def keys_of(vector: Vector) -> NDArray[np.int64]:
    """Return the terms by which a text meets others, ascending."""
    return terms_of(vector[vector & _KEY != 0])


def product(one: Vector, other: Vector) -> int:
    """Return the product of two vectors: what they share, weighed by both; over SCALE² it is their likeness, 0..1."""
    _, ours, theirs = np.intersect1d(terms_of(one), terms_of(other), assume_unique=True, return_indices=True)
    return int(weights_of(one)[ours] @ weights_of(other)[theirs])


def centrality(vectors: list[Vector]) -> list[int]:
    """Return the product of each vector with the sum of all. Not to be called by several threads at once."""
    entries = np.concatenate(vectors)
    terms, weights = terms_of(entries), weights_of(entries)
    np.add.at(_SUMS, terms, weights)
    sums = _SUMS[terms]
    _SUMS[terms] = 0
    begins = np.cumsum([0, *(len(vector) for vector in vectors[:-1])])
    found: list[int] = np.add.reduceat(weights * sums, begins).tolist()
    return found


def packed(vector: Vector | None) -> str:
    """Return a vector as messages carry it: base64 of the model's number and the terms; nothing for none."""
    return "" if vector is None else base64.b64encode(bytes((MODEL,)) + stored(vector)).decode()


def unpacked(carried: str) -> Vector | None:
    """Return the vector that a message carries; None where it has none, or one of another model."""
    content = base64.b64decode(carried)
    fits = len(content) % 4 == 1 and content[0] == MODEL and 1 < len(content) <= 4 * KEPT + 1
    return read_stored(content[1:]) if fits else None


def stored(vector: Vector) -> bytes:
    """Return a vector as databases store it: four bytes a term."""
    return vector.astype("<u4").tobytes()


def read_stored(content: bytes) -> Vector:
    """Return the vector that was stored."""
    return np.frombuffer(content, "<u4").astype(np.uint32)


@cache
def story_encoder() -> StoryEncoder:
    """Return the built-in encoder, loaded once a process."""
    return StoryEncoder.load()


def _word(codes: NDArray[np.uint64]) -> np.uint64:
    value = np.uint64(codes.size)
    for code in codes:
        value = value * _MIX[2] + code
    return np.uint64(_mixed(np.array([value]))[0])


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(31))) * _MIX[2]
    return np.asarray(values ^ (values >> np.uint64(29)))
