"""How well posts are joined to events, beside other ways, and what it costs as the stream goes on.

    python -m venv PEERS && PEERS/bin/pip install jieba scikit-learn
    PEERS/bin/pip install --no-deps bertopic && PEERS/bin/pip install umap-learn hdbscan pandas plotly tqdm pyyaml
    HUIYING_SHARED_DATA=/path/to/data python bench/events.py --peer-python PEERS/bin/python

Quality: five real events among emergencies and headlines, the same without the words by which they were found, weibos
by hashtag, citizens' messages (which should stay apart), pairs judged by people, and reposts made of the events' texts.
Ours is the tracker as it runs, on SQLite, with its default threshold; what other thresholds give stands in a table of
its own. Each peer has the setting of its grid that is best on the very set, by B-cubed F1 over all posts: TF-IDF of
jieba's words with single-pass clustering by nearest centroid (same window of 14 days), and HDBSCAN and BERTopic, which
see all posts at once, on our likeness of all pairs. On citizens' messages they have what was best on the hashtags. A
peer that is not installed is named as left out.

Cost: a stream of posts put together of the training texts' clauses, 17,000 a day, through the tracker; processor time
of one thread. `--minutes` bounds it. `--quality` and `--cost` leave the other out. Nothing of the corpora is written
anywhere but to temporary files.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import structlog
from sklearn.metrics import roc_auc_score

from bench.events_parts import ours, peers, scale, sets
from bench.events_parts.reposts import KINDS, reposts
from bench.events_parts.scores import b_cubed, joined, pair_auc
from bench.events_parts.sets import Item
from bench.sentiment_parts.tables import heading, progress, table
from services.analysis.joining import JoiningRules

_THRESHOLDS = (0.07, 0.09, 0.11, 0.13, 0.15, 0.20, 0.30)
_REPOSTS = 200
_SEED = 20260301
_SIZES = (10_000, 100_000, 300_000)
_HASHTAGS, _MESSAGES = "hashtags", "citizens' messages"


def main() -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("HUIYING_SHARED_DATA"), help=argparse.SUPPRESS)
    parser.add_argument("--peer-python", default="", help="a Python that has the peers; without it they are left out")
    parser.add_argument("--posts", type=int, default=1_000_000, help="posts of the stream")
    parser.add_argument("--minutes", type=float, default=15, help="how long the stream may take")
    parser.add_argument("--quality", action="store_true", help="quality alone")
    parser.add_argument("--cost", action="store_true", help="cost alone")
    given = parser.parse_args()
    if given.data is None:
        parser.error("set HUIYING_SHARED_DATA to the folder of public corpora")
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.ReturnLoggerFactory()
    )
    if not given.cost:
        asyncio.run(quality(Path(given.data), given.peer_python))
    if not given.quality:
        asyncio.run(cost(Path(given.data), given.posts, given.minutes * 60))


async def quality(data: Path, python: str) -> None:
    """Print how well posts are joined."""
    streams = {
        "five events": sets.five_events(data, masked=False),
        "five events, masked": sets.five_events(data, masked=True),
        _HASHTAGS: sets.hashtags(data),
        _MESSAGES: sets.messages(data),
    }
    read = {name: ours.read(items) for name, items in streams.items()}
    rows: list[list[str]] = []
    apart: list[list[str]] = []
    settings: dict[str, float] = {}
    missing: set[str] = set()
    for name, items in streams.items():
        progress(name)
        clusters = await ours.clusters(items, read[name])
        alike = ours.likeness(read[name])
        found = peers.run(python, items, alike) if python else None
        if name == _MESSAGES:
            apart.append(["ours", *_joined(clusters)])
            for peer, tried in (found.tried if found else {}).items():
                if tried is not None:
                    chosen = next(one for one in tried if one.setting == settings[peer])
                    apart.append([f"{peer} ({chosen.setting:g})", *_joined(chosen.clusters)])
            continue
        stories = [item.story for item in items]
        rows.append([f"{name}: ours", *_judged(items, clusters), f"{pair_auc(stories, alike):.3f}"])
        for peer, tried in (found.tried if found else {}).items():
            if tried is None:
                missing.add(peer)
                continue
            chosen = peers.best(items, tried)
            settings[peer] = chosen.setting  # the hashtags come last
            auc = f"{pair_auc(stories, found.tfidf):.3f}" if found and peer.startswith("TF-IDF") else ""
            rows.append([f"{name}: {peer} ({chosen.setting:g})", *_judged(items, chosen.clusters), auc])
    heading(
        "Events",
        "B-cubed over all posts (noise: each by itself) and over the posts of events; area under the ROC curve of "
        "telling pairs of one story by their likeness. In brackets the setting that served the peer best.",
    )
    three = ("P", "R", "F1")
    table(["", *(f"all {one}" for one in three), *(f"events {one}" for one in three), "pairs AUC"], rows)
    heading("Citizens' messages", "2,500 of one manner, few about the same matter: what of them is joined.")
    table(["", "joined", "largest cluster"], apart)
    for peer in sorted(missing):
        print(f"{peer}: not installed, left out.\n")
    await _thresholds(streams, read)
    await _reposts(streams["five events"], read["five events"])
    _pairs(data, python)


def _judged(items: list[Item], clusters: list[str]) -> list[str]:
    stories = [item.story for item in items]
    judged = [b_cubed(stories, clusters, noise=noise) for noise in (True, False)]
    return [f"{value:.3f}" for one in judged for value in (one.precision, one.recall, one.f1)]


def _joined(clusters: list[str]) -> list[str]:
    share, largest = joined(clusters)
    return [f"{share:.1%}", f"{largest:.1%}"]


async def _thresholds(streams: dict[str, list[Item]], read: dict[str, list[ours.Read]]) -> None:
    rows = []
    for least in _THRESHOLDS:
        progress(f"threshold {least}")
        row = [f"{least:.2f}"]
        for name, items in streams.items():
            clusters = await ours.clusters(items, read[name], least)
            if name == _MESSAGES:
                row += _joined(clusters)
            else:
                stories = [item.story for item in items]
                row += [f"{b_cubed(stories, clusters, noise=noise).f1:.3f}" for noise in (True, False)]
        rows.append(row)
    heading("Thresholds", f"Ours at other thresholds than the default, {JoiningRules().alike}: B-cubed F1.")
    head = [f"{name}, {part}" for name in streams if name != _MESSAGES for part in ("all", "events")]
    table(["likeness from", *head, "messages joined", "largest"], rows)


async def _reposts(items: list[Item], read: list[ours.Read]) -> None:
    progress("reposts")
    made = reposts(items, _REPOSTS, _SEED)
    posts = [*items, *(item for _, _, item in made)]
    order = sorted(range(len(posts)), key=lambda place: posts[place].at)
    known = [*read, *ours.read([item for _, _, item in made])]
    clusters = await ours.clusters([posts[place] for place in order], [known[place] for place in order])
    event_of = dict(zip(order, clusters, strict=True))
    right = Counter(
        kind for number, (kind, original, _) in enumerate(made) if event_of[len(items) + number] == event_of[original]
    )
    of_kind = Counter(kind for kind, _, _ in made)
    heading("Reposts", "Made of the events' texts: share that joins the event of its original.")
    table(
        ["kind", "joined", "of"], [[kind, f"{right[kind] / of_kind[kind]:.1%}", str(of_kind[kind])] for kind in KINDS]
    )


def _pairs(data: Path, python: str) -> None:
    progress("pairs")
    pairs = sets.pairs(data)
    labels = np.array([same for _, _, same in pairs])
    at = sets.BEGIN
    items = [Item("", text, at, None) for pair in pairs for text in pair[:2]]
    alike = ours.likeness(ours.read(items))
    likeness = {"ours": alike[::2, 1::2].diagonal()}
    if python:
        likeness["TF-IDF"] = peers.run(python, items, alike, cluster=False).tfidf[::2, 1::2].diagonal()
    rows = []
    for name, values in likeness.items():
        best = max(((values >= least) == labels).mean() for least in np.unique(values))
        ours_at = f"{((values >= JoiningRules().alike) == labels).mean():.3f}" if name == "ours" else ""
        rows.append([name, f"{roc_auc_score(labels, values):.3f}", f"{best:.3f}", ours_at])
    heading(
        "Pairs",
        f"{len(pairs)} pairs, {int(labels.sum())} of one topic as people judged (a topic is wider than a story).",
    )
    table(["", "AUC", "best accuracy", "accuracy at the default"], rows)


async def cost(data: Path, posts: int, seconds: float) -> None:
    """Print what joining costs."""
    course = await scale.course(data, posts, seconds)
    judged = course.judged
    heading(
        "Cost through the tracker",
        f"Processor time of one thread over the last {scale.STRETCH:,} posts; loading the index anew, once a "
        f"day of the stream, apart. The yardstick is a work that is always the same. "
        f"B-cubed F1 {judged.f1:.3f} (P {judged.precision:.3f}, R {judged.recall:.3f}).",
    )
    shown = [one for one in course.stretches if one.posts in (10_000, 20_000, 30_000) or one.posts % 50_000 == 0]
    if course.stretches[-1] not in shown:
        shown.append(course.stretches[-1])
    rows = [
        [
            f"{one.posts:,}",
            f"{one.events:,}",
            f"{one.texts:,}",
            f"{one.seconds * 1e6:.0f}",
            f"{one.wall * 1e6:.0f}",
            f"{1 / one.seconds:,.0f}",
            f"{one.yardstick * 1e3:.1f}",
            f"{one.loading:.1f}",
            f"{one.memory / 2**20:,.0f}",
            f"{one.database / 2**20:,.0f}",
        ]
        for one in shown
    ]
    head = ["posts", "events", "texts held", "µs a post", "µs by the clock", "posts/s (processor)", "yardstick, ms"]
    table([*head, "loading, s", "memory +MiB", "database MiB"], rows)
    heading("Cost of the index alone", "Processor time of one thread for a text; bytes of the process.")
    table(
        ["texts", "µs asking", "µs adding", "bytes a text"],
        [
            [f"{n:,}", f"{asked * 1e6:.0f}", f"{add * 1e6:.0f}", f"{memory:,}"]
            for n, asked, add, memory in scale.index_alone(data, _SIZES)
        ],
    )


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"the peers ended with status {error.returncode}")
