"""The grading part of a plan: facts, hard triggers that set a floor, counts that may raise by one level."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import ConfigDict, Field, model_validator

from contracts.words import IncidentType, Level, Tier
from services.cases.plan.figures import ONE_ORIGIN, Limit, Sourced, Strict


class PlanFact(StrEnum):
    """What a criterion may look at. The last five are known only to people."""

    POSTS_TOTAL = "posts_total"
    POSTS_1H = "posts_1h"
    POSTS_24H = "posts_24h"
    GROWTH = "growth"
    NEGATIVE_SHARE = "negative_share"
    READS = "reads"
    INTERACTIONS = "interactions"
    VOICES = "voices"
    SOURCES = "sources"
    DURATION_HOURS = "duration_hours"
    TOP_TIER = "top_tier"
    INCIDENT_TYPE = "incident_type"
    DOUBTFUL = "doubtful"
    DEATHS_OR_INJURIES = "deaths_or_injuries"
    MASS_INCIDENT = "mass_incident"
    PROVINCIAL_HOT_LIST = "provincial_hot_list"
    NATIONAL_HOT_LIST = "national_hot_list"


HUMAN_FACTS: Final = frozenset(
    {
        PlanFact.DOUBTFUL,
        PlanFact.DEATHS_OR_INJURIES,
        PlanFact.MASS_INCIDENT,
        PlanFact.PROVINCIAL_HOT_LIST,
        PlanFact.NATIONAL_HOT_LIST,
    }
)
NUMERIC_FACTS: Final = frozenset(PlanFact) - HUMAN_FACTS - {PlanFact.TOP_TIER, PlanFact.INCIDENT_TYPE}


class Threshold(Sourced):
    """A bound that a number reaches (`at_least`) or exceeds (`above`): exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"allOf": [ONE_ORIGIN, {"oneOf": [{"required": ["at_least"]}, {"required": ["above"]}]}]}
    )

    at_least: float | None = None
    """Holds from this number on."""
    above: float | None = None
    """Holds for more than this number."""

    @model_validator(mode="after")
    def _one_bound(self) -> Threshold:
        if (self.at_least is None) == (self.above is None):
            raise ValueError("at_least 与 above 须二选一 / give exactly one of `at_least` and `above`")
        return self

    @property
    def bound(self) -> tuple[float, bool]:
        """Return the figure and whether it must be exceeded; of two bounds the larger tuple is the stricter."""
        return (self.at_least, False) if self.at_least is not None else (self.above or 0.0, True)

    def holds(self, number: float) -> bool:
        """Tell whether `number` reaches the bound."""
        figure, exceeded = self.bound
        return number > figure if exceeded else number >= figure

    def show(self) -> str:
        """Return the bound as `≥ 1000` or `> 24`."""
        figure, exceeded = self.bound
        return f"{'>' if exceeded else '≥'} {figure:.10g}"


class Trigger(Sourced):
    """A hard trigger: where it holds, the level is at least `level`.

    Above the lowest level it counts only for an event that some trigger of the lowest level holds for (a negative or
    doubtful story), unless `alone` says that it needs no such company.
    """

    key: str = Field(min_length=1, max_length=60)
    """The criterion's name in reasons and in `plan diff`; keep it when the figure changes."""
    label: str
    """What officers read."""
    level: Level
    """The level that is reached at least."""
    fact: PlanFact
    at_least: float | None = None
    """For a number: holds from it on."""
    above: float | None = None
    """For a number: holds for more than it."""
    tier_at_least: Tier | None = None
    """For `top_tier`: a source of this standing or a higher one."""
    one_of: tuple[IncidentType, ...] | None = None
    """For `incident_type`: any of these."""
    is_true: bool | None = None
    """For what only people know: `true`."""
    alone: bool = False
    """Counts without any negative or doubtful story beside it."""
    clause: str | None = None

    @model_validator(mode="after")
    def _fits_fact(self) -> Trigger:
        operators = {
            "at_least": self.at_least,
            "above": self.above,
            "tier_at_least": self.tier_at_least,
            "one_of": self.one_of,
            "is_true": self.is_true,
        }
        given = [name for name, value in operators.items() if value is not None]
        if self.fact in HUMAN_FACTS:
            wanted = {"is_true"}
        elif self.fact is PlanFact.TOP_TIER:
            wanted = {"tier_at_least"}
        elif self.fact is PlanFact.INCIDENT_TYPE:
            wanted = {"one_of"}
        else:
            wanted = {"at_least", "above"}
        if len(given) != 1 or given[0] not in wanted:
            names = " / ".join(sorted(wanted))
            raise ValueError(f"{self.fact} 须且只须用 {names} 之一 / {self.fact} takes exactly one of {names}")
        if self.is_true is False:
            raise ValueError("is_true 只能为 true / `is_true` can only be true")
        return self

    @property
    def threshold(self) -> Any:
        """Return what the fact is held against, ready for JSON."""
        if self.one_of is not None:
            return [str(item) for item in self.one_of]
        if self.tier_at_least is not None:
            return str(self.tier_at_least)
        if self.is_true is not None:
            return True
        return f"≥ {self.at_least:.10g}" if self.at_least is not None else f"> {self.above:.10g}"

    def holds(self, observed: Any) -> bool:
        """Tell whether an observed value (None: nothing known) meets the trigger."""
        if observed is None:
            return False
        if self.is_true is not None:
            return observed is True
        if self.tier_at_least is not None:
            return Tier(observed).rank >= self.tier_at_least.rank
        if self.one_of is not None:
            return observed in self.one_of
        return float(observed) >= self.at_least if self.at_least is not None else float(observed) > (self.above or 0.0)


class Provision(Threshold):
    """A number that must be reached before a count is looked at, so that a ratio of few posts raises nothing."""

    fact: PlanFact


class Count(Strict):
    """A figure that may raise the level by one above the floor; thresholds by level."""

    key: str = Field(min_length=1, max_length=60)
    label: str
    fact: PlanFact
    """A number."""
    levels: dict[Level, Threshold] = Field(min_length=1)
    """The threshold of each level, rising with its gravity."""
    provided: Provision | None = None
    """Looked at only where this number is reached."""

    @model_validator(mode="after")
    def _numbers_only(self) -> Count:
        for fact in [self.fact, *([self.provided.fact] if self.provided else [])]:
            if fact not in NUMERIC_FACTS:
                raise ValueError(f"{fact} 不是数量 / {fact} is not a number")
        return self


#: Where a plan says nothing of `hold` and `ask_again`.
HOLD: Final = Limit(within=timedelta(hours=2), default="project")
ASK_AGAIN: Final = Limit(within=timedelta(hours=72), default="project")


class Grading(Strict):
    """How an event is graded. An event that matches none of `topics` is not graded at all."""

    topics: tuple[str, ...] = Field(min_length=1)
    """Keys of `scope.topics`."""
    triggers: tuple[Trigger, ...] = Field(min_length=1)
    """Hard triggers: the gravest that holds sets the floor."""
    counts: tuple[Count, ...] = ()
    """Figures that raise by at most one level above the floor."""
    hold: Limit = HOLD
    """How long a level's reasons must have ceased to hold before a lower one is suggested; it is never taken."""
    ask_again: Limit = ASK_AGAIN
    """After what time a level that a person refused may be suggested again, though no new criterion was met."""
