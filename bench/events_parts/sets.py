"""The labelled sets on which joining is judged, each a stream of posts. No text of theirs is kept here."""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

SEED: Final = 20260301
HEADLINES: Final = 3_000
MESSAGES: Final = 2_500
#: words by which the reports of each event were found
KEYWORDS: Final = {
    "中兴": r"中兴通讯|中兴|zte",
    "魏则西事件": r"魏则西",
    "白银连环杀人": r"白银|连环",
    "罗一笑事件": r"罗一笑|罗尔",
    "于欢杀死辱母者": r"于欢|辱母",
}
#: sets that have no times begin here
BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$")

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Item:
    """A post of a set; `story` is its cluster, None for noise, which is like nothing else."""

    title: str
    text: str
    at: datetime
    story: str | None


def five_events(data: Path, *, masked: bool) -> list[Item]:
    """Return the reports of five events among emergencies and headlines, in time order.

    `masked`: without the words by which the reports were found. Reports whose date cannot be read are left out.
    """
    random = np.random.default_rng(SEED)
    items: list[Item] = []
    with gzip.open(data / "events" / "eventmonitor.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            at = _instant(row["date"])
            if at is None:
                continue
            hidden = re.compile(KEYWORDS[row["event"]] if masked else r"(?!)", re.IGNORECASE)
            items.append(Item(hidden.sub("", row["title"]), hidden.sub("", row["body"]), at, row["event"]))
    times = [item.at for item in items]
    noise = [(row["title"], row["text"]) for row in _rows(data / "events" / "cec.csv.gz")]
    headlines = [row["title"] for row in _rows(data / "topic" / "thucnews_titles_dev.csv.gz")]
    noise += [("", headlines[place]) for place in random.permutation(len(headlines))[:HEADLINES]]
    drawn = random.integers(0, len(times), len(noise))
    items += [
        Item(title, text, times[place] + timedelta(seconds=int(random.integers(-43_200, 43_200))), None)
        for (title, text), place in zip(noise, drawn, strict=True)
    ]
    return sorted(items, key=lambda item: item.at)


def hashtags(data: Path) -> list[Item]:
    """Return weibos grouped by their hashtag, which is taken out; a minute apart in a fixed order."""
    rows = [(row["text_without_hashtag"], row["topic_hashtag"]) for row in _rows(data / _HASHTAGS)]
    order = np.random.default_rng(SEED).permutation(len(rows))
    return [
        Item("", rows[place][0], BEGIN + timedelta(minutes=number), rows[place][1])
        for number, place in enumerate(order)
    ]


def messages(data: Path) -> list[Item]:
    """Return citizens' messages, all of one manner and nearly all about different matters; ten minutes apart."""
    texts: list[str] = []
    for name in ("category", "hot", "replies"):
        texts += [row["detail"].strip() for row in _rows(data / "topic" / f"taidi_messages_{name}.csv.gz")]
    texts = list(dict.fromkeys(filter(None, texts)))
    order = np.random.default_rng(SEED).permutation(len(texts))[:MESSAGES]
    return [Item("", texts[place], BEGIN + timedelta(minutes=10 * number), None) for number, place in enumerate(order)]


def pairs(data: Path) -> list[tuple[str, str, bool]]:
    """Return pairs of texts and whether people hold that they are about one topic."""
    return [
        (row["source"], row["target"], row["same_topic"] == "1")
        for row in _rows(data / "events" / "sohu2021_pairs.csv.gz")
    ]


_HASHTAGS: Final = Path("topic") / "weibo_hashtag_topics.csv.gz"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _instant(written: str) -> datetime | None:
    found = _DATE.match(written.strip())
    if found is None:
        return None
    try:
        return datetime(*(int(part) if part else 0 for part in found.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
