"""Pu'er's counties and townships: their names, and where a text speaks of them."""

from typing import Final

from language.places.findings import place_mentions
from language.places.gazetteer import GAZETTEER
from language.places.mentions import Mention, Places, find
from language.places.names import county_of, place_of

CITY: Final = GAZETTEER.city
COUNTIES: Final = GAZETTEER.counties

__all__ = ["CITY", "COUNTIES", "Mention", "Places", "county_of", "find", "place_mentions", "place_of"]
