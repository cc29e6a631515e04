"""Repeated, stratified cross-validation in which a report and what was cut from it stay together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

from services.analysis.enrich.incident.features import KINDS
from training.incident.corpora import Sample

FOLDS: Final = 5
_OTHER: Final = len(KINDS) - 1
#: texts of kind `other` that the five-kind figure sets beside the reports, from each corpus
_OTHERS: Final = {"headlines": 130, "messages": 130, "weibo": 130}

#: fits on the first samples and returns the probabilities of the second, (samples, kinds)
Fit = Callable[[Sequence[Sample], Sequence[Sample]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round of cross-validation showed."""

    #: macro-F1 over the four kinds on the reports; `other` said of one is a miss
    four: float
    #: macro-F1 over five on the reports with as many texts of `other` threefold
    five: float
    #: macro-F1 over the four kinds on titles and openings of the reports, at most 140 characters
    short: float
    #: macro-F1 over five on this project's own sentences
    own: float
    #: expected calibration error over the texts that are or are taken for incidents, 10 bins, without the examples
    calibration: float
    #: texts of kind `other` taken for an incident, in a thousand, by corpus
    false_alarms: dict[str, float]


def kinds_of(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Return the numbers of the samples' kinds."""
    return np.array([KINDS.index(sample.kind) for sample in samples])


def held_out(samples: Sequence[Sample], fit: Fit, seed: int) -> NDArray[np.float64]:
    """Return each sample's probabilities by a model that has seen nothing of its group."""
    first = {sample.group: f"{sample.corpus}{sample.kind}" for sample in reversed(samples)}
    groups = sorted(first)
    found = np.zeros((len(samples), len(KINDS)))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    strata = _enough([first[group] for group in groups])
    for _, tested in folds.split(groups, strata):
        away = {groups[number] for number in tested}
        inside = np.array([sample.group in away for sample in samples])
        found[inside] = fit(
            [s for s, i in zip(samples, inside, strict=True) if not i],
            [s for s, i in zip(samples, inside, strict=True) if i],
        )
    return found


def figures(samples: Sequence[Sample], chances: NDArray[np.float64], seed: int) -> Figures:
    """Return the figures of held-out probabilities."""
    truth, said = kinds_of(samples), chances.argmax(axis=1)
    corpora = np.array([sample.corpus for sample in samples])
    reports = corpora == "cec"
    beside = reports.copy()
    alarms: dict[str, float] = {}
    random = np.random.default_rng(seed)
    for corpus, count in _OTHERS.items():
        of_other = np.flatnonzero((corpora == corpus) & (truth == _OTHER))
        beside[random.permutation(of_other)[:count]] = True
        alarms[corpus] = 1000 * float((said[of_other] != _OTHER).mean())
    openings = corpora == "openings"
    return Figures(
        four=_f1(truth[reports], said[reports], _OTHER),
        five=_f1(truth[beside], said[beside], len(KINDS)),
        short=_f1(truth[openings], said[openings], _OTHER),
        own=_f1(truth[corpora == "examples"], said[corpora == "examples"], len(KINDS)),
        calibration=_calibration(truth[telling(samples, chances)], chances[telling(samples, chances)]),
        false_alarms=alarms,
    )


def telling(samples: Sequence[Sample], chances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which texts of the corpora are incidents or are taken for one: most others are too plain to learn from."""
    own = np.array([sample.corpus == "examples" for sample in samples])
    found: NDArray[np.bool_] = ~own & ((kinds_of(samples) != _OTHER) | (chances.argmax(axis=1) != _OTHER))
    return found


def _f1(truth: NDArray[np.int64], said: NDArray[np.int64], kinds: int) -> float:
    return float(f1_score(truth, said, labels=range(kinds), average="macro"))


def _calibration(truth: NDArray[np.int64], chances: NDArray[np.float64], bins: int = 10) -> float:
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return float(
        sum(
            (places == place).mean() * abs(sure[places == place].mean() - right[places == place].mean())
            for place in set(places.tolist())
        )
    )


def _enough(strata: list[str]) -> list[str]:
    """Put strata with fewer members than folds together."""
    counts = Counter(strata)
    return [stratum if counts[stratum] >= FOLDS else "few" for stratum in strata]
