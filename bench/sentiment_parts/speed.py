"""How many texts a second systems score, and what an explanation costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sentiment_parts.systems import (
    BATCH,
    PIPELINE,
    PIPELINE_BATCH,
    SNOWNLP,
    Absent,
    System,
    by_scorer,
    cascade_of,
    ours,
    pipeline,
)
from sentiment_parts.tables import heading, progress, table
from services.analysis.sentiment.explain import explain

#: the best of so many rounds counts; in each round all systems have their turn, so that a slow minute hits all alike
ROUNDS = 3
THREADS = (1, 2)
#: texts scored one by one, and texts that slow peers score either way
SINGLE = 1_000
SLOW = 500
EXPLAINED = 200

#: system, threads, texts a batch
Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Pace:
    """Texts a second of the clock, and a second of all processors together."""

    clock: float
    cpu: float

    def best(self, other: Pace) -> Pace:
        """Return the better figures of two."""
        return Pace(max(self.clock, other.clock), max(self.cpu, other.cpu))

    def over(self, other: Pace) -> str:
        """Return the ratios to another's figures as a cell."""
        return f"{self.clock / other.clock:,.1f} / {self.cpu / other.cpu:,.1f}"

    def __str__(self) -> str:
        return f"{self.clock:,.0f} / {self.cpu:,.0f}"


def pace(system: System, texts: Sequence[str], batch: int, threads: int) -> Pace:
    """Score `texts` once in batches, called from `threads` threads where the system has none of its own."""
    called_from = 1 if system.own_threads or batch == 1 else threads
    batch = min(batch, -(-len(texts) // called_from))
    batches = [list(texts[start : start + batch]) for start in range(0, len(texts), batch)]
    with ThreadPoolExecutor(called_from) as pool:
        clock, cpu = time.perf_counter(), time.process_time()
        if called_from == 1:
            for one in batches:
                system.score(one)
        else:
            list(pool.map(system.score, batches))
        return Pace(len(texts) / (time.perf_counter() - clock), len(texts) / (time.process_time() - cpu))


def _size(texts: Sequence[str]) -> str:
    return f"{len(texts):,} ({sum(map(len, texts)) / len(texts):.0f})"


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def throughput(texts: list[str], peers: Sequence[System | Absent], fp32: Path | None) -> None:
    """Print texts a second of every system and the ratios of the cascade to two peers; `texts` in random order."""
    found: dict[Key, Pace] = {}
    sizes: dict[str, tuple[str, str]] = {}
    rows: dict[str, str] = {}
    for threads in THREADS:
        both = [*ours(threads), pipeline(fp32, threads), *peers]
        rows |= {one.name: one.why if isinstance(one, Absent) else "" for one in both}
        systems = [one for one in both if isinstance(one, System)]
        for system in systems:
            system.score(texts[:5])  # the first run sets things up
        for number in range(1, ROUNDS + 1):
            progress(f"speed on {threads} thread(s), round {number} of {ROUNDS}")
            for system in systems:
                bulk, single = (texts[:SLOW], texts[:SLOW]) if system.slow else (texts, texts[:SINGLE])
                sizes[system.name] = _size(bulk), _size(single)
                for batch, some in ((BATCH, bulk), (1, single)):
                    now, key = pace(system, some, batch, threads), (system.name, threads, batch)
                    found[key] = found[key].best(now) if key in found else now
                    progress(f"  {system.name}, {'bulk' if batch > 1 else 'one by one'}: {now}")
    heading(
        "Texts a second",
        f"Texts a second of the clock / a second of all processors together, the best of {ROUNDS} rounds, from raw "
        f"texts to probabilities, nothing remembered. In bulk: batches of {BATCH} ({PIPELINE_BATCH} inside the "
        "pipeline of transformers). One by one: one caller, so that only what a system does inside can use a second "
        "thread. Cascade, encoder and the pipeline spread a batch over their own threads; the others are called from "
        "so many threads.",
    )
    ways = [(threads, batch) for threads in THREADS for batch in (BATCH, 1)]
    lines = []
    for name, why in rows.items():
        cells = [why] if why else [str(found[name, *way]) for way in ways]
        lines.append([name, *cells, *[""] * (len(ways) - len(cells)), *sizes.get(name, ("", ""))])
    names = [f"{_threads(threads)}, {'one by one' if batch == 1 else 'bulk'}" for threads, batch in ways]
    table(["", *names, "texts in bulk (mean characters)", "one by one"], lines)
    lines = []
    for peer in (PIPELINE, SNOWNLP):
        cells = [rows[peer]]
        if not rows[peer]:
            # in bulk a peer may take the texts as it is quicker: the pipeline pads a batch to its longest text
            best = [found[peer, *way].best(found[peer, way[0], 1]) for way in ways]
            cells = [found["cascade", *way].over(peer_pace) for way, peer_pace in zip(ways, best, strict=True)]
        lines.append([f"cascade / {peer}", *cells, *[""] * (len(ways) - len(cells))])
    heading(
        "How many times as fast",
        "By the clock / by processor seconds. In bulk: against the peer in bulk or one by one, whichever is quicker.",
    )
    table(["", *names], lines)


def explanations(texts: list[str]) -> None:
    """Print what an explanation costs beside a plain score, one by one on one thread."""
    texts = texts[:EXPLAINED]
    cascade = cascade_of(1)
    plain = by_scorer("cascade", cascade, own_threads=True)
    ways: dict[str, Callable[[str], object]] = {
        "plain": lambda text: plain.score([text]),
        "explained": lambda text: explain(cascade, text),
    }
    best = dict.fromkeys(ways, float("inf"))
    plain.score(texts[:1])
    for _ in range(ROUNDS):
        for name, call in ways.items():
            began = time.perf_counter()
            for text in texts:
                call(text)
            best[name] = min(best[name], time.perf_counter() - began)
    heading(
        "What an explanation costs", f"The cascade, one by one on one thread, {_size(texts)} texts (mean characters)."
    )
    each = [f"{1000 * seconds / len(texts):.2f} ms" for seconds in best.values()]
    table(["plain score", "explained", "ratio"], [[*each, f"{best['explained'] / best['plain']:.1f}"]])
