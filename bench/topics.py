"""Matching of topics: posts a second on one core, beside looking for every word with `in` and one `re` alternation.

    HUIYING_SHARED_DATA=/path/to/data python bench/topics.py [--topics 2000] [--words 20000] [--posts 0] [--sample 1000]

Makes topics out of the training texts' own words, as frequent as they are there, in groups that keep company, so that
queries with AND, OR, NOT, phrases, near and title: are met by real texts. Ours folds title and text and matches every
post (`--posts` bounds them); the plain ways take a random sample of the same posts, for they would need hours. All
three must find the same; otherwise the status is 1. Time is processor time of one thread; ours is the median of three
runs. The last line of the table is folding alone, which all three need and which is in their time.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from random import Random

from bench.topics_parts.corpus import posts, rules, texts, vocabulary
from bench.topics_parts.plain import ByAlternation, BySubstring
from language.places import Places
from services.analysis.enrich.folding import fold
from services.analysis.enrich.topics import TopicMatcher

SEED = 20260301
_RUNS = 3
_NOWHERE = Places()

Post = tuple[str, str]
Match = Callable[[str, str], list[str]]


def main() -> int:
    """Measure and print a Markdown table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, default=2_000)
    parser.add_argument("--words", type=int, default=20_000, help="different words in all topics together")
    parser.add_argument("--posts", type=int, default=0, help="posts for ours, 0: all")
    parser.add_argument("--sample", type=int, default=1_000, help="posts for the plain ways")
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    random = Random(chosen.seed)
    given = texts()
    words, frequency = vocabulary(given, chosen.words, random)
    made = rules(given, words, chosen.topics, random)
    stream = posts(given)
    random.shuffle(stream)
    stream = stream[: chosen.posts or None]
    sample = stream[: chosen.sample]
    print(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.machine()}, seed {chosen.seed}\n"
    )
    length, held = sum(len(title) + len(text) for title, text in stream) / len(stream), sum(frequency.values())
    print(f"{len(stream):,} posts of {length:.0f} characters on average")
    print(f"{len(made):,} topics, {len(words):,} words, of which a post holds {held / len(given):.1f}\n")
    began = time.process_time()
    matcher = TopicMatcher(made)
    if matcher.problems:
        sys.exit(f"{len(matcher.problems)} queries cannot be read: {next(iter(matcher.problems.values()))}")
    print(f"compiled in {time.process_time() - began:.2f} s\n")

    def ours(title: str, text: str) -> list[str]:
        return matcher.match(title, text, _NOWHERE)

    plain: dict[str, Match] = {
        "every word with `in`": BySubstring(made).match,
        "one alternation with `re`": ByAlternation(made).match,
    }
    seconds, found = _median(lambda: _timed(ours, stream))
    speed = len(stream) / seconds
    print("| way | posts | posts/s a core | ours is | topics found |\n| --- | --- | --- | --- | --- |")
    print(f"| ours | {len(stream):,} | {speed:,.0f} | 1 | {sum(map(len, found)):,} |", flush=True)
    differing = 0
    for name, match in plain.items():
        seconds, theirs = _timed(match, sample)
        slower = len(sample) / seconds
        differing += sum(one != other for one, other in zip(found, theirs, strict=False))
        row = (name, f"{len(sample):,}", f"{slower:,.0f}", f"{speed / slower:,.0f} ×", f"{sum(map(len, theirs)):,}")
        print("| " + " | ".join(row) + " |", flush=True)
    seconds, _ = _median(lambda: _timed(lambda _title, _text: [], stream))
    print(f"| folding alone | {len(stream):,} | {len(stream) / seconds:,.0f} | | |\n")
    print(f"posts of the sample on which a plain way differs from ours: {differing}")
    return 1 if differing else 0


def _timed(match: Match, stream: Sequence[Post]) -> tuple[float, list[list[str]]]:
    """Return processor seconds of folding and matching, and the topics of every post."""
    gc.collect()
    began = time.process_time()
    found = [match(fold(title), fold(text)) for title, text in stream]
    return time.process_time() - began, found


def _median(run: Callable[[], tuple[float, list[list[str]]]]) -> tuple[float, list[list[str]]]:
    results = [run() for _ in range(_RUNS)]
    return statistics.median(seconds for seconds, _ in results), results[0][1]


if __name__ == "__main__":
    sys.exit(main())
