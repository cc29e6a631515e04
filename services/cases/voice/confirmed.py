"""The confirmed facts of a case, read the way texts are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.cases.voice.claims import Claim, ClaimKind, instant
from services.cases.voice.reading import read


class ConfirmedFactKind(StrEnum):
    """What a confirmed fact is, and so how its value is read."""

    FIGURE = "figure"
    DATE = "date"
    PLACE = "place"
    NAME = "name"
    CAUSE = "cause"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A fact that somebody of the case vouches for. `aliases` are other names of the same person, body or place."""

    id: str
    kind: ConfirmedFactKind
    subject: str
    value: str
    as_of: datetime
    aliases: tuple[str, ...] = field(default_factory=tuple)


#: What an officer is told where a value cannot be read.
UNREADABLE = {
    ConfirmedFactKind.FIGURE: "读不出数字：请写明数字和单位，如“213户”“1200万元”",
    ConfirmedFactKind.DATE: "读不出时间：请写成“2026年10月8日9时”或“10月8日上午”",
    ConfirmedFactKind.PLACE: "读不出地点：请写明县、乡镇或村，如“景谷县永平镇”",
}


def claim_of(fact: Confirmed) -> Claim | None:
    """Return what a fact claims, ready to be held against a text; None for causes and texts, and where unreadable."""
    match fact.kind:
        case ConfirmedFactKind.FIGURE:
            return _first(f"{fact.subject}为{fact.value}。", fact, ClaimKind.FIGURE)
        case ConfirmedFactKind.DATE:
            return _first(f"{fact.value}，{fact.subject}。", fact, ClaimKind.DATE)
        case ConfirmedFactKind.PLACE:
            return _first(f"事发地点为{fact.value}。", fact, ClaimKind.PLACE)
        case ConfirmedFactKind.NAME:
            return Claim(ClaimKind.NAME, 0, 0, fact.value, fact.subject, f"name:{fact.subject}", name=fact.value)
        case _:
            return None


def readable(fact: Confirmed) -> bool:
    """Tell whether a fact's value can be read as what it is said to be.

    A date needs no event that the check knows, and a place none at all.
    """
    match fact.kind:
        case ConfirmedFactKind.DATE:
            return any(one.kind is ClaimKind.DATE for one in read(f"{fact.value}，发生。", fact.as_of)[0])
        case ConfirmedFactKind.FIGURE | ConfirmedFactKind.PLACE:
            return claim_of(fact) is not None
        case _:
            return True


def aliases_of(facts: list[Confirmed]) -> dict[str, str]:
    """Return, for each other name, the name that it stands for."""
    return {alias: fact.value for fact in facts for alias in fact.aliases}


def _first(text: str, fact: Confirmed, kind: ClaimKind) -> Claim | None:
    found = [one for one in read(text, fact.as_of)[0] if one.kind is kind]
    if not found:
        return None
    return replace(found[0], quote=fact.value, subject=fact.subject, as_of=instant(fact.as_of), ahead=False)
