"""What a text is about, as a vector of signed bytes: close in meaning is close in direction.

Half of it is meaning: the mean of the text's tokens, each as the base encoder reads it by itself, weighted by how rare
it is, without the directions that all texts share (Arora, Liang and Ma, "A simple but tough-to-beat baseline for
sentence embeddings", ICLR 2017). Half of it is wording: a count sketch of the text's character pairs, weighted
likewise (Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009). It costs a hundredth of
the encoder, and one text has one vector whatever it is computed beside; how well it joins, beside its peers, is what
`bench/events.py` measures (docs/events.md). Made by `training/stories`.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

#: number of the model; vectors of two models cannot be compared
MODEL: Final = 1
#: dimensions of meaning and of wording
MEANING: Final = 192
WORDING: Final = 256
SIZE: Final = MEANING + WORDING
#: unit vectors are stored times this, rounded; a product of two stored vectors over its square is their cosine
SCALE: Final = 180
#: characters of a story key that are looked at
READ: Final = 600
#: keys shorter than this have no vector: such a text is equal to another or is not
SHORTEST: Final = 8
#: buckets by which the rarity of a character pair is remembered
RARITIES: Final = 1 << 20

_FOLDER: Final = Path(__file__).parent / "model"
_TOKENIZER: Final = Path(__file__).parents[1] / "sentiment" / "model" / "encoder" / "tokenizer.json"
_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xBF58476D1CE4E5B9))
_ASCII: Final = 128

Vector = NDArray[np.int8]


class StoryEncoder:
    """Turns story keys (:func:`services.analysis.enrich.story.story_of`) into vectors."""

    def __init__(self, tokenizer: Tokenizer, arrays: dict[str, NDArray[Any]]) -> None:
        self._tokenizer = tokenizer
        self._tokens = arrays["tokens"].astype(np.float32) * arrays["token_scales"][:, None]
        self._weights = arrays["token_weights"].astype(np.float32)
        self._mean = arrays["mean"].astype(np.float32)
        self._rarity = arrays["rarity"].astype(np.float32) * arrays["rarity_scale"]

    @classmethod
    def load(cls, folder: Path = _FOLDER, tokenizer: Path = _TOKENIZER) -> Self:
        """Load `stories.npz` of `folder`."""
        found = Tokenizer.from_file(str(tokenizer))
        found.no_padding()
        found.no_truncation()
        with np.load(folder / "stories.npz") as arrays:
            return cls(found, dict(arrays))

    def encode(self, key: str) -> Vector | None:
        """Return the vector (:data:`SIZE` signed bytes) of a story key, None where it is too short for one."""
        if len(key) < SHORTEST:
            return None
        read = key[:READ]
        meaning = self.meaning(read)
        wording = sketch(read, self._rarity)
        whole = np.concatenate((_unit(meaning), _unit(wording))) * np.float32(SCALE / np.sqrt(2))
        vector: Vector = np.clip(np.rint(whole), -127, 127).astype(np.int8)
        return vector

    def meaning(self, read: str) -> NDArray[np.float32]:
        """Return the half that is meaning, not yet of unit length."""
        ids = self._tokenizer.encode(read, add_special_tokens=False).ids
        weights = self._weights[ids]
        whole = np.asarray(weights @ self._tokens[ids] / max(float(weights.sum()), 1e-6), np.float32)
        return whole - self._mean


def sketch(read: str, rarity: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the half that is wording, not yet of unit length; each pair weighs 1 where `rarity` is None."""
    values, counts = np.unique(pairs(read), return_counts=True)
    weights = 1 + np.log(counts.astype(np.float32))
    if rarity is not None:
        weights *= rarity[values % np.uint64(RARITIES)]
    places = ((values >> np.uint64(20)) % np.uint64(WORDING)).astype(np.int64)
    signs = np.where((values >> np.uint64(60)) & np.uint64(1), np.float32(1), np.float32(-1))
    return np.bincount(places, weights * signs, WORDING).astype(np.float32)


def pairs(read: str) -> NDArray[np.uint64]:
    """Return a 64-bit hash of every pair of neighbouring characters, and of every Latin word or number as a whole.

    A pair within a Latin word or number says nothing and is left out.
    """
    codes = np.frombuffer(read.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    latin = codes < _ASCII
    plain = ~(latin[:-1] & latin[1:])
    with np.errstate(over="ignore"):
        mixed = _mixed(codes[:-1][plain] * _MIX[0] + codes[1:][plain] * _MIX[1])
        if not latin.any():
            return mixed
        edges = np.flatnonzero(np.diff(np.concatenate(([False], latin, [False])).astype(np.int8)))
        words = [_word(codes[begin:end]) for begin, end in edges.reshape(-1, 2)]
        return np.concatenate((mixed, np.array(words, np.uint64)))


def cosine(one: Vector, other: Vector) -> float:
    """Return how alike two vectors are, -1..1; exact, whichever comes first."""
    return int(one.astype(np.int32) @ other.astype(np.int32)) / SCALE**2


def packed(vector: Vector | None) -> str:
    """Return a vector as messages carry it: base64 of the model's number and the bytes; nothing for none."""
    return "" if vector is None else base64.b64encode(bytes((MODEL,)) + vector.tobytes()).decode()


def unpacked(carried: str) -> Vector | None:
    """Return the vector that a message carries; None where it has none, or one of another model."""
    stored = base64.b64decode(carried)
    fits = len(stored) == SIZE + 1 and stored[0] == MODEL
    return np.frombuffer(stored, np.int8, offset=1) if fits else None


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


def _unit(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), np.float32)
