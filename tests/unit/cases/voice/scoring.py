"""How the check fares on pairs: blocking findings against what the pairs say is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.cases.voice.confirmed import Confirmed, ConfirmedFactKind
from services.cases.voice.consistency import Finding, Said, blocking, check
from tests.unit.cases.voice.pair import EARLIER, LATER, Pair


@dataclass
class Score:
    """Right, wrong and missed findings, and the pairs that went wrong."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def findings(pair: Pair) -> list[Finding]:
    """Return what blocks the later text of a pair."""
    said = [Said("one", "第1份口径", "通报", pair.earlier, EARLIER)]
    facts = [
        Confirmed(f"fact-{number}", ConfirmedFactKind(kind), subject, value, EARLIER)
        for number, (kind, subject, value) in enumerate(pair.confirmed)
    ]
    return blocking(check("通报", pair.later, LATER, said, facts))


def score(pairs: Iterable[Pair]) -> Score:
    """Hold the findings on pairs against what they say is wrong; a finding is right where its words and theirs meet."""
    total = Score()
    for pair in pairs:
        open_ = list(pair.wrong)
        for found in findings(pair):
            hit = next((one for one in pair.wrong if one in found.quote or found.quote in one), None)
            if hit is None:
                total.wrong += 1
                total.failures.append(f"{pair.theme}: {pair.later} -> wrongly {found.quote}: {found.why}")
            elif hit in open_:
                open_.remove(hit)
                total.right += 1
        total.missed += len(open_)
        total.failures += [f"{pair.theme}: {pair.earlier} | {pair.later} -> missed {one}" for one in open_]
    return total
