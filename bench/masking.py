"""Masking of personal numbers: recall and precision on generated texts, texts a second, and what real texts lose.

    python bench/masking.py [--each 400] [--seed 20260301]
    HUIYING_SHARED_DATA=/path/to/data python bench/masking.py --corpora [--show 20]

Generates `--each` texts for every kind of number in every writing form, and for every sort of figure that must stay,
and prints Markdown tables. A number counts as found only if the text comes back with its mark in its place and all else
unchanged. Precision is that of the marks set in all those texts together, by the kind of mark. With `--corpora` it
masks the public research texts and prints how many marks a hundred thousand get, by kind; `--show` prints samples to be
read by eye, with what was masked. Ends with status 1 where a gate is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.masking_parts.corpora import texts
from bench.masking_parts.scoring import GATES, Score, score
from bench.masking_parts.texts import MARKS, figure_cases, personal_cases
from services.ingest.privacy import mask

SEED = 20260301


def main() -> int:
    """Measure and print Markdown tables; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=400, help="texts for each form and each sort of figure")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--corpora", action="store_true", help="mask the texts of HUIYING_SHARED_DATA as well")
    parser.add_argument("--show", type=int, default=0, help="samples by kind of what was masked in them")
    chosen = parser.parse_args()
    print(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.machine()}, seed {chosen.seed}\n"
    )
    cases = [*personal_cases(chosen.seed, chosen.each), *figure_cases(chosen.seed, chosen.each)]
    result = score(cases, mask)
    _print(result)
    _print_speed([case.text for case in cases], "generated")
    if chosen.corpora:
        _print_corpora(chosen.show)
    for miss in (misses := result.missed_gates()):
        print(f"gate missed: {miss}", file=sys.stderr)
    return 1 if misses else 0


def _print(result: Score) -> None:
    print("| kind | form | | texts | recall |\n| --- | --- | --- | --- | --- |")
    for (kind, form, disguised), (found, all_) in result.forms.items():
        print(f"| {kind} | {form} | {'disguised' if disguised else 'plain'} | {all_} | {found / all_:.3f} |")
    print(
        "\n| kind | recall, plain | recall, disguised | precision, plain | precision, all |"
        "\n| --- | --- | --- | --- | --- |"
    )
    for kind in MARKS:
        row = [
            result.recall(kind, False),
            result.recall(kind, True),
            result.precision(kind, False),
            result.precision(kind),
        ]
        print(f"| {kind} | " + " | ".join(f"{value:.4f}" for value in row) + " |")
    print("\n| figures that must stay | texts | changed |\n| --- | --- | --- |")
    for sort, (changed, all_) in result.figures.items():
        print(f"| {sort} | {all_} | {changed} |")
    print(f"\nGates: recall plain {GATES['plain']}, disguised {GATES['disguised']}, precision {GATES['precision']}\n")


def _print_speed(given: list[str], name: str) -> None:
    begun = time.process_time()
    for text in given:
        mask(text)
    seconds = time.process_time() - begun
    length, speed = sum(map(len, given)) / len(given), len(given) / seconds
    print(f"{name}: {len(given):,} texts of {length:.0f} characters on average, {speed:,.0f} texts/s on one core")


def _print_corpora(show: int) -> None:
    folder = os.environ.get("HUIYING_SHARED_DATA")
    if not folder:
        sys.exit("HUIYING_SHARED_DATA names no folder: the research texts are not at hand")
    print("\n| texts | number | characters | " + " | ".join(MARKS) + " |\n| --- | --- | --- |" + " --- |" * len(MARKS))
    samples: dict[str, list[str]] = {kind: [] for kind in MARKS}
    for name, given in texts(Path(folder)).items():
        found: Counter[str] = Counter()
        for text in given:
            masked = mask(text)
            for kind, mark in MARKS.items():
                new = masked.count(mark) - text.count(mark)
                found[kind] += new
                if new and show:
                    samples[kind] += _around(text, masked, mark)
        rates = " | ".join(f"{found[kind] / len(given) * 100_000:.1f}" for kind in MARKS)
        print(f"| {name} | {len(given):,} | {sum(map(len, given)) / len(given):.0f} | {rates} |")
        _print_speed(given, name)
    for kind, lines in samples.items():
        for line in Random(SEED).sample(lines, min(show, len(lines))):
            print(f"{kind}: {line}")


def _around(text: str, masked: str, mark: str) -> Iterator[str]:
    """Yield what stood where a mark stands now, with some characters about it."""
    at = masked.find(mark)
    while at >= 0:
        before, after = masked[max(0, at - 12) : at], masked[at + len(mark) : at + len(mark) + 8]
        begin = text.find(before)
        end = text.find(after, begin + len(before)) if after else len(text)
        yield repr(f"{before}【{text[begin + len(before) : end]}】{after}" if begin >= 0 else f"{before}【?】{after}")
        at = masked.find(mark, at + 1)


if __name__ == "__main__":
    sys.exit(main())
