"""The consistency check: a text held against all that was published in its case and the case's confirmed facts.

Deterministic and without I/O. Figures are compared by what they count, with rounding, bounds, units, parts, places and
the time they hold for; dates by what happened; places by where; names by office. What the text calls untrue is not
taken as said. A cause or blame must be a confirmed fact (慎报原因).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from services.cases.voice import causes as stated_causes
from services.cases.voice.claims import Claim, ClaimKind, Span, instant
from services.cases.voice.comparing import Verdict, judge, of_one_thing
from services.cases.voice.confirmed import Confirmed, ConfirmedFactKind, aliases_of, claim_of
from services.cases.voice.reading import read
from services.cases.voice.wording import show_time, why_contradiction

PLACEHOLDER: Final = re.compile(r"〔待核实[：:]?[^〕]*〕?")


class FindingKind(StrEnum):
    """What is found."""

    CONTRADICTION = "contradiction"
    UNCONFIRMED_CAUSE = "unconfirmed_cause"
    PLACEHOLDER = "placeholder"
    MISSING_UPDATE = "missing_update"


Severity = Literal["blocks", "note"]


@dataclass(frozen=True, slots=True)
class Said:
    """A text that was published: its id, how officers call it (第 1 份第 2 版), and when it was published."""

    id: str
    label: str
    title: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Against:
    """What a finding is held against: a published text or a confirmed fact, with the words of it."""

    origin: Literal["statement", "fact"]
    id: str
    label: str
    at: datetime
    quote: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters `start` to `end` of the new text's title or text, what is wrong with them, and why in Chinese.

    `key` is the same for the same finding on the same words, so that an explanation stays with it while other parts of
    the text are edited.
    """

    kind: FindingKind
    severity: Severity
    field: Literal["title", "text"]
    start: int
    end: int
    quote: str
    subject: str
    why: str
    key: str
    against: Against | None = None


def check(title: str, text: str, at: datetime, published: Sequence[Said], facts: Sequence[Confirmed]) -> list[Finding]:
    """Return what is found in a text that is to be published at `at`, by where it stands.

    `published` are the texts that still stand, in any order; `facts` those in force.
    """
    whole = f"{title}\n{text}"
    claims, causes = read(whole, at)
    held = _Held(published, facts)
    found = [*_placeholders(whole), *_unconfirmed(causes, held.causes)]
    claims = tuple(replace(one, as_of=time) if (time := held.time_of(one)) else one for one in claims)
    for claim in claims:
        found.extend(held.against(claim))
    found.extend(held.missing(claims))
    placed = [_in_field(one, title, text) for one in found]
    return sorted(dict.fromkeys(placed), key=lambda one: (one.field != "title", one.start, one.end, one.key))


