"""How near what a system read is to the gold."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.extract_parts.gold import Gold
from services.ingest.extraction.dates import SHANGHAI, read_time

#: lines of credit that one reader keeps and another leaves out, without either being wrong
_CREDITS = re.compile(r"^\W*(?:本文来源|责任编辑|原标题|免责声明|来源)\s*[::：].*$|^\W*（?原标题：.*$", re.M)


@dataclass(frozen=True)
class Reading:
    """What a system read from one page, and how long it took, in seconds of processor time."""

    title: str
    text: str
    time: str
    seconds: float


def fold(text: str) -> str:
    """Return a text without white space and punctuation, its forms folded."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


def bigram_f1(one: str, other: str) -> float:
    """Return the F1 of two texts' character pairs, folded."""
    first, second = _pairs(one), _pairs(other)
    total = sum(first.values()) + sum(second.values())
    return 2 * sum((first & second).values()) / total if total else 0.0


def _pairs(text: str) -> Counter[str]:
    folded = fold(text)
    return Counter(folded[at : at + 2] for at in range(len(folded) - 1))


def right_title(reading: Reading, gold: Gold) -> bool:
    """Tell whether the title is the gold's, white space and punctuation aside."""
    return fold(reading.title) == fold(gold.title)


def right_time(reading: Reading, gold: Gold) -> bool:
    """Tell whether the time is the gold's: its day, and its minute where the gold names one."""
    found = read_time(reading.time, datetime.now(SHANGHAI)) if reading.time else None
    if found is None:
        return False
    length = 16 if ":" in gold.time else 10
    return found.astimezone(SHANGHAI).isoformat()[:length] == gold.time.replace(" ", "T")[:length]


def text_score(reading: Reading, gold: Gold, *, credits_aside: bool) -> float:
    """Return the text's F1; with lines of credit (原标题, 本文来源, 责任编辑, 免责声明) taken out of both or not."""
    if credits_aside:
        return bigram_f1(_CREDITS.sub("", reading.text), _CREDITS.sub("", gold.text))
    return bigram_f1(reading.text, gold.text)


def mean(values: Sequence[float]) -> float:
    """Return the mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0
