"""A stream of posts that nobody wrote, at a constant rate, in clauses that go from one training text to another.

A clause is pieces of three to six characters, each of another text and begun where that has the two characters with
which the last ended (a Markov chain; Shannon, "A mathematical theory of communication", 1948). So every pair of
characters is one that people wrote, as often as they did, and no clause comes twice however long the stream is: whole
clauses of the corpus, of which there are some 200,000, come again and again in stories that have nothing to do with
each other.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from bench.events_parts.ours import Read, read
from bench.events_parts.sets import Item
from language.places import COUNTIES

BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
A_DAY: Final = 17_000
#: share of posts whose text nobody had before
DISTINCT: Final = 0.6
#: share of the distinct texts that begin a story
BEGINNING: Final = 0.45
#: posts back from which a repost or a continued story is drawn: half a day
_BACK: Final = 8_000
_CLAUSES: Final = 8
_BREAK: Final = re.compile(r"[,，。!！?？;；…\s]+")
#: characters of a clause
_CLAUSE: Final = (6, 24)
#: characters that are taken of one text: at least so many, and fewer than
_PIECE: Final = (3, 7)


@dataclass(frozen=True, slots=True)
class _Story:
    name: str
    clauses: list[str]


class Stream:
    """Posts with what the worker finds in them, in batches.

    A text that is new begins a story or goes on with that of a recent post, so that the more a story is told of, the
    more it will be (Simon, "On a class of skew distribution functions", Biometrika 1955): sizes by Zipf's law. A text
    has three to five of its story's eight clauses, which are of eight texts, and one of any text; half of the stories
    name a county.
    """

    def __init__(self, data: Path, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        with gzip.open(data / "sentiment" / "train.csv.gz", "rt", encoding="utf-8", newline="") as file:
            clauses = {clause for row in csv.DictReader(file) for clause in _BREAK.split(row["text"])}
        #: clauses of several characters, one after the other with a line end after each
        self._said = "\n".join(sorted(clause for clause in clauses if len(clause) >= _CLAUSE[0])) + "\n"
        codes = np.frombuffer(self._said.encode("utf-32-le"), "<u4").astype(np.int64)
        pairs = codes[:-1] << 21 | codes[1:]
        #: where each pair of characters begins, in the order of pairs
        self._places = np.argsort(pairs, kind="stable")
        self._pairs = pairs[self._places]
        self._recent: deque[tuple[_Story, str, Read]] = deque(maxlen=_BACK)
        self.posts = 0
        self.stories = 0

    def batches(self, posts: int, size: int) -> Iterator[list[tuple[Item, Read]]]:
        """Give `posts` more posts, `size` at a time."""
        while posts > 0:
            yield self._batch(min(size, posts))
            posts -= size

    def _batch(self, size: int) -> list[tuple[Item, Read]]:
        made: list[tuple[Item, Read]] = []
        random = self._random
        for _ in range(size):
            at = BEGIN + timedelta(days=self.posts / A_DAY)
            self.posts += 1
            if self._recent and random.random() >= DISTINCT:
                story, text, known = self._recent[int(random.integers(len(self._recent)))]
            else:
                story = self._story()
                text = self._text(story.clauses)
                known = read([Item("", text, at, None)])[0]
            self._recent.append((story, text, known))
            made.append((Item("", text, at, story.name), known))
        return made

    def _story(self) -> _Story:
        if self._recent and self._random.random() >= BEGINNING:
            return self._recent[int(self._random.integers(len(self._recent)))][0]
        self.stories += 1
        clauses = [self._clause() for _ in range(_CLAUSES)]
        if self._random.random() < 0.5:
            clauses[0] = COUNTIES[int(self._random.integers(len(COUNTIES)))] + clauses[0]
        return _Story(f"story-{self.stories}", clauses)

    def _text(self, clauses: list[str]) -> str:
        random = self._random
        own = [clauses[place] for place in random.permutation(_CLAUSES)[: int(random.integers(3, 6))]]
        return ",".join([*own, self._clause()])

    def _clause(self) -> str:
        random = self._random
        shortest, longest = _CLAUSE
        size = int(random.integers(shortest, longest + 1))
        begin = self._said.index("\n", int(random.integers(len(self._said) - longest))) + 1
        clause = self._said[begin : begin + 2] or self._said[:2]
        while len(clause) < size:
            pair = ord(clause[-2]) << 21 | ord(clause[-1])
            first, end = np.searchsorted(self._pairs, (pair, pair + 1))
            place = int(self._places[random.integers(first, end)]) + 2
            piece = self._said[place : place + int(random.integers(*_PIECE))].split("\n", 1)[0]
            if not piece:  # that text ended there
                break
            clause += piece
        return clause[:size] if len(clause) >= shortest else self._clause()
