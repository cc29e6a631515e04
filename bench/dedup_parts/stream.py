"""Streams of posts of which it is known what is a repost: from public corpora, recombined where those are too small."""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dedup_parts.reposts import KINDS, other_figures

csv.field_size_limit(10**9)

#: The kind of what is no repost: the same words with other figures.
OTHER_FIGURES = "other figures"
#: Shares of the stream: reposts (of each kind as many), and texts (where they have any) with other figures.
_REPOSTS, _REFIGURED = 0.15, 0.1
_SHORTEST = 30
#: Characters of a text that with other figures is another post; a longer one may be the same article, corrected.
_NOTICE = 400
_WAITING = 5_000
_CLAUSE_END = re.compile(r"[，。！？；：、,.!?;:\s~…]+")


@dataclass
class Post:
    """A post of the stream: its text, the place of its original where it is a repost, and how it was made."""

    text: str
    original: int | None = None
    kind: str = ""


@dataclass
class Corpus:
    """Texts of at least 30 characters as they are, and the clauses of all texts."""

    texts: list[str]
    clauses: list[str] = field(default_factory=list)


def read(folder: Path, chance: random.Random) -> Corpus:
    """Read posts, citizens' messages and headlines from the folder of public corpora; in random order."""
    seen: dict[str, None] = {}
    for name, columns in (
        ("sentiment/train.csv.gz", ["text"]),
        ("topic/weibo_hashtag_topics.csv.gz", ["text_without_hashtag"]),
        ("topic/taidi_messages_hot.csv.gz", ["detail"]),
        ("topic/taidi_messages_replies.csv.gz", ["detail", "official_reply"]),
        ("topic/thucnews_titles_dev.csv.gz", ["title"]),
    ):
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                seen.update({row[column].strip(): None for column in columns if row[column]})
    # what is itself a repost of an unknown post cannot be told from an original
    texts = [text for text in seen if "//@" not in text]
    clauses = {clause for text in texts for clause in _CLAUSE_END.split(text) if 4 <= len(clause) <= 14}
    long = [text for text in texts if len(text) >= _SHORTEST]
    chance.shuffle(long)
    return Corpus(long, sorted(clauses))


def recombined(corpus: Corpus, chance: random.Random) -> Iterator[str]:
    """Give texts without end: 6 to 16 clauses, each of another text, none longer than 14 characters.

    Two of them may share a clause, as unrelated posts do, but not half of their text.
    """
    while True:
        parts = [chance.choice(corpus.clauses) for _ in range(chance.randint(6, 16))]
        text = "".join(part + chance.choice("，，，。！") for part in parts)
        if len(text) >= _SHORTEST:
            yield text


def stream(corpus: Corpus, count: int, chance: random.Random) -> Iterator[Post]:
    """Give `count` posts: corpus texts, then recombined ones, among them reposts of any of the last 5,000 originals."""
    made = recombined(corpus, chance)
    kinds = list(KINDS)
    recent: list[tuple[int, str]] = []
    own = 0
    for place in range(count):
        kind = chance.random()
        if recent and kind < _REPOSTS + _REFIGURED:
            original, text = chance.choice(recent)
            if kind < _REPOSTS:
                name = chance.choice(kinds)
                yield Post(KINDS[name](text, chance), original, name)
                continue
            other = other_figures(text, chance)
            if other != text and len(text) <= _NOTICE:
                yield Post(other, None, OTHER_FIGURES)
                continue
        text = corpus.texts[own] if own < len(corpus.texts) else next(made)
        own += 1
        recent.append((place, text))
        if len(recent) > _WAITING:
            recent.pop(0)
        yield Post(text)
