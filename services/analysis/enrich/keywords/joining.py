"""Names that the dictionary does not know: words that stand together wherever a text has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

#: a word joins its neighbour when this share of its places in the text are beside it
_TOGETHER: Final = 0.75
#: two single characters are a word when they stand together this often
_CHARACTERS: Final = 3
_LONGEST: Final = 10
#: a text that repeats its headline has each pair of its words twice; what is said only twice is joined to no more
_LONGEST_OF_TWO: Final = 7
#: a pair of words becomes part of a longer one: up to eight parts
_ROUNDS: Final = 3
#: what stands between words that are not beside each other
APART: Final = ""
#: ends of names, which begin none
_ENDS: Final = frozenset("市县区省镇乡村路号站桥系级东西南北")


def joined(words: Sequence[str]) -> tuple[list[str], set[str]]:
    """Return the words with those joined that stand together at least twice, and which were joined.

    `words` have :data:`APART` wherever something stands between two that joins neither.
    """
    current, names = list(words), set[str]()
    # once is enough where the text has the longer word elsewhere: jieba's guesses are not always the same
    halves = {(word[:at], word[at:]) for word in set(words) if len(word) > 2 for at in range(1, len(word))}
    for _ in range(_ROUNDS):
        pairs = _pairs(current, halves)
        if not pairs:
            break
        merged = [APART]
        free = False  # whether the last word may still join the next: a word joins once a round
        for word in current:
            if free and (merged[-1], word) in pairs:
                merged[-1] += word
                names.add(merged[-1])
                free = False
            else:
                merged.append(word)
                free = True
        current = merged
    return current, names


def _pairs(words: Sequence[str], halves: set[tuple[str, str]]) -> set[tuple[str, str]]:
    beside, counts = Counter(pairwise(words)), Counter(words)
    often = [(pair, times) for pair, times in beside.items() if times > 1]
    pairs = {(one, other) for (one, other), times in often if one and other and _belong(one, other, times, counts)}
    return pairs | (halves & beside.keys())


def _belong(one: str, other: str, times: int, counts: Counter[str]) -> bool:
    length = len(one) + len(other)
    if one == other or one in _ENDS or length > (_LONGEST if times > 2 else _LONGEST_OF_TWO):
        return False
    if length == 2:
        return times >= _CHARACTERS and times >= _TOGETHER * max(counts[one], counts[other])
    if len(one) == 1 or len(other) == 1:
        # a lone character is common; the word beside it says whether both are one name
        return times >= _TOGETHER * counts[one if len(other) == 1 else other]
    return times >= _TOGETHER * min(counts[one], counts[other])
