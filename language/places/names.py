"""Which place a name stands for that a person gives, as in a filter."""

from __future__ import annotations

from language.places.gazetteer import GAZETTEER, Place


def county_of(name: str) -> str | None:
    """Return the county or district that a full or short name of one stands for, or None."""
    return GAZETTEER.county_names.get(name)


def place_of(name: str) -> Place | None:
    """Return the county, and the township where it is one, that a name stands for.

    A name that two places have (龙潭乡, 糯扎渡) is None by itself; with its county before it, it is not (墨江龙潭乡,
    思茅区龙潭乡). The name must be whole.
    """
    entry = GAZETTEER.names.get(name)
    if entry is not None:
        return entry.places[0] if len(entry.places) == 1 else None
    for cut in range(len(name) - 1, 1, -1):
        county, rest = county_of(name[:cut]), GAZETTEER.names.get(name[cut:])
        if county is not None and rest is not None:
            fitting = [place for place in rest.places if place[0] == county and place[1] is not None]
            return fitting[0] if len(fitting) == 1 else None
    return None
