"""What the other systems make of a set; each with the setting of its grid that serves it best there."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.events_parts.scores import b_cubed
from bench.events_parts.sets import Item

_PROCESS: Final = Path(__file__).parent / "peers_process.py"
#: characters of a text that TF-IDF reads, as ours
_READ: Final = 2_000


@dataclass(frozen=True, slots=True)
class Tried:
    """A peer with one setting: its clusters, each text of noise alone, and the processor seconds that it took."""

    setting: float
    clusters: list[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Peers:
    """All peers on a set: by name what each setting gave (None: not installed), and TF-IDF's likeness of all pairs."""

    tried: dict[str, list[Tried] | None]
    tfidf: NDArray[np.float32]


def run(python: str, items: Sequence[Item], likeness: NDArray[np.float32], *, cluster: bool = True) -> Peers:
    """Run the peers; raises CalledProcessError where that Python lacks jieba or scikit-learn."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "texts": [f"{item.title} {item.text}"[:_READ] for item in items],
            "times": [item.at.timestamp() for item in items],
            "cluster": cluster,
        }
        (Path(folder) / "texts.json").write_text(json.dumps(given), encoding="utf-8")
        np.save(Path(folder) / "ours.npy", likeness)
        subprocess.run([python, str(_PROCESS), folder], check=True)
        found = json.loads((Path(folder) / "found.json").read_text(encoding="utf-8"))
        tfidf: NDArray[np.float32] = np.load(Path(folder) / "tfidf.npy")
    tried = {
        name: None if rows is None else [Tried(row["setting"], _alone(row["labels"]), row["seconds"]) for row in rows]
        for name, rows in found.items()
    }
    return Peers(tried, tfidf)


def best(items: Sequence[Item], tried: Sequence[Tried]) -> Tried:
    """Return the setting with the highest B-cubed F1 over all posts."""
    stories = [item.story for item in items]
    return max(tried, key=lambda one: b_cubed(stories, one.clusters, noise=True).f1)


def _alone(labels: Sequence[int]) -> list[str]:
    return [f"noise-{number}" if label < 0 else str(label) for number, label in enumerate(labels)]
