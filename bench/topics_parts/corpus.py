"""The texts, and topics made of their own words."""

from __future__ import annotations

import csv
import gzip
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from ahocorasick_rs import AhoCorasick

from services.analysis.enrich.folding import fold
from services.analysis.enrich.topics import TopicRule

_RUN: Final = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]{3,}")
#: Characters of grammar; what holds one of them is no word that somebody would watch.
_GRAMMAR: Final = frozenset(
    "的了着过是在和与及或也都就还又很太最更把被让给对向从到为因所以而且但如则不没吗呢吧啊我你他她它们这那"
)
_OPERATORS: Final = frozenset(("and", "not"))
#: How many of a hundred words have so many characters, as in Chinese dictionaries' everyday part.
_LENGTHS: Final = {2: 70, 3: 17, 4: 13}
#: A word of fewer texts is a slip or a name that nobody repeats.
_LEAST: Final = 5
#: texts that tell which words keep company, and of these how many are asked for one word
_SAMPLE: Final = 40_000
_BESIDE: Final = 60
#: every so many texts is given its first sentence as a title
_TITLED: Final = 3
_SENTENCE: Final = re.compile(r"(?<=[。！？!?\n])")


def texts() -> list[str]:
    """Return the training texts; ends the program where they are not at hand."""
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder:
        sys.exit("HUIYING_SHARED_DATA names no folder: the training texts are not at hand")
    with gzip.open(Path(folder) / "sentiment" / "train.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def posts(given: Sequence[str]) -> list[tuple[str, str]]:
    """Return titles and texts: the training texts have no titles, so every third one's first sentence becomes its."""
    made: list[tuple[str, str]] = []
    for number, text in enumerate(given):
        first, *others = _SENTENCE.split(text, maxsplit=1)
        made.append((first, others[0]) if number % _TITLED == 0 and others and others[0] else ("", text))
    return made


def vocabulary(given: Sequence[str], count: int, random: Random) -> tuple[list[str], dict[str, int]]:
    """Return `count` different words of the texts and how many texts hold each.

    A word is a run of two to four Chinese characters without one of grammar, or a Latin word. It is drawn with a
    chance in proportion to the texts that hold it, so that the words are as frequent as words of the corpus are.
    """
    frequency: Counter[str] = Counter()
    for text in given:
        seen: set[str] = set()
        for run in _RUN.findall(fold(text)):
            if run.isascii():
                seen.add(run)
                continue
            for length in _LENGTHS:
                seen.update(run[at : at + length] for at in range(len(run) - length + 1))
        frequency.update(seen)
    known = {
        word: n
        for word, n in sorted(frequency.items())
        if n >= _LEAST and _GRAMMAR.isdisjoint(word) and word not in _OPERATORS
    }
    chosen: list[str] = []
    for length, share in _LENGTHS.items():
        words = [word for word in known if (2 if word.isascii() else len(word)) == length]
        # Efraimidis and Spirakis (2006): the largest u^(1/weight) are a weighted sample without replacement
        keyed = sorted(words, key=lambda word: random.random() ** (1 / known[word]), reverse=True)
        chosen += keyed[: count * share // 100]
    random.shuffle(chosen)
    return chosen, {word: known[word] for word in chosen}


def rules(given: Sequence[str], words: Sequence[str], topics: int, random: Random) -> list[TopicRule]:
    """Return topics in which every word occurs once, together with words that keep it company in the texts."""
    return [
        TopicRule(f"t{number:04}", _query(group, random))
        for number, group in enumerate(_companies(given, words, topics, random))
    ]


def _companies(given: Sequence[str], words: Sequence[str], topics: int, random: Random) -> Iterator[list[str]]:
    """Yield equal groups of the words, each of a first word and those most often found in texts beside it."""
    found = AhoCorasick(list(words))
    holding: dict[str, list[list[str]]] = defaultdict(list)
    for text in random.sample(given, min(_SAMPLE, len(given))):
        hits = found.find_matches_as_indexes(fold(text), overlapping=True)
        there = sorted({words[hit[0]] for hit in hits})
        for word in there:
            holding[word].append(there)
    unused = dict.fromkeys(words)
    size = len(words) // topics
    for _ in range(topics):
        first = next(iter(unused))
        beside = Counter(word for there in holding[first][:_BESIDE] for word in there if word in unused)
        beside.pop(first, None)
        group = [first, *(word for word, _ in beside.most_common(size - 1))]
        group += [word for word in islice(unused, size * 2) if word not in group][: size - len(group)]
        for word in group:
            del unused[word]
        yield group


def _query(words: Sequence[str], random: Random) -> str:
    """Return a query of about ten words in one of the shapes that topics have."""
    third = max(2, len(words) // 3)
    one, two, three = words[:third], words[third : 2 * third], words[2 * third :]
    either, other, last = " OR ".join(one), " OR ".join(two), " OR ".join(three)
    shapes = (
        f"({either}) AND ({other}) NOT ({last})",
        f"({either}) AND ({other}) AND ({last})",
        f'({either}) AND ("{two[0]}" OR {" OR ".join(two[1:])}) AND NOT ({last})',
        f"({either}) near/20 ({other}) AND NOT ({last})",
        f"({either}) near/10 ({other}) OR {three[0]} AND ({' OR '.join(three[1:])})",
        f"title:({either}) AND ({other}) OR {' AND '.join(three[:3])} OR {' AND '.join(three[3:] or two)}",
        f"({' AND '.join(one[:2])}) OR ({other}) AND ({last}) NOT {one[-1]}",
    )
    return random.choice(shapes)
