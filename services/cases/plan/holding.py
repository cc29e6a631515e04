"""What keeps suggestions steady: they only rise, a person's refusal is remembered, a lower level is told of late.

The same functions decide in the running system and when a plan is replayed on stored courses. Levels are ranks (1: IV
… 4: I; 0: none), instants are seconds since 1970 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from services.cases.plan.criteria import Grading
from services.cases.plan.grading import Grade


@dataclass(frozen=True, slots=True)
class Rules:
    """The plan's two times, in seconds: `grading.hold` and `grading.ask_again`."""

    hold: float
    ask_again: float

    @classmethod
    def of(cls, grading: Grading) -> Rules:
        """Read them from a plan."""
        return cls(grading.hold.within.total_seconds(), grading.ask_again.within.total_seconds())


@dataclass(frozen=True, slots=True)
class Seen:
    """A grade as far as it matters here: its rank, and the rank of each criterion that was met, by key."""

    rank: int
    met: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, graded: Grade) -> Seen:
        """Read it from a grade."""
        met = {reason.criterion: reason.level.rank for reason in graded.met}
        return cls(graded.level.rank if graded.level else 0, met)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of an event's level.

    `refused`: the ranks that the person did not want, lowest and highest (a dismissed alert, a rejected proposal, a
    case that was not taken up, the levels above the one that a case was lowered to or ended its response at).
    `settled`: the rank that a case was given. `own`: the person's own motion, not an answer to a suggestion.
    `ends_case`: the case was not taken up, so that the event has none. `for_good`: a lowering or the end of the
    response, after which only what is new is suggested, however much time has passed.
    """

    id: str
    at: float
    by: str
    refused: tuple[int, int] | None = None
    settled: int | None = None
    own: bool = False
    ends_case: bool = False
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rank that a person refused, and the criteria that were met then. `told`: the case says that it is held back.

    `for_good`: the plan's time of `ask_again` does not bring it up again, only what is new does.
    """

    at: float
    by: str
    met: frozenset[str]
    told: bool = False
    for_good: bool = False

    def asks_again(self, at: float, rules: Rules) -> bool:
        """Tell whether the plan's time to ask again has passed."""
        return not self.for_good and at >= self.at + rules.ask_again


@dataclass(frozen=True, slots=True)
class Low:
    """Since when an event's grade lies below the level that stands, the highest it was since, what was told of it."""

    standing: int
    since: float | None = None
    rank: int = 0
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What is remembered of an event between two looks at it."""

    #: by rank
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    #: when each criterion was last met
    last_met: Mapping[str, float] = field(default_factory=dict)
    #: when the event was last looked at; None where that was not kept
    looked: float | None = None
    #: ids of decisions that have been taken into account
    heeded: frozenset[str] = frozenset()
    low: Low = Low(0)

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        low = self.low
        return {
            "refusals": {
                str(rank): {
                    "at": refusal.at,
                    "by": refusal.by,
                    "met": sorted(refusal.met),
                    "told": refusal.told,
                    "for_good": refusal.for_good,
                }
                for rank, refusal in self.refusals.items()
            },
            "last_met": dict(self.last_met),
            "looked": self.looked,
            "heeded": sorted(self.heeded),
            "low": {"standing": low.standing, "since": low.since, "rank": low.rank, "told": low.told},
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Holding:
        """Read what :meth:`as_json` wrote."""
        refusals = {
            int(rank): Refusal(
                item["at"], item["by"], frozenset(item["met"]), item["told"], item.get("for_good", False)
            )
            for rank, item in data["refusals"].items()
        }
        return cls(refusals, data["last_met"], data.get("looked"), frozenset(data["heeded"]), Low(**data["low"]))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A level worth suggesting now.

    `new`: the criteria that were not met when a person refused the level; empty where it was never refused. `refused`:
    that refusal, also where only the time has come to ask again.
    """

    rank: int
    new: tuple[str, ...] = ()
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Easing:
    """The reasons for the level that stands do not hold since `since`; the grade was at most `rank` (0: none)."""

    standing: int
    rank: int
    since: float


def heed(holding: Holding, decisions: Iterable[Decision], rules: Rules) -> Holding:
    """Take people's decisions into account, each once.

    What was met at the last look before a decision stood at the decision, however long ago that look was: nothing was
    heard since. So does what was met within the hold before that look: a criterion that flickers is not new because it
    happened to be out.
    """
    for decision in sorted(decisions, key=lambda one: (one.at, one.id)):
        if decision.id in holding.heeded:
            continue
        refusals = dict(holding.refusals)
        if decision.refused is not None:
            looked = max(holding.last_met.values(), default=decision.at) if holding.looked is None else holding.looked
            since = min(decision.at, looked) - rules.hold
            met = frozenset(key for key, last in holding.last_met.items() if last >= since)
            lowest, highest = decision.refused
            for rank in range(lowest, highest + 1):
                for_good = decision.for_good or (rank in refusals and refusals[rank].for_good)
                refusals[rank] = Refusal(decision.at, decision.by, met, for_good=for_good)
        holding = replace(holding, refusals=refusals, heeded=holding.heeded | {decision.id})
    return holding


