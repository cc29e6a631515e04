"""Facts and places: texts a second, and samples of real texts to be read by eye.

    HUIYING_SHARED_DATA=/path/to/data python bench/facts.py [--show 60] [--seed 20261101]

Reads weibo posts of the sentiment corpus and reports of emergencies (CEC), finds facts and places in each, and prints
Markdown tables: texts a second of one thread, what was found, and how many texts of all the corpora name a place of
Pu'er, with each such place, since hardly any of them should. `--show` prints facts at random with what stands around
them, for a reader to count the wrong ones. Ends with status 1 where a floor of speed is missed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random

from contracts.findings import Fact, FactKind
from language import facts, places
from services.analysis.calendar import SHANGHAI

#: Texts a second of one thread below which the status is 1.
FACTS_FLOOR, PLACES_FLOOR = 2_000, 100_000
REFERENCE = datetime(2026, 11, 1, 12, tzinfo=SHANGHAI)
#: Characters either side of a sample.
AROUND = 20


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", type=int, default=0, help="facts to print, to be read by eye")
    parser.add_argument("--seed", type=int, default=20261101)
    chosen = parser.parse_args()
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder:
        print("HUIYING_SHARED_DATA is not set: there are no texts to measure on", file=sys.stderr)
        return 2
    everything = list(_texts(Path(folder)))
    weibo = [text for corpus, text in everything if corpus.startswith("weibo")][:8_000]
    reports = [text for corpus, text in everything if corpus == "cec"]
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {os.cpu_count()} cores, one thread\n")
    print("| | texts | mean length | texts a second |\n| --- | --- | --- | --- |")
    facts_speed = _speed("facts, weibo posts", weibo, _facts)
    _speed("facts, reports of emergencies", reports, _facts)
    bare = [text for _, text in everything if len(text) < 150 and not places.find(text).mentions]
    places_speed = _speed("places, short texts without one", bare, places.find)
    _print_kinds([*weibo, *reports])
    _print_places(everything)
    if chosen.show:
        _print_samples([text for _, text in everything], chosen.show, Random(chosen.seed))
    return 0 if facts_speed >= FACTS_FLOOR and places_speed >= PLACES_FLOOR else 1


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for row in _rows(folder / "sentiment" / "train.csv.gz"):
        yield row["corpus"], row["text"]
    for row in _rows(folder / "events" / "cec.csv.gz"):
        yield "cec", f"{row['title']}\n{row['text']}"
    for path in sorted((folder / "topic").glob("*.csv.gz")):
        for row in _rows(path):
            yield path.name.removesuffix(".csv.gz"), "\n".join(value for value in row.values() if value)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _facts(text: str) -> list[Fact]:
    return facts.find(text, reference=REFERENCE)


def _speed(name: str, texts: list[str], work: Callable[[str], object]) -> float:
    begin = time.perf_counter()
    for text in texts:
        work(text)
    speed = len(texts) / (time.perf_counter() - begin)
    print(f"| {name} | {len(texts):,} | {sum(map(len, texts)) / len(texts):.0f} | {speed:,.0f} |")
    return speed


def _print_kinds(texts: list[str]) -> None:
    found = Counter((fact.kind.value, fact.role or "–") for text in texts for fact in _facts(text))
    print("\n| kind | role | facts |\n| --- | --- | --- |")
    for (kind, role), times in found.most_common():
        print(f"| {kind} | {role} | {times:,} |")


def _print_places(texts: list[tuple[str, str]]) -> None:
    print(f"\nplaces of Pu'er named in {len(texts):,} texts:\n")
    for corpus, text in texts:
        for mention in places.find(text).mentions:
            place = mention.county + (mention.township or "")
            print(f"- {corpus}: {_around(text, mention.start, mention.end)} → {place}")


def _print_samples(texts: list[str], wanted: int, random: Random) -> None:
    print("\nfacts at random (times left out):\n")
    random.shuffle(texts)
    for text in texts:
        figures = [fact for fact in _facts(text) if fact.kind is not FactKind.TIME]
        if not figures:
            continue
        fact = random.choice(figures)
        marks = " denied" * fact.denied + " part" * fact.part
        print(
            f"- {_around(text, fact.start, fact.end)} → {fact.role or '–'} {fact.low}..{fact.high} {fact.unit}{marks}"
        )
        wanted -= 1
        if not wanted:
            return


def _around(text: str, start: int, end: int) -> str:
    before, behind = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return f"{before}【{text[start:end]}】{behind}".replace("\n", " ")


if __name__ == "__main__":
    raise SystemExit(main())
