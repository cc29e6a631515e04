"""The course of an event: the facts that criteria look at, one row of numbers for each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from contracts.words import IncidentType, Tier
from services.cases.plan.criteria import HUMAN_FACTS, PlanFact

#: Facts in the order in which a row keeps them. Rows are kept for long: append, and lengthen old rows in a migration.
FIGURES: Final = tuple(PlanFact)
POSITION: Final = {fact: i for i, fact in enumerate(FIGURES)}
#: A human fact of which nobody has said anything.
UNSAID: Final = -1
#: No tier: nothing known of the sources.
_NO_TIER: Final = 0
_TYPES: Final = tuple(IncidentType)
_TIERS: Final[dict[int, Tier | None]] = {_NO_TIER: None, **{tier.rank: tier for tier in Tier}}


def encode(facts: Mapping[PlanFact, Any]) -> str:
    """Return facts as numbers between commas, in the order of :data:`FIGURES`.

    A tier is its rank (0: none), an incident type its position, a human fact 1, 0 or -1 (nobody has said).
    """
    return ",".join(repr(_number(fact, facts[fact])) for fact in FIGURES)


def decode(row: Sequence[float]) -> dict[PlanFact, Any]:
    """Return the facts of a row, as :func:`services.cases.plan.grading.facts_of` gave them."""
    return {fact: _value(fact, number) for fact, number in zip(FIGURES, row, strict=True)}


def table(texts: Sequence[str], width: int = len(FIGURES)) -> NDArray[np.float64]:
    """Return numbers between commas as a table of `width` columns; each text holds one row or several."""
    if not texts:
        return np.empty((0, width))
    return np.fromstring(",".join(texts), dtype=np.float64, sep=",").reshape(-1, width)


def type_code(incident_type: IncidentType) -> int:
    """Return the number that stands for an incident type."""
    return _TYPES.index(incident_type)


def _number(fact: PlanFact, value: Any) -> float:
    if fact in HUMAN_FACTS:
        return UNSAID if value is None else int(value)
    if fact is PlanFact.TOP_TIER:
        return _NO_TIER if value is None else Tier(value).rank
    if fact is PlanFact.INCIDENT_TYPE:
        return type_code(IncidentType(value or IncidentType.OTHER))
    return float(value) if isinstance(value, float) else int(value or 0)


def _value(fact: PlanFact, number: float) -> Any:
    if fact in HUMAN_FACTS:
        return None if number == UNSAID else bool(number)
    if fact is PlanFact.TOP_TIER:
        return _TIERS[int(number)]
    if fact is PlanFact.INCIDENT_TYPE:
        return _TYPES[int(number)]
    return int(number) if float(number).is_integer() and fact not in _SHARES else float(number)


#: Facts that are fractions, shown with their decimals.
_SHARES: Final = frozenset({PlanFact.GROWTH, PlanFact.NEGATIVE_SHARE, PlanFact.DURATION_HOURS})
