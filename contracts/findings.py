"""What is found inside a text, each finding with the characters that it rests on.

`start` and `end` count Unicode characters of the field as published (`title` or `text`), the end excluded.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """A span of a post's title or text."""

    model_config = ConfigDict(extra="ignore")

    field: Literal["title", "text"] = "text"
    start: int
    end: int
    #: the characters as written
    quote: str


class PlaceMention(Finding):
    """A place of the gazetteer that a text names: a county or district, and the township where it is one."""

    county: str
    township: str | None = None


class FactKind(StrEnum):
    """What a fact is."""

    COUNT = "count"
    MONEY = "money"
    AREA = "area"
    MAGNITUDE = "magnitude"
    SHARE = "share"
    TIME = "time"


class FactRole(StrEnum):
    """What is counted, paid, measured or dated. Others may be added; a reader leaves out those it does not know."""

    # counts of persons, households or cases
    DEATHS = "deaths"
    INJURED = "injured"
    SEVERELY_INJURED = "severely_injured"
    SLIGHTLY_INJURED = "slightly_injured"
    #: dead and injured in one figure
    CASUALTIES = "casualties"
    MISSING = "missing"
    #: dead and missing in one figure
    DEAD_OR_MISSING = "dead_or_missing"
    TRAPPED = "trapped"
    RESCUED = "rescued"
    ILL = "ill"
    HOSPITALIZED = "hospitalized"
    DISCHARGED = "discharged"
    EVACUATED = "evacuated"
    AFFECTED = "affected"
    RESETTLED = "resettled"
    RESPONDERS = "responders"
    GATHERED = "gathered"
    DETAINED = "detained"
    ACCOUNTABLE = "accountable"
    # counts of rooms, buildings or households; areas
    COLLAPSED = "collapsed"
    DAMAGED = "damaged"
    # areas
    REQUISITIONED = "requisitioned"
    BUILT = "built"
    # money
    COMPENSATION = "compensation"
    LOSS = "loss"
    INVESTMENT = "investment"
    SUBSIDY = "subsidy"
    RELIEF = "relief"
    DONATION = "donation"
    FINE = "fine"
    ARREARS = "arrears"
    INCOME = "income"
    # magnitudes
    EARTHQUAKE = "earthquake"
    AFTERSHOCK = "aftershock"
    # shares
    PAID = "paid"
    COMPLETED = "completed"
    SATISFIED = "satisfied"
    # times
    AS_OF = "as_of"
    DEADLINE = "deadline"


class Fact(Finding):
    """A figure or time that a text states.

    `low` and `high` bound the figure in its base unit, ends included. They are equal for an exact figure; one of them
    is None where the text leaves that side open (超过200户, 不足百人). 200余户 is 200 to 299, 近千人 900 to 1,000, 约
    and 左右 ten per cent to either side. A time has `at` and no bounds.
    """

    kind: FactKind
    #: one of :class:`FactRole`, None where the text does not say or the figure counts something else
    role: str | None = None
    low: float | None = None
    high: float | None = None
    #: base unit: "person", "household", "case", "room", "building", "yuan", "usd", "m2", "richter", "1" (a share);
    #: rates are "yuan/person/year", "yuan/m2" and the like, and are compared with their own unit only
    unit: str | None = None
    #: ISO 8601 as far as the text gives it: "2026", "2026-10", "2026-10-08", "2026-10-08T08:00+08:00", or "T08:00"
    #: where no date is near
    at: str | None = None
    #: no more than the text claims: "exact", "about", "at_least", "at_most"
    precision: Literal["exact", "about", "at_least", "at_most"] = "exact"
    #: the text says that this is not so (网传3人死亡不实)
    denied: bool = False
    #: a part of a figure named before (其中1人重伤): not to be compared with a whole
    part: bool = False


class ConcernKind(StrEnum):
    """What a person wants who speaks up: asks, complains, or wants something done."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    REQUEST = "request"


class Concern(Finding):
    """A sentence in which somebody asks or complains (诉求), and the theme it belongs to."""

    kind: ConcernKind
    #: key of a theme, "other" where none fits
    theme: str
    #: key of what is asked inside the theme, empty where none fits
    ask: str = ""
