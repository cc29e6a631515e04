"""Learn `services/analysis/events/model/stories.npz`, how rare each term is, from the training texts.

``HUIYING_SHARED_DATA=… python -m training.stories FOLDER`` writes it to FOLDER; half a minute on one core. The table
holds rarities, no text. No text of the benchmark's events, hashtags, messages or pairs is read (of the messages the
official replies are).
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.events_parts import sets
from services.analysis.enrich.story import story_of
from services.analysis.events.vectors import RAREST, SHORTEST, STEP, TERMS, terms_in
from training.corpora import read, shared_data

#: characters of a key that are counted
COUNTED: Final = 1_000
#: manners of writing, and the corpora of each; a term is as common as in that in which it is most common
MANNERS: Final = (
    ("messages",),
    ("replies",),
    ("news", "finance_titles"),
    ("weibo_usual", "weibo_virus", "weibo2018", "weibo_nlpcc2013", "weibo_emoji"),
)
#: texts with a term that do not count in a manner: one letter and its answer make no manner
CHANCE: Final = 2
#: texts by which a manner's rarities are drawn to those of all texts
PRIOR: Final = 2
#: what a term that no text has counts as, in texts
UNSEEN: Final = 0.5


def main() -> None:
    """Write the model."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for corpus, text in _texts():
        key = story_of("", text)
        if len(key) >= SHORTEST:
            keys[corpus].add(key[:COUNTED])
    counted = {corpus: (len(some), _texts_with(some)) for corpus, some in keys.items()}
    np.savez_compressed(folder / "stories.npz", rarity=_rarity(counted))
    texts = sum(count for count, _ in counted.values())
    print(f"{texts:,} texts, {(folder / 'stories.npz').stat().st_size / 2**10:,.0f} KiB", flush=True)


def _texts() -> Iterator[tuple[str, str]]:
    """Give the training texts of the sentiment models, messages that the benchmark does not have, and replies."""
    data = read("train")
    yield from zip(data.corpora.tolist(), data.texts, strict=True)
    judged = {item.text for item in sets.messages(shared_data())}
    for name in ("category", "hot", "replies"):
        path = shared_data() / "topic" / f"taidi_messages_{name}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["detail"].strip() not in judged:
                    yield "messages", row["detail"]
                if name == "replies":
                    yield "replies", row["official_reply"]


def _texts_with(keys: Iterable[str]) -> NDArray[np.int64]:
    """Return how many of the keys have each term."""
    counts = np.zeros(TERMS, np.int64)
    for key in keys:
        counts[np.unique(terms_in(key))] += 1
    return counts


def _rarity(counted: dict[str, tuple[int, NDArray[np.int64]]]) -> NDArray[np.uint8]:
    """Return minus the logarithm of each term's share of the texts, in sixteenths of a nat, at most RAREST."""
    texts = sum(count for count, _ in counted.values())
    among_all = np.maximum(np.sum([counts for _, counts in counted.values()], axis=0), UNSEEN) / texts
    share = among_all
    for corpora in MANNERS:
        size = sum(counted[corpus][0] for corpus in corpora)
        counts = np.sum([counted[corpus][1] for corpus in corpora], axis=0)
        share = np.maximum(share, (np.maximum(counts - CHANCE, 0) + PRIOR * among_all) / (size + PRIOR))
    return np.asarray(np.clip(np.rint(-np.log(share) * STEP), 0, RAREST), np.uint8)


if __name__ == "__main__":
    main()
