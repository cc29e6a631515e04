"""Recall and precision of masking, by kind and form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from bench.masking_parts.texts import MARKS, Case

#: below which the tests fail
GATES: Final = {"plain": 0.99, "disguised": 0.97, "precision": 0.99}
_EDGES: Final = " +（()）[]【】\u200b\u200d\ufeff"


@dataclass(slots=True)
class Score:
    """Counts of what was found, and of marks rightly and wrongly set."""

    forms: dict[tuple[str, str, bool], tuple[int, int]] = field(default_factory=dict)
    figures: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: by kind of the mark and whether the text was a disguised one
    right: dict[tuple[str, bool], int] = field(default_factory=dict)
    wrong: dict[tuple[str, bool], int] = field(default_factory=dict)
    failures: list[tuple[Case, str]] = field(default_factory=list)

    def recall(self, kind: str, disguised: bool) -> float:
        """Return the share of a kind's numbers that were found."""
        counts = [count for (own, _, hidden), count in self.forms.items() if own == kind and hidden == disguised]
        return sum(found for found, _ in counts) / sum(all_ for _, all_ in counts)

    def precision(self, kind: str, disguised: bool | None = None) -> float:
        """Return the share of a kind's marks that were rightly set; of plain texts and figures alone for False."""
        wanted = (False, True) if disguised is None else (disguised,)
        right = sum(self.right.get((kind, one), 0) for one in wanted)
        wrong = sum(self.wrong.get((kind, one), 0) for one in wanted)
        return right / (right + wrong) if right + wrong else 1.0

    def missed_gates(self) -> list[str]:
        """Return what falls short of the gates."""
        missed = []
        for kind in MARKS:
            for value, gate, name in (
                (self.recall(kind, False), GATES["plain"], "recall on plain forms"),
                (self.recall(kind, True), GATES["disguised"], "recall on disguised forms"),
                (self.precision(kind, False), GATES["precision"], "precision on plain forms"),
                (self.precision(kind), GATES["precision"], "precision"),
            ):
                if value < gate:
                    missed.append(f"{kind}: {name} {value:.4f} < {gate}")
        return missed


def score(cases: Iterable[Case], mask: Callable[[str], str]) -> Score:
    """Mask every case and count."""
    result = Score()
    for case in cases:
        masked = mask(case.text)
        if case.kind:
            good = _same(masked, case)
            found, all_ = result.forms.get((case.kind, case.form, case.disguised), (0, 0))
            result.forms[case.kind, case.form, case.disguised] = (found + good, all_ + 1)
        else:
            good = masked == case.text
            changed, all_ = result.figures.get(case.form, (0, 0))
            result.figures[case.form] = (changed + (not good), all_ + 1)
        if not good:
            result.failures.append((case, masked))
        for kind, mark in MARKS.items():
            key = (kind, case.disguised)
            right = min(masked.count(mark), int(kind == case.kind))
            result.right[key] = result.right.get(key, 0) + right
            result.wrong[key] = result.wrong.get(key, 0) + masked.count(mark) - right
    return result


def _same(masked: str, case: Case) -> bool:
    """Tell whether a text was masked as it should; a plus or bracket of the number's own may be left."""
    mark = MARKS[case.kind]
    before, _, after = case.masked.partition(mark)
    if not (masked.startswith(before) and masked.endswith(after)):
        return False
    return masked[len(before) : len(masked) - len(after)].strip(_EDGES) == mark