def blocking(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings that hold up approval until they are corrected or explained."""
    return [one for one in found if one.severity == "blocks"]


class _Held:
    """What a text is held against."""

    def __init__(self, published: Sequence[Said], facts: Sequence[Confirmed]) -> None:
        newest_first = sorted(published, key=_when, reverse=True)
        self._said = [(one, _by_key(read(f"{one.title}\n{one.text}", one.at)[0])) for one in newest_first]
        self._facts = [(fact, claim) for fact in facts if (claim := claim_of(fact)) is not None]
        self._aliases = aliases_of(list(facts))
        self.causes = [fact.value for fact in facts if fact.kind is ConfirmedFactKind.CAUSE]

    def time_of(self, claim: Claim) -> Span | None:
        """Return the time of a confirmed fact that says what a claim without a time of its own says."""
        if claim.as_of is not None or claim.kind is not ClaimKind.FIGURE:
            return None
        for fact, stated in self._facts:
            if of_one_thing(claim, stated) and judge(claim, stated, fact.as_of, self._aliases) is Verdict.AGREES:
                return instant(fact.as_of)
        return None

    def against(self, claim: Claim) -> Iterator[Finding]:
        """Hold a claim against the facts, and against the newest text that says something of the same thing."""
        told = [(fact, stated) for fact, stated in self._facts if of_one_thing(claim, stated)]
        if told and not any(self._fits(claim, stated, fact.as_of) for fact, stated in told):
            fact, stated = told[-1]
            yield _contradiction(claim, stated, Against("fact", fact.id, fact.subject, fact.as_of, fact.value))
        for said, claims in self._said:
            others = [one for one in claims.get(_key(claim), ()) if of_one_thing(claim, one)]
            if not others:
                continue
            if not any(self._fits(claim, one, said.at) for one in others):
                other = others[-1]
                yield _contradiction(claim, other, Against("statement", said.id, said.label, said.at, other.quote))
            return

    def _fits(self, claim: Claim, other: Claim, at: datetime) -> bool:
        return judge(claim, other, at, self._aliases) is not Verdict.CONTRADICTS

    def missing(self, claims: Sequence[Claim]) -> Iterator[Finding]:
        """Name the facts that were published, have changed since, and are not in the new text."""
        if not self._said:
            return
        for fact, stated in self._facts:
            if any(of_one_thing(one, stated) for one in claims):
                continue
            for said, earlier in self._said:
                others = [one for one in earlier.get(_key(stated), ()) if of_one_thing(stated, one)]
                if not others:
                    continue
                agree = any(judge(stated, one, said.at, self._aliases) is Verdict.AGREES for one in others)
                if not agree and fact.as_of > said.at:
                    why = (
                        f"{said.label}说“{others[-1].quote}”，{show_time(fact.as_of)}已核实{fact.subject}为"
                        f"“{fact.value}”，本稿没有更新"
                    )
                    against = Against("fact", fact.id, fact.subject, fact.as_of, fact.value)
                    yield _finding(FindingKind.MISSING_UPDATE, "note", 0, 0, "", fact.subject, why, against)
                break


def _when(said: Said) -> tuple[datetime, str]:
    return said.at, said.id  # of two at one instant, always the same one


def _key(claim: Claim) -> tuple[str, ...]:
    """Return what two claims of one thing have in common for certain."""
    if claim.kind is ClaimKind.NAME:
        return (claim.kind,)
    return (claim.kind, claim.unit) if claim.kind is ClaimKind.FIGURE else (claim.kind, claim.key)


def _by_key(claims: Sequence[Claim]) -> dict[tuple[str, ...], list[Claim]]:
    found: dict[tuple[str, ...], list[Claim]] = {}
    for claim in claims:
        found.setdefault(_key(claim), []).append(claim)
    return found


def _placeholders(whole: str) -> Iterator[Finding]:
    for match in PLACEHOLDER.finditer(whole):
        why = f"{match[0]}尚未填写，须以核实的事实替换"
        yield _finding(FindingKind.PLACEHOLDER, "blocks", match.start(), match.end(), match[0], "待核实", why)


def _unconfirmed(causes: Sequence[stated_causes.Cause], confirmed: Sequence[str]) -> Iterator[Finding]:
    for cause in causes:
        if stated_causes.covered(cause.quote, confirmed):
            continue
        known = f"已核实的原因是“{confirmed[-1]}”" if confirmed else "本处置单尚无已核实的原因"
        why = f"“{cause.quote}”说的是原因或责任，{known}；慎报原因，须先核实或改写"
        yield _finding(FindingKind.UNCONFIRMED_CAUSE, "blocks", cause.start, cause.end, cause.quote, "原因", why)


def _contradiction(claim: Claim, other: Claim, against: Against) -> Finding:
    severity: Severity = "note" if claim.explained else "blocks"
    why = why_contradiction(claim, other, against.origin, against.label, against.at, against.quote)
    return _finding(
        FindingKind.CONTRADICTION, severity, claim.start, claim.end, claim.quote, claim.subject, why, against
    )


def _finding(
    kind: FindingKind,
    severity: Severity,
    start: int,
    end: int,
    quote: str,
    subject: str,
    why: str,
    against: Against | None = None,
) -> Finding:
    held = f"{against.origin}:{against.id}:{against.quote}" if against else ""
    key = hashlib.sha256(f"{kind}|{quote}|{subject}|{held}".encode()).hexdigest()[:16]
    return Finding(kind, severity, "text", start, end, quote, subject, why, key, against)


def _in_field(found: Finding, title: str, text: str) -> Finding:
    """Return a finding of title, line break and text with its offsets inside the one it stands in."""
    shift = len(title) + 1
    if found.kind is FindingKind.MISSING_UPDATE:
        return found
    if found.start < shift:
        return replace(found, field="title", end=min(found.end, len(title)))
    return replace(found, start=found.start - shift, end=min(found.end - shift, len(text)))
