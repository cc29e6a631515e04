"""Learn `services/analysis/enrich/keywords/rarity.npz` from the training texts.

``HUIYING_SHARED_DATA=… python -m training.keywords [FILE]``; ten seconds on one core. The table holds words' checksums
and rarities, no text. The reports of events, on which keywords are judged, are not read.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from services.analysis.enrich.keywords import rarity
from services.analysis.enrich.keywords.words import cleaned, parted
from training.corpora import read, shared_data

_FILE: Final = Path(rarity.__file__).with_name("rarity.npz")
#: words in fewer texts stay unknown; keeps the table under 200 KB
FEWEST: Final = 6
#: corpora of reviews, and how many of each are read: they are most of the texts and tell little of public affairs
REVIEWS: Final = frozenset({"shopping", "takeaway", "reviews_nlpcc2014", "car_forum", "stock_forum"})
REVIEWED: Final = 3_000
#: columns that are read, by file of topic/
COLUMNS: Final = {
    "taidi_messages_replies": ("subject", "detail", "official_reply"),
    "taidi_messages_category": ("subject", "detail"),
    "thucnews_titles_dev": ("title",),
}


def main() -> None:
    """Write the table."""
    texts_with: Counter[str] = Counter()
    texts = 0
    for text in _texts():
        texts += 1
        texts_with.update({word.casefold() for word, _ in parted(cleaned(text)) if len(word) > 1})
    common = {word: count for word, count in texts_with.items() if count >= FEWEST}
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else _FILE
    table = rarity.packed(common, texts)
    np.savez_compressed(file, keys=table["keys"], rarities=table["rarities"])
    print(f"{texts:,} texts, {len(common):,} words, {file.stat().st_size:,} bytes")


def _texts() -> Iterator[str]:
    data = read("train")
    read_of: Counter[str] = Counter()
    for text, corpus in zip(data.texts, data.corpora.tolist(), strict=True):
        read_of[corpus] += 1
        if corpus not in REVIEWS or read_of[corpus] <= REVIEWED:
            yield text
    for name, columns in COLUMNS.items():
        path = shared_data() / "topic" / f"{name}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield from (row[column] for column in columns)


if __name__ == "__main__":
    main()
