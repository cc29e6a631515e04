"""The reports, headlines and messages that kinds of incident are learnt from, each text with its kind and its group."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from contracts.words import IncidentType
from services.analysis.enrich.folding import fold
from training.corpora import shared_data
from training.incident.examples import EXAMPLES

#: the five kinds of the CEC corpus
CEC_KINDS: Final = {
    "地震": IncidentType.NATURAL_DISASTER,
    "火灾": IncidentType.ACCIDENT,
    "交通事故": IncidentType.ACCIDENT,
    "食物中毒": IncidentType.PUBLIC_HEALTH,
    "恐怖袭击": IncidentType.SOCIAL_SECURITY,
}
#: what a reader found texts of the other corpora to be, by the beginning of their SHA-256; texts not listed are `other`
_READ: Final[dict[str, str]] = json.loads(Path(__file__).with_name("read.json").read_text(encoding="utf-8"))
_WEIBO: Final = 3_000
_OPENING: Final = 140
_SEED: Final = 20261101


@dataclass(frozen=True, slots=True)
class Sample:
    """A folded text and title, its kind and corpus, and the group that training and test must not part."""

    title: str
    text: str
    kind: IncidentType
    corpus: str
    group: str


def _rows(*parts: str) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with gzip.open(shared_data().joinpath(*parts), "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(text: str) -> str:
    """Return what stands for a text in ``read.json``."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _kind_read(text: str) -> IncidentType:
    return IncidentType(_READ.get(digest(text), "other"))


def reports() -> list[Sample]:
    """Return the 131 CEC reports with their titles."""
    return [
        Sample(fold(row["title"]), fold(row["text"]), CEC_KINDS[row["category"]], "cec", f"cec{number}")
        for number, row in enumerate(_rows("events", "cec.csv.gz"))
    ]


def openings() -> list[Sample]:
    """Return titles and openings of the reports as texts of their own, as long as a weibo post."""
    return [
        Sample("", text, report.kind, "openings", report.group)
        for report in reports()
        for text in (report.title, report.text[:_OPENING])
        if text
    ]


def headlines() -> list[Sample]:
    """Return headlines; those that speak of incidents are as a reader marked them."""
    return [
        Sample("", fold(row["title"]), _kind_read(row["title"]), "headlines", f"h{number}")
        for number, row in enumerate(_rows("topic", "thucnews_titles_dev.csv.gz"))
    ]


def messages() -> list[Sample]:
    """Return citizens' messages, once each."""
    seen: dict[str, Sample] = {}
    for part in ("hot", "replies", "category"):
        for row in _rows("topic", f"taidi_messages_{part}.csv.gz"):
            key = row["detail"].strip()
            kind = _kind_read(key)
            seen.setdefault(key, Sample(fold(row["subject"]), fold(key), kind, "messages", f"m{digest(key)}"))
    return list(seen.values())


def weibo() -> list[Sample]:
    """Return everyday weibo posts, a part drawn at random."""
    rows = [row["text"] for row in _rows("sentiment", "train.csv.gz") if row["corpus"] == "weibo_usual"]
    chosen = np.random.default_rng(_SEED).permutation(len(rows))[:_WEIBO]
    return [Sample("", fold(rows[n]), _kind_read(rows[n]), "weibo", f"w{n}") for n in sorted(chosen)]


def examples() -> list[Sample]:
    """Return this project's own sentences about resettlement and public life."""
    return [
        Sample("", fold(text), kind, "examples", f"e{kind}{number}")
        for kind, texts in EXAMPLES.items()
        for number, text in enumerate(texts)
    ]


def everything() -> list[Sample]:
    """Return all of them."""
    return [*reports(), *openings(), *headlines(), *messages(), *weibo(), *examples()]
