"""The names of Pu'er's counties and townships, and how far each may be trusted. Read from gazetteer.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from importlib import resources
from itertools import chain
from typing import Any, Final

import yaml

#: A county or district, and the township where it is one.
Place = tuple[str, str | None]


class Trust(Enum):
    """How far a name may be taken for its place."""

    #: wherever it stands
    SURE = auto()
    #: a county's short name that needs a sign that the text is about Pu'er
    SHARED_COUNTY = auto()
    #: a township's name that needs its county near
    SHARED_TOWNSHIP = auto()
    #: what remains of a township's name without 镇 or 乡: behind its county only
    BARE = auto()
    CITY = auto()
    CITY_SHORT = auto()
    #: no place of ours, but telling
    SIGN = auto()
    ELSEWHERE = auto()
    DECOY = auto()


@dataclass(frozen=True, slots=True)
class Name:
    """A name, how far it may be trusted, and the places that it may stand for."""

    trust: Trust
    places: tuple[Place, ...] = ()


@dataclass(slots=True)
class Gazetteer:
    """All names, by how they are written."""

    city: str
    counties: tuple[str, ...]
    names: dict[str, Name] = field(default_factory=dict)
    #: full and short names of counties
    county_names: dict[str, str] = field(default_factory=dict)
    signs: frozenset[str] = frozenset()
    other_jiangcheng: frozenset[str] = frozenset()

    def add(self, written: str, trust: Trust, *places: Place) -> None:
        """Add a name; one that two places have stands for either, as far as the less trusted of them."""
        before = self.names.get(written)
        if before is None:
            self.names[written] = Name(trust, places)
        elif before.places and places:
            weaker = max(before.trust, trust, key=lambda each: each.value)
            self.names[written] = Name(weaker, tuple(dict.fromkeys((*before.places, *places))))

    def townships(self, county: str) -> tuple[str, ...]:
        """Return the official names of a county's townships."""
        places = dict.fromkeys(place for name in self.names.values() for place in name.places)
        return tuple(township for owner, township in places if owner == county and township)


def load() -> Gazetteer:
    """Read the gazetteer that comes with the package."""
    written = resources.files(__package__).joinpath("gazetteer.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(written)
    gazetteer = Gazetteer(
        city=raw["city"]["short"],
        counties=tuple(raw["counties"]),
        signs=frozenset(raw["signs"].split()),
        other_jiangcheng=frozenset(raw["other_江城"].split()),
    )
    for county, entry in raw["counties"].items():
        _add_county(gazetteer, county, entry)
    for landmark, places in raw["landmarks"].items():
        gazetteer.add(landmark, Trust.SURE, *(_place(place) for place in places))
    for name in raw["city"]["names"]:
        gazetteer.add(name, Trust.CITY)
    gazetteer.add(raw["city"]["short"], Trust.CITY_SHORT)
    for trust, words in ((Trust.DECOY, "decoys"), (Trust.SIGN, "signs"), (Trust.ELSEWHERE, "elsewhere")):
        for word in raw[words].split():
            gazetteer.add(word, trust)
    for word in gazetteer.other_jiangcheng:
        gazetteer.add(word, Trust.ELSEWHERE)
    return gazetteer


def _place(written: str) -> Place:
    county, _, township = written.partition("/")
    return county, township or None


def _add_county(gazetteer: Gazetteer, county: str, entry: dict[str, Any]) -> None:
    for name in (*entry["names"], entry["short"]):
        gazetteer.county_names[name] = county
    for name in entry["names"]:
        gazetteer.add(name, Trust.SURE, (county, None))
    shared = entry.get("short_is") == "shared"
    gazetteer.add(entry["short"], Trust.SHARED_COUNTY if shared else Trust.SURE, (county, None))
    known, near = entry["townships"], entry.get("shared", [])
    for township in (*known, *near):
        trust = Trust.SHARED_TOWNSHIP if township in near else Trust.SURE
        place = (county, township)
        also = entry.get("also", {}).get(township, [])
        for name in (township, *also):
            gazetteer.add(name, trust, place)
        for name in entry.get("also_shared", {}).get(township, []):
            gazetteer.add(name, Trust.SHARED_TOWNSHIP, place)
        for name in chain((township,), also):
            _add_forms(gazetteer, name, trust, place, entry)


def _add_forms(gazetteer: Gazetteer, name: str, trust: Trust, place: Place, entry: dict[str, Any]) -> None:
    """Add the former form of a township's name and what remains of it without 镇 or 乡."""
    stem, kind = name[:-1], name[-1]
    if "族" in stem:
        return
    former = stem + ("乡" if kind == "镇" else "镇")
    if former not in gazetteer.names:
        gazetteer.add(former, trust, place)
    if len(stem) < 2 or stem in entry.get("never", ()) or stem == entry["short"]:
        return
    gazetteer.add(stem, Trust.SURE if stem in entry.get("bare", ()) else Trust.BARE, place)


GAZETTEER: Final = load()
