"""Real articles: pairs that are reprints or not, and all reports of a few events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dedup_parts.measuring import containment
from dedup_parts.systems import Take

#: Share of the shorter body's shingles from which on bodies are a reprint; below, other texts stand under the title.
SAME_BODY = 0.5


@dataclass(frozen=True)
class Pairs:
    """How often pairs were found: of those labelled reprints, of those whose bodies agree, and of other articles."""

    labelled: tuple[int, int]
    agreeing: tuple[int, int]
    others: tuple[int, int]


def reprints(folder: Path, make: Callable[[], Take]) -> Pairs:
    """Let a fresh system judge each pair by the bodies alone."""
    counts = {"reprint": [0, 0], "agreeing": [0, 0], "other": [0, 0]}
    with gzip.open(folder / "dedup/reprints.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            bodies = [row["a"]["body"], row["b"]["body"]]
            found = make()([0, 1], bodies)[1] is not None
            kinds = ["reprint" if row["label"] == "reprint" else "other"]
            if kinds == ["reprint"] and containment(*bodies) >= SAME_BODY:
                kinds.append("agreeing")
            for kind in kinds:
                counts[kind][0] += found
                counts[kind][1] += 1
    return Pairs(*((found, of) for found, of in counts.values()))


def one_event(folder: Path, make: Callable[[], Take]) -> tuple[int, int, int]:
    """Return articles about five events, links among them, and how many of the linked bodies do not agree."""
    with gzip.open(folder / "events/eventmonitor.jsonl.gz", "rt", encoding="utf-8") as file:
        bodies = [json.loads(line)["body"] for line in file]
    links = [(at, root) for at, root in enumerate(make()(range(len(bodies)), bodies)) if root is not None]
    return len(bodies), len(links), sum(containment(bodies[at], bodies[root]) < SAME_BODY for at, root in links)
