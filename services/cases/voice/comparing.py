"""Whether two claims are of one thing, and whether they can both be true."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.findings import FactRole
from services.cases.voice.claims import Claim, ClaimKind, Nature, Spot, instant
from services.cases.voice.names import same_name
from services.cases.voice.traits import alike, nearness

#: Roles whose figures may be of the whole or of what is paid or done of it: both must say which.
_STRICT: Final = frozenset(
    {FactRole.COMPENSATION, FactRole.SUBSIDY, FactRole.RELIEF, FactRole.RESETTLED, FactRole.ARREARS}
)
#: How much of two contexts must be the same for figures without a role, and for events, to be of one thing.
_NEAR_FIGURE: Final = 0.5
#: The same where both name one payment or site.
_NEAR_KIN: Final = 0.3
_NEAR_EVENT: Final = 0.34
#: Roles that one figure may have by turns: those affected are moved, and resettled.
_BROAD: Final = frozenset({"", FactRole.AFFECTED, FactRole.EVACUATED, FactRole.RESETTLED, FactRole.SUBSIDY})
#: Rounding is followed up to this share of a figure.
_ROUNDING: Final = 0.025
#: Events of which a case has one of each: the words around them need not be alike.
_SINGLE: Final = frozenset({"occurred"})


class Verdict(StrEnum):
    """How a new claim stands to an earlier one of the same thing."""

    AGREES = "agrees"
    UPDATES = "updates"
    CONTRADICTS = "contradicts"


def of_one_thing(new: Claim, old: Claim) -> bool:
    """Tell whether two claims say something of one thing, so that they can be held against each other."""
    if new.kind is not old.kind:
        return False
    match new.kind:
        case ClaimKind.FIGURE:
            return _one_figure(new, old)
        case ClaimKind.DATE:
            return _one_event(new, old)
        case ClaimKind.PLACE:
            return not new.denied and not old.denied and _hazards_meet(new, old)
        case ClaimKind.NAME:
            return new.key == old.key or new.key.endswith(old.key[5:]) or old.key.endswith(new.key[5:])


def judge(new: Claim, old: Claim, old_at: datetime, aliases: dict[str, str]) -> Verdict:
    """Return how a new claim stands to an earlier one of the same thing, which was said at `old_at`."""
    match new.kind:
        case ClaimKind.FIGURE:
            return _figures(new, old, old_at)
        case ClaimKind.DATE:
            return _agree(_times_agree(new, old))
        case ClaimKind.PLACE:
            return _agree(_spots_agree(new.spot, old.spot, aliases))
        case ClaimKind.NAME:
            return _agree(same_name(new.name, old.name, aliases))


def _agree(holds: bool) -> Verdict:
    return Verdict.AGREES if holds else Verdict.CONTRADICTS


# --- figures


def _one_figure(new: Claim, old: Claim) -> bool:
    if new.unit != old.unit or not (_one_role(new, old) or "/" in new.unit):
        return False
    if new.part != old.part and not any(one.startswith("group:") for one in new.traits & old.traits):
        return False
    if not alike(new.traits, old.traits, strict="/" not in new.unit and bool({new.key, old.key} & _STRICT)):
        return False
    if not _places_meet(new, old):
        return False
    return not (new.denied and old.denied)


def _one_role(new: Claim, old: Claim) -> bool:
    """Tell whether two figures have one role, or, where roles do not say, contexts that are near enough."""
    if new.key and new.key == old.key:
        return True
    if not (new.key in _BROAD and old.key in _BROAD):
        return False
    kin = any(one.startswith(("money:", "site:")) for one in new.traits & old.traits)
    return nearness(new.words, old.words) >= (_NEAR_KIN if kin else _NEAR_FIGURE)


def _places_meet(new: Claim, old: Claim) -> bool:
    """Tell whether two figures may be of the same place: one is of none, or they share one; a part is not the whole."""
    if not new.scope or not old.scope:
        # of several places and none named with this one: the whole of the text, which is not one of its places
        return not ((new.scoped and new.scope) or (old.scoped and old.scope)) or not (new.scoped and old.scoped)
    if new.scope & old.scope:
        return True
    if new.scoped or old.scoped:
        return False
    return any(_nested(one, other) for one in new.scope for other in old.scope)


def _nested(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return one[0] == other[0] and (not one[1] or not other[1])


def _figures(new: Claim, old: Claim, old_at: datetime) -> Verdict:
    meets = _bounds_meet(new, old)
    if new.denied != old.denied:
        # what one says the other calls untrue, where it is the very figure
        exact = new.low == old.low and new.high == old.high and new.low is not None
        return Verdict.CONTRADICTS if exact else Verdict.AGREES
    if meets:
        return Verdict.AGREES
    if new.as_of is None:
        return Verdict.CONTRADICTS
    before = old.as_of or instant(old_at)
    if new.as_of.after(before):
        earlier, later = old, new
    elif before.after(new.as_of):
        earlier, later = new, old
    else:
        return Verdict.CONTRADICTS
    if new.nature is Nature.FIXED or old.nature is Nature.FIXED:
        return Verdict.CONTRADICTS
    if Nature.GROWING in (new.nature, old.nature) and _below(later, earlier):
        return Verdict.CONTRADICTS
    return Verdict.UPDATES


def _below(one: Claim, other: Claim) -> bool:
    return one.high is not None and other.low is not None and one.high < other.low


def _bounds_meet(new: Claim, old: Claim) -> bool:
    slack = max(new.step, old.step) / 2
    biggest = max(abs(value) for value in (new.low, new.high, old.low, old.high, 0.0) if value is not None)
    slack = min(slack, biggest * _ROUNDING) + 1e-6 * biggest
    if "/" in new.unit:
        slack = 1e-4 * biggest
    above = old.high is None or new.low is None or new.low <= old.high + slack
    below = old.low is None or new.high is None or new.high >= old.low - slack
    return above and below


# --- events, places


def _one_event(new: Claim, old: Claim) -> bool:
    if new.key != old.key or new.ahead != old.ahead or new.denied or old.denied:
        return False
    if ("again" in new.traits) != ("again" in old.traits) or not _hazards_meet(new, old):
        return False
    if new.scope and old.scope and not any(_nested(a, b) or a == b for a in new.scope for b in old.scope):
        return False
    if new.key in _SINGLE or "bare" in new.traits | old.traits:
        return True
    return not new.words or not old.words or nearness(new.words, old.words) >= _NEAR_EVENT


def _hazards_meet(new: Claim, old: Claim) -> bool:
    mine = {one for one in new.traits if one.startswith("hazard:")}
    theirs = {one for one in old.traits if one.startswith("hazard:")}
    return not mine or not theirs or bool(mine & theirs)


def _times_agree(new: Claim, old: Claim) -> bool:
    return new.time is None or old.time is None or new.time.meets(old.time)


def _spots_agree(new: Spot, old: Spot, aliases: dict[str, str]) -> bool:
    for mine, theirs in zip(new, old, strict=True):
        if mine and theirs:
            mine, theirs = aliases.get(mine, mine), aliases.get(theirs, theirs)
            if not (mine == theirs or mine.endswith(theirs) or theirs.endswith(mine)):
                return False
    return True
