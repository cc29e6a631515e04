"""What the index holds of a post: a set of tokens, the same on every database.

Of the folded text (:func:`~services.analysis.enrich.folding.fold`), a run of letters that are not ASCII (Chinese above
all) gives its overlapping pairs and its last character; a run of ASCII letters and digits is one token; a sign (emoji,
arrow) is one token. Punctuation is none. So every character of a run begins exactly one token, and a query of one
character is a prefix. Tokens of the title stand twice, once marked; what a post is listed by (topic, place, channel …)
is a marked token too, so that every combination of filters is one intersection.

Marks are private-use characters, which no token of a text contains.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import add
from typing import Final

from services.analysis.enrich.folding import fold

#: Raise it when the tokens of a text change: the index is then made anew at the next start.
VERSION: Final = 1

_LABEL: Final = "\ue000"
_TITLE: Final = "\ue001"
#: Carried by every post, so that "all but" can be asked for.
EVERY: Final = _LABEL

_SIGNS: Final = r"\u2190-\u2bff\U0001f000-\U0001faff"
_RUNS: Final = re.compile(rf"([0-9a-z]+)|([{_SIGNS}])|([^\W\x00-\x7f{_SIGNS}]+)")
#: PostgreSQL takes lexemes of up to 2046 bytes
_LONGEST: Final = 64
_PLAIN: Final = re.compile(r"[0-9a-z\u4e00-\u9fff]{1,48}")


class Label(StrEnum):
    """What a post is listed by. Never its author."""

    TOPIC = "t"
    PLACE = "p"
    SENTIMENT = "s"
    INCIDENT = "i"
    CHANNEL = "c"
    SOURCE = "o"


class Kind(StrEnum):
    """What a run of characters is."""

    WORD = "word"
    SIGN = "sign"
    LETTERS = "letters"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a post is found by: title and text as written, and its labels."""

    title: str
    text: str
    labels: frozenset[tuple[Label, str]]


def label(kind: Label, value: str) -> str:
    """Return the token of a label."""
    if not _PLAIN.fullmatch(value):
        value = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{_LABEL}{kind.value}{value}"


def in_title(token: str) -> str:
    """Return the token that says that the title has `token`."""
    return _TITLE + token


def runs(folded: str) -> Iterator[tuple[Kind, str]]:
    """Yield the runs of a folded text, in order."""
    for found in _RUNS.finditer(folded):
        word, sign, letters = found.groups()
        if word:
            yield Kind.WORD, bounded(word)
        elif sign:
            yield Kind.SIGN, sign
        else:
            yield Kind.LETTERS, letters


def bounded(word: str) -> str:
    """Return a word, or what stands for it where it is very long."""
    if len(word) <= _LONGEST:
        return word
    return word[: _LONGEST // 2] + hashlib.blake2b(word.encode(), digest_size=12).hexdigest()


def pairs(letters: str) -> Iterator[str]:
    """Yield the overlapping pairs of a run of letters."""
    return map(add, letters, letters[1:])


def of_text(folded: str) -> set[str]:
    """Return the tokens of a folded text."""
    found: set[str] = set()
    for kind, run in runs(folded):
        if kind is Kind.LETTERS:
            found.update(pairs(run))
            found.add(run[-1])
        else:
            found.add(run)
    return found


def of_post(post: Indexed) -> list[str]:
    """Return all tokens of a post, in a fixed order."""
    title = of_text(fold(post.title))
    marked: Iterable[str] = (in_title(token) for token in title)
    labels = (label(kind, value) for kind, value in post.labels)
    return sorted({EVERY, *of_text(fold(post.text)), *title, *marked, *labels})
