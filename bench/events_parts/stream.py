"""A stream of posts that nobody wrote, at a constant rate, put together of clauses of the training texts."""

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
        shortest, longest = _CLAUSE
        self._clauses = sorted(clause for clause in clauses if shortest <= len(clause) <= longest)
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
        return self._clauses[int(self._random.integers(len(self._clauses)))]
