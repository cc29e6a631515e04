"""How well clusters agree with labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

#: pairs of a set beyond this are sampled for the area under the curve
_PAIRS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class BCubed:
    """B-cubed precision, recall and their harmonic mean (Bagga and Baldwin, ACL 1998)."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean."""
        whole = self.precision + self.recall
        return 2 * self.precision * self.recall / whole if whole else 0.0


def b_cubed(stories: Sequence[str | None], clusters: Sequence[Hashable], *, noise: bool) -> BCubed:
    """Judge `clusters`; a post whose story is None is a story by itself.

    Without `noise` the mean is over the posts that have a story; noise in their clusters still counts against them.
    """
    labels: list[Hashable] = [number if story is None else story for number, story in enumerate(stories)]
    of_label, of_cluster = Counter(labels), Counter(clusters)
    both = Counter(zip(labels, clusters, strict=True))
    judged = [number for number, story in enumerate(stories) if noise or story is not None]
    shared = np.array([both[labels[n], clusters[n]] for n in judged], float)
    precision = shared / np.array([of_cluster[clusters[n]] for n in judged])
    recall = shared / np.array([of_label[labels[n]] for n in judged])
    return BCubed(float(precision.mean()), float(recall.mean()))


def pair_auc(stories: Sequence[str | None], likeness: NDArray[np.float32]) -> float:
    """Return the area under the ROC curve of telling pairs of one story from the others by their likeness."""
    labels = np.array(
        [-1 - number if story is None else hash(story) & 0x7FFFFFFF for number, story in enumerate(stories)]
    )
    first, second = np.triu_indices(len(labels), 1)
    if len(first) > _PAIRS:
        chosen = np.random.default_rng(1).choice(len(first), _PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    return float(roc_auc_score(labels[first] == labels[second], likeness[first, second]))


def joined(clusters: Sequence[Hashable]) -> tuple[float, float]:
    """Return the share of posts that are not alone in their cluster, and the share that the largest cluster has."""
    sizes = Counter(clusters)
    alone = sum(size == 1 for size in sizes.values())
    return 1 - alone / len(clusters), max(sizes.values()) / len(clusters)
