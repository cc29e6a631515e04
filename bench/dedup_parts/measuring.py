"""One system over one stream, in a process of its own, and how right its links are."""

from __future__ import annotations

import ctypes
import gc
import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dedup_parts.reposts import KINDS
from dedup_parts.stream import OTHER_FIGURES, Post, read, stream
from dedup_parts.systems import NotInstalled, system
from services.ingest.folding import folded

SEED = 20260301
_BATCH = 500
#: Posts whose time is one point of the growth of cost.
STRETCH = 10_000
#: Share of the shorter text's four-character shingles from which on two corpus texts do repeat each other.
REPEATS = 0.7


@dataclass(frozen=True)
class Run:
    """What one system made of a stream: links by place, seconds of processor time by stretch, bytes."""

    links: dict[int, int]
    seconds: list[float]
    elapsed: float
    memory: int
    index: int


@dataclass(frozen=True)
class Rightness:
    """Precision over all links and over those to reposts or originals, and recall by kind of repost."""

    precision: float
    links: int
    natural: int
    wrong: int
    figures_linked: float
    recall: dict[str, float]

    @property
    def mean_recall(self) -> float:
        """Mean of the kinds' recalls."""
        return sum(self.recall.values()) / len(self.recall)


def posts_of(folder: Path, count: int) -> Iterator[Post]:
    """Give the stream of `count` posts; the same each time."""
    chance = random.Random(SEED)
    return stream(read(folder, chance), count, chance)


def run_here(name: str, folder: Path, count: int) -> None:
    """Run a system in this process; prints one line of JSON."""
    try:
        take, index_bytes = system(name, count)
    except NotInstalled as missing:
        print(json.dumps({"missing": str(missing)}))
        return
    # once without the system: what the stream itself takes is then no part of the difference
    deque(posts_of(folder, count), maxlen=0)
    before = resident()
    posts = posts_of(folder, count)
    links: list[tuple[int, int]] = []
    spent: list[float] = []
    elapsed, done = 0.0, 0
    while batch := list(islice(posts, _BATCH)):
        places = range(done, done + len(batch))
        if done % STRETCH == 0:
            spent.append(0.0)
        texts = [post.text for post in batch]
        clock, began = time.perf_counter(), time.process_time()
        found = take(places, texts)
        spent[-1] += time.process_time() - began
        elapsed += time.perf_counter() - clock
        links += [(place, root) for place, root in zip(places, found, strict=True) if root is not None]
        done += len(batch)
    del posts
    print(
        json.dumps(
            {
                "links": links,
                "seconds": spent,
                "elapsed": elapsed,
                "memory": resident() - before,
                "index": index_bytes(),
            }
        )
    )


def run(name: str, folder: Path, count: int, python: str) -> Run | None:
    """Run a system in a process of its own under that Python; None where the system is not installed there."""
    command = [python, str(Path(sys.argv[0]).resolve()), "--run", name, "--posts", str(count), "--data", str(folder)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if "missing" in answer:
        return None
    return Run(dict(answer["links"]), answer["seconds"], answer["elapsed"], answer["memory"], answer["index"])


def rightness(links: dict[int, int], folder: Path, count: int) -> Rightness:
    """Judge a stream's links.

    One is right from a repost to its original or to what that was linked to; also, counted apart, between corpus texts
    of which one does hold REPEATS of the other's shingles, as some do. All others are wrong, and all from the same
    words with other figures.
    """
    right: Counter[str] = Counter()
    of_kind: Counter[str] = Counter()
    doubtful: list[int] = []
    figures = 0
    for place, post in enumerate(posts_of(folder, count)):
        of_kind[post.kind] += 1
        root = links.get(place)
        if post.original is not None and root is not None and root in (post.original, links.get(post.original)):
            right[post.kind] += 1
        elif root is not None and post.kind == OTHER_FIGURES:
            figures += 1
        elif root is not None:
            doubtful.append(place)
    natural = _natural(doubtful, links, posts_of(folder, count))
    wrong = len(doubtful) - natural + figures
    return Rightness(
        precision=(right.total() + natural) / max(right.total() + natural + wrong, 1),
        links=len(links),
        natural=natural,
        wrong=wrong,
        figures_linked=figures / max(of_kind[OTHER_FIGURES], 1),
        recall={kind: right[kind] / max(of_kind[kind], 1) for kind in KINDS},
    )


def _natural(doubtful: list[int], links: dict[int, int], posts: Iterator[Post]) -> int:
    """Return how many of the linked pairs do repeat each other."""
    wanted = {*doubtful, *(links[place] for place in doubtful)}
    text = {place: post.text for place, post in enumerate(posts) if place in wanted}
    return sum(containment(text[place], text[links[place]]) >= REPEATS for place in doubtful)


def containment(one: str, other: str) -> float:
    """Return the share of the shorter text's four-character shingles that the other holds; exactly."""
    first, second = _shingles(one), _shingles(other)
    return len(first & second) / max(min(len(first), len(second)), 1)


def _shingles(text: str) -> set[str]:
    key = folded(text)
    return {key[at : at + 4] for at in range(len(key) - 3)}


def resident() -> int:
    """Return the bytes of memory that this process holds, after what is free has been given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()