def consider(
    holding: Holding, seen: Seen, at: float, rules: Rules, *, suggested: int, decided: int
) -> tuple[Holding, Suggestion | None]:
    """Tell whether a grade is worth suggesting, and what to remember of it.

    `suggested` is the gravest rank suggested of the event so far (0: none), `decided` the rank that a person gave its
    case (0: none). Suggestions only rise: a rank at or below either is passed over. A rank that a person refused is
    suggested again once a criterion of that rank or above is met which was not met then, or the plan's time has passed;
    refused for good, only for such a criterion, or one that had ceased for the time of hold since.
    """
    holding = _renew(holding, seen, at, rules)
    for rank in range(seen.rank, decided, -1):
        refusal = holding.refusals.get(rank)
        if rank <= suggested and (refusal is None or suggested not in holding.refusals):
            break
        new = _new(seen, rank, refusal)
        if refusal is None or new or refusal.asks_again(at, rules):
            left = {other: refused for other, refused in holding.refusals.items() if other > rank}
            return touch(replace(holding, refusals=left), seen, at), Suggestion(rank, new, refusal)
    return touch(holding, seen, at), None


def held_back(holding: Holding, seen: Seen, at: float, rules: Rules, *, decided: int) -> Refusal | None:
    """Return the refusal that keeps the grade's own rank from being suggested now, or None."""
    refusal = holding.refusals.get(seen.rank)
    if refusal is None or seen.rank <= decided or refusal.asks_again(at, rules):
        return None
    return None if _new(seen, seen.rank, refusal) else refusal


def told(holding: Holding, rank: int) -> Holding:
    """Remember that a case says that a rank is held back."""
    return replace(holding, refusals={**holding.refusals, rank: replace(holding.refusals[rank], told=True)})


def touch(holding: Holding, seen: Seen, at: float) -> Holding:
    """Remember which criteria are met at an instant."""
    return replace(holding, last_met={**holding.last_met, **dict.fromkeys(seen.met, at)}, looked=at)


def ease(holding: Holding, seen: Seen, at: float, rules: Rules, *, standing: int) -> tuple[Holding, Easing | None]:
    """Tell, once, that the level that stands (0: none) has had no reasons for the time of `hold`; nothing is lowered.

    The lower level is the highest that the grade had in that time. It is told again only where it sinks further, or
    once another level stands.
    """
    low = holding.low if holding.low.standing == standing else Low(standing)
    if standing == 0 or seen.rank >= standing:
        return replace(holding, low=replace(low, since=None, rank=0)), None
    since = at if low.since is None else low.since
    rank = seen.rank if low.since is None else max(low.rank, seen.rank)
    if at - since < rules.hold:
        return replace(holding, low=replace(low, since=since, rank=rank)), None
    # what is told next counts from here, so that a grade that sinks on is told of within twice the time of hold
    news = low.told is None or rank < low.told
    low = replace(low, since=at, rank=seen.rank, told=rank if news else low.told)
    return replace(holding, low=low), Easing(standing, rank, since) if news else None


def eases_at(holding: Holding, rules: Rules) -> float | None:
    """Return when :func:`ease` will have something to tell if the grade stays as it is; None: never."""
    low = holding.low
    if low.since is None or (low.told is not None and low.rank >= low.told):
        return None
    return low.since + rules.hold


def join(whole: Holding, part: Holding) -> Holding:
    """Let an event remember what people refused of another that has gone up in it."""
    refusals = dict(whole.refusals)
    for rank, refusal in part.refusals.items():
        if rank not in refusals or refusals[rank].at < refusal.at:
            refusals[rank] = refusal
    return replace(whole, refusals=refusals, heeded=whole.heeded | part.heeded)


def _new(seen: Seen, rank: int, refusal: Refusal | None) -> tuple[str, ...]:
    if refusal is None:
        return ()
    return tuple(key for key, grave in seen.met.items() if grave >= rank and key not in refusal.met)


def _renew(holding: Holding, seen: Seen, at: float, rules: Rules) -> Holding:
    """Forget, of what was refused for good, the criteria that have ceased since: met again, they are news.

    Ceased: out at this look and at the one before it, and for the time of hold.
    """
    if not any(refusal.for_good for refusal in holding.refusals.values()) or holding.looked is None:
        return holding
    ceased = {
        key
        for key, last in holding.last_met.items()
        if key not in seen.met and last < holding.looked and at - last >= rules.hold
    }
    refusals = {
        rank: replace(refusal, met=refusal.met - ceased) if refusal.for_good else refusal
        for rank, refusal in holding.refusals.items()
    }
    return replace(holding, refusals=refusals)
