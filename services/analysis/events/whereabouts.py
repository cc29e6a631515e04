"""Where a text says that something happened, as far as it takes to tell two places apart: one number, a bit a place."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from language import places
from language.places import COUNTIES
from language.places.provinces import PROVINCES, provinces_of

_PROVINCES: Final = (1 << len(PROVINCES)) - 1


#: characters of a text that are looked at
READ: Final = 600


def where_of(text: str) -> int:
    """Return the provinces that the beginning of a text names, and the counties of Pu'er."""
    text = text[:READ]
    found = places.find(text).counties
    counties = sum(1 << COUNTIES.index(county) for county in found)
    return provinces_of(text) | counties << len(PROVINCES)


def apart(one: NDArray[np.int64] | np.int64, other: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which pairs of texts name provinces and none in common, and which name counties and none in common."""
    both = one & other
    provinces: NDArray[np.bool_] = (one & _PROVINCES != 0) & (other & _PROVINCES != 0) & (both & _PROVINCES == 0)
    counties: NDArray[np.bool_] = (one > _PROVINCES) & (other > _PROVINCES) & (both <= _PROVINCES)
    return provinces, counties
