"""Places as queries and topics name them: the city, its counties and districts, and townships with their county."""

from __future__ import annotations

from typing import Final

from language import places
from language.places import CITY, Mention, Places

CITY_NAME: Final = f"{CITY}市"
_NOWHERE: Final[frozenset[str]] = frozenset()


def place_named(name: str) -> str | None:
    """Return a place by its full or short name: 普洱市, 墨江县, or a township as 墨江县联珠镇.

    None where the gazetteer has no such name, or where two townships have it and the county is not given.
    """
    if name in (CITY, CITY_NAME):
        return CITY_NAME
    county = places.county_of(name)
    if county is not None:
        return county
    place = places.place_of(name)
    return f"{place[0]}{place[1] or ''}" if place is not None else None


def event_place(name: str) -> str:
    """Return a place as events are found by it: the city, a county, a township with its county; or the name itself."""
    return place_named(name) or name


def spoken_of(found: Places) -> frozenset[str]:
    """Return the places that a text speaks of; who speaks of a county or township speaks of the city too."""
    if not found.counties:
        return frozenset((CITY_NAME,)) if found.city else _NOWHERE
    return frozenset((CITY_NAME, *found.counties, *(mentioned(mention) for mention in found.mentions)))


def mentioned(mention: Mention) -> str:
    """Return the place that is named at one spot of a text."""
    return f"{mention.county}{mention.township or ''}"
