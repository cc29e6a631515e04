"""Pu'er's counties and townships: their names, and where a text speaks of them."""

from typing import Final

from services.analysis.enrich.places.findings import place_mentions
from services.analysis.enrich.places.gazetteer import GAZETTEER
from services.analysis.enrich.places.mentions import Mention, Places, find
from services.analysis.enrich.places.names import county_of, place_of

CITY: Final = GAZETTEER.city
COUNTIES: Final = GAZETTEER.counties

__all__ = ["CITY", "COUNTIES", "Mention", "Places", "county_of", "find", "place_mentions", "place_of"]
