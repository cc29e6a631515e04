"""Near-duplicate detection in a stream of posts: rightness, speed, memory and growth of cost, beside datasketch.

    python -m venv PEERS && PEERS/bin/pip install datasketch opencc
    HUIYING_SHARED_DATA=/path/to/data python bench/dedup.py --peer-python PEERS/bin/python

Streams of 10,000, 100,000 and 1,000,000 posts: first the corpora's own texts of 30 characters or more, then, where
those are used up, texts of 6 to 16 clauses, each drawn from another text, so that unrelated posts share a clause now
and then but never most of their words. 15 % are reposts of one of the last 5,000 originals, changed in one of seven
ways; some are the same words with other figures, which must not be linked. Each system takes the same stream in batches
of 500 in a process of its own. Prints Markdown tables. `--posts 10000` is a quick look; the whole takes about half an
hour on two cores, most of it the peer's. Nothing of the corpora is written anywhere.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dedup_parts.measuring import STRETCH, Run, rightness, run, run_here
from dedup_parts.reposts import KINDS

_SIZES = (10_000, 100_000, 1_000_000)
_PEERS = ("datasketch:0.5", "datasketch:0.7")


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=_SIZES[-1], help="the largest stream")
    parser.add_argument("--peer-posts", type=int, default=_SIZES[1], help="the largest stream that the peer is given")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has datasketch and opencc")
    parser.add_argument("--data", type=Path, default=os.environ.get("HUIYING_SHARED_DATA"), help=argparse.SUPPRESS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.data is None:
        parser.error("set HUIYING_SHARED_DATA to the folder of public corpora")
    if given.run:
        run_here(given.run, given.data, given.posts)
        return
    streams(given)
    articles(given.data)


def streams(given: argparse.Namespace) -> None:
    """Run the systems over streams of growing size."""
    from sentiment_parts.tables import heading, progress, table

    sizes = [size for size in _SIZES if size < given.posts] + [given.posts]
    right, speed, missing = [], [], set[str]()
    for size in sizes:
        for name in ("ours", *_PEERS):
            if name != "ours" and size > given.peer_posts:
                continue
            progress(f"{name}, {size} posts")
            one = run(name, given.data, size, sys.executable if name == "ours" else given.peer_python)
            if one is None:
                missing.add(name.partition(":")[0])
                continue
            judged = rightness(one.links, given.data, size)
            right.append(
                [
                    f"{name}, {size:,}",
                    f"{judged.precision:.4f}",
                    f"{judged.mean_recall:.4f}",
                    *(f"{judged.recall[kind]:.3f}" for kind in KINDS),
                    f"{judged.figures_linked:.1%}",
                    f"{judged.links:,}",
                    f"{judged.natural:,}",
                    f"{judged.wrong:,}",
                ]
            )
            speed.append(_speed(name, size, one))
    heading("Rightness", "Share of links that are right; share of reposts that are linked to their original, by kind.")
    head = ["system, posts", "precision", "mean recall", *KINDS, "other figures linked", "links", "natural", "wrong"]
    table(head, right)
    heading(
        "Cost",
        f"Processor time for a post over the whole stream, its first and its last {STRETCH:,}; bytes of the process.",
    )
    table(["system, posts", "posts/s", "µs", "first", "last", "B a post (process)", "B a post (index)"], speed)
    for name in sorted(missing):
        print(f"{name} is not installed in {given.peer_python} and was left out.\n")


def _speed(name: str, size: int, one: Run) -> list[str]:
    stretch = min(size, STRETCH)
    return [
        f"{name}, {size:,}",
        f"{size / sum(one.seconds):,.0f}",
        f"{sum(one.seconds) / size * 1e6:.0f}",
        f"{one.seconds[0] / stretch * 1e6:.0f}",
        f"{one.seconds[-1] / (size % STRETCH or stretch) * 1e6:.0f}",
        f"{one.memory / size:,.0f}",
        f"{one.index / size:,.0f}" if one.index else "",
    ]


def articles(data: Path) -> None:
    """Judge real articles, with our system."""
    from dedup_parts.articles import SAME_BODY, one_event, reprints
    from dedup_parts.systems import ours
    from sentiment_parts.tables import heading, table

    pairs = reprints(data, lambda: ours(2)[0])
    count, links, wrong = one_event(data, lambda: ours(2)[0])
    heading(
        "Articles",
        f"Pairs by title label, and those of them whose bodies share at least {SAME_BODY:.0%} of the shorter's "
        "shingles (under the others' titles stand other texts); then all reports of five events in one stream.",
    )
    rows = [
        ["reprints by their label, found", *map(str, pairs.labelled)],
        ["reprints whose bodies agree, found", *map(str, pairs.agreeing)],
        ["other articles about the same event, linked", *map(str, pairs.others)],
        ["links among all reports, bodies that do not agree", str(wrong), f"{links} links, {count} reports"],
    ]
    table(["", "count", "of"], rows)


if __name__ == "__main__":
    main()
