"""Which texts a process sees, in which batches: fixed by seed and epoch alone, so that a run can be taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from services.analysis.sentiment.encoder import by_size
from training.corpora import Texts, open_classes, text_weights
from training.encoder import recipe

#: texts sorted by length together before they are cut into batches
_CHUNK = 4_096


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokenised texts: ids (cut to length), the classes a label leaves open, and the weight of each text."""

    ids: list[NDArray[np.int64]]
    open_classes: NDArray[np.bool_]
    weights: NDArray[np.float64]
    corpora: NDArray[np.str_]

    def part(self, chosen: NDArray[np.int64]) -> Tokens:
        """Return the texts at the indices `chosen`."""
        return Tokens(
            [self.ids[i] for i in chosen], self.open_classes[chosen], self.weights[chosen], self.corpora[chosen]
        )


def cut(ids: list[int], limit: int, tail: int) -> NDArray[np.int64]:
    """Return `ids`, at most `limit` of them: the first, and the last `tail` where they are more."""
    if len(ids) > limit:
        ids = ids[: limit - tail] + ids[-tail:]
    return np.array(ids, np.int64)


def tokenise(tokenizer: Tokenizer, data: Texts, cleaned: list[str]) -> Tokens:
    """Tokenise the cleaned texts of `data`."""
    ids: list[NDArray[np.int64]] = []
    for start in range(0, len(cleaned), 4096):
        encodings = tokenizer.encode_batch(cleaned[start : start + 4096])
        ids += [cut(encoding.ids, recipe.MAX_TOKENS, recipe.TAIL_TOKENS) for encoding in encodings]
    return Tokens(
        ids, open_classes(data), text_weights(data, dict.fromkeys(recipe.TIMES, 1.0), recipe.BALANCE), data.corpora
    )


def epoch(data: Tokens, number: int) -> list[NDArray[np.int64]]:
    """Return the batches of one epoch as arrays of indices, shuffled, each of texts of like length."""
    random = np.random.default_rng([recipe.SEED, number])
    chosen: list[NDArray[np.int64]] = []
    for corpus, times in recipe.TIMES.items():
        inside = np.flatnonzero(data.corpora == corpus)
        # the same order every epoch, so that a fraction takes another part each time
        np.random.default_rng(recipe.SEED).shuffle(inside)
        count = round(times * inside.size)
        begin = (number * count) % max(inside.size, 1)
        chosen.append(np.resize(np.roll(inside, -begin), count))
    order = random.permutation(np.concatenate(chosen))
    lengths = np.array([ids.size for ids in data.ids])
    batches: list[NDArray[np.int64]] = []
    for start in range(0, order.size, _CHUNK):
        batches += by_length(order[start : start + _CHUNK], lengths)
    return [batches[index] for index in random.permutation(len(batches))]


def by_length(chosen: NDArray[np.int64], lengths: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Cut indices into batches of like length, at most `BATCH_TOKENS` padded tokens each, shortest first."""
    return (chosen[batch] for batch in by_size(lengths[chosen], recipe.BATCH_TOKENS))


def steps(data: Tokens, rank: int, processes: int, begin: int, end: int) -> Iterator[NDArray[np.int64]]:
    """Yield the batches of process `rank` for its steps `begin` to `end`."""
    step, number = 0, 0
    while step < end:
        batches = epoch(data, number)
        for batch in batches[rank : len(batches) - len(batches) % processes : processes]:
            if step >= end:
                return
            if step >= begin:
                yield batch
            step += 1
        number += 1
