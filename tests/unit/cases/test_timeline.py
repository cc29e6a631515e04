"""The chain of seals: whole when untouched, and every change is found where it was made."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.cases.timeline import (
    GENESIS,
    Sealed,
    canonical,
    chained,
    export_entry,
    export_head,
    seal,
    verify,
)
from tests.unit.cases.seed import START

SCRIPT = Path(__file__).parents[3] / "docs" / "verify_timeline.py"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.lists(st.text(max_size=30), min_size=1, max_size=8)


def chain(texts: list[str], data: dict[str, Any] | None = None) -> list[Sealed]:
    """Return a timeline of entries."""
    made: list[Sealed] = []
    for number, text in enumerate(texts, 1):
        previous = made[-1].hash if made else GENESIS
        at = START + timedelta(minutes=number)
        made.append(
            seal(
                previous, case_id="c", sequence=number, kind="note", at=at, actor={"name": "王办"}, text=text, data=data
            )
        )
    return made


def judged(entries: list[Sealed], whole: list[Sealed]) -> tuple[bool, int | None]:
    """Verify entries against what the case remembers of the whole."""
    verdict = verify("c", entries, len(whole), whole[-1].hash if whole else GENESIS)
    return verdict.intact, verdict.broken_at


def test_a_seal_can_be_computed_with_standard_tools() -> None:
    (entry,) = chain(["上报"])
    assert entry.hash == hashlib.sha256((GENESIS + entry.body).encode("utf-8")).hexdigest()
    assert "上报" in entry.body


@given(JSON)
def test_canonical_json_has_one_form(value: Any) -> None:
    import json

    text = canonical(value)
    assert canonical(json.loads(text)) == text


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


@given(TEXTS)
def test_an_untouched_timeline_is_whole(texts: list[str]) -> None:
    whole = chain(texts)
    assert judged(whole, whole) == (True, None)


@given(TEXTS, st.data())
def test_a_changed_entry_is_named(texts: list[str], data: st.DataObject) -> None:
    whole = chain(texts)
    i = data.draw(st.integers(0, len(whole) - 1))
    changed = list(whole)
    changed[i] = replace(whole[i], body=whole[i].body.replace('"kind":"note"', '"kind":"nope"'))
    assert judged(changed, whole) == (False, i + 1)


@given(TEXTS, st.data())
def test_a_removed_entry_is_named(texts: list[str], data: st.DataObject) -> None:
    whole = chain(texts)
    i = data.draw(st.integers(0, len(whole) - 1))
    assert judged(whole[:i] + whole[i + 1 :], whole) == (False, i + 1)


def test_a_forged_tail_that_is_sealed_anew_does_not_match_the_head() -> None:
    whole = chain(["一", "二", "三"])
    body = whole[2].body.replace("三", "四")
    forged = [*whole[:2], replace(whole[2], body=body, hash=chained(whole[1].hash, body))]
    assert judged(forged, whole) == (False, 3)
    assert judged([*whole, *chain(["一", "二", "三", "四"])[3:]], whole) == (False, 4)


def test_entries_of_another_case_do_not_fit() -> None:
    whole = chain(["a"])
    assert verify("other", whole, 1, whole[0].hash).broken_at == 1
    assert verify("c", [], 0, GENESIS).intact


def exported(entries: list[Sealed], whole: list[Sealed]) -> list[str]:
    """Return the lines of an export of `entries`, under the head of the whole."""
    head = export_head("c", "YQ-2026-0001", len(whole), whole[-1].hash)
    return [head, *(export_entry(entry) for entry in entries)]


def script(lines: list[str], folder: Path) -> list[str]:
    """Return what the script in docs says of an exported file; nothing where it is whole."""
    path = folder / "timeline.jsonl"
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
    ran = subprocess.run([sys.executable, str(SCRIPT), str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) == ran.stdout.startswith("intact"), ran
    return ran.stderr.split("\n")[:-1]


WHOLE = chain(["上报", "研判", "处置，含\u2028行分隔符", "持续关注", "办结"])


def forged(sequence: int, *, sealed_anew: bool) -> list[Sealed]:
    """Return the timeline with one entry's text altered."""
    old = WHOLE[sequence - 1]
    body = old.body.replace('"kind":"note"', '"kind":"nope"')
    new = replace(old, body=body, hash=chained(old.previous, body) if sealed_anew else old.hash)
    return [*WHOLE[: sequence - 1], new, *WHOLE[sequence:]]


@pytest.mark.parametrize("sequence", [1, 2, 5])
def test_any_altered_row_is_found_and_named_by_both(sequence: int, tmp_path: Path) -> None:
    assert script(exported(WHOLE, WHOLE), tmp_path) == []
    for sealed_anew in (False, True):
        altered = forged(sequence, sealed_anew=sealed_anew)
        assert judged(altered, WHOLE) == (False, sequence)
        (said,) = script(exported(altered, WHOLE), tmp_path)
        assert said.startswith(f"entry {sequence} was altered")


def test_missing_reordered_and_foreign_rows_are_named_by_both(tmp_path: Path) -> None:
    without = [WHOLE[0], *WHOLE[2:]]
    assert script(exported(without, WHOLE), tmp_path) == ["entry 2 is missing"]
    assert judged(without, WHOLE) == (False, 2)
    assert script(exported(WHOLE[:4], WHOLE), tmp_path) == ["entry 5 is missing"]
    swapped = [WHOLE[0], WHOLE[2], WHOLE[1], *WHOLE[3:]]
    assert script(exported(swapped, WHOLE), tmp_path) == ["line 4: entry 2 is out of order"]
    assert judged(swapped, WHOLE) == (False, 2)
    twice = [*WHOLE, WHOLE[2]]
    assert script(exported(twice, WHOLE), tmp_path) == ["line 7: entry 3 is one too many"]
    assert judged(twice, WHOLE) == (False, 3)
    renumbered = [WHOLE[0], replace(WHOLE[2], sequence=2), replace(WHOLE[1], sequence=3), *WHOLE[3:]]
    assert script(exported(renumbered, WHOLE), tmp_path) == [
        "entry 2 belongs elsewhere",
        "entry 3 belongs elsewhere",
        "entry 3 was altered and sealed anew",
    ]
    assert [fault.sequence for fault in verify("c", renumbered, 5, WHOLE[-1].hash).faults] == [2, 3]


@given(TEXTS.filter(lambda texts: len(texts) > 1), st.data())
def test_every_fault_is_named(texts: list[str], data: st.DataObject) -> None:
    whole = chain(texts)
    broken = data.draw(st.sets(st.integers(1, len(whole)), min_size=1))
    gone = data.draw(st.sets(st.integers(1, len(whole)))) - broken
    entries = [
        replace(entry, body=entry.body.replace('"kind":"note"', '"kind":"nope"')) if entry.sequence in broken else entry
        for entry in whole
        if entry.sequence not in gone
    ]
    verdict = verify("c", entries, len(whole), whole[-1].hash)
    assert {fault.sequence for fault in verdict.faults} == broken | gone


class Chain(RuleBasedStateMachine):
    """Entries are added and tampered with in any order; what was tampered with is what is named."""

    def __init__(self) -> None:
        super().__init__()
        self.true: list[Sealed] = []
        self.stored: dict[int, Sealed] = {}

    @rule(text=st.text(max_size=10))
    def add(self, text: str) -> None:
        previous = self.true[-1].hash if self.true else GENESIS
        number = len(self.true) + 1
        entry = seal(previous, case_id="c", sequence=number, kind="note", at=START, actor={}, text=text)
        self.true.append(entry)
        self.stored[number] = entry

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), sealed_anew=st.booleans())
    def alter(self, data: st.DataObject, sealed_anew: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.stored)))
        body = self.true[number - 1].body.replace('"kind":"note"', '"kind":"nope"')
        previous = self.true[number - 1].previous
        seal_ = chained(previous, body) if sealed_anew else self.true[number - 1].hash
        self.stored[number] = Sealed(number, body, previous, seal_)

    @precondition(lambda self: self.stored)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        del self.stored[data.draw(st.sampled_from(sorted(self.stored)))]

    @precondition(lambda self: self.true)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(self.true)))
        self.stored[number] = self.true[number - 1]

    def _own_seal(self, number: int) -> bool:
        entry = self.stored[number]
        return chained(entry.previous, entry.body) == entry.hash

    @invariant()
    def what_was_done_is_named(self) -> None:
        entries = [self.stored[number] for number in sorted(self.stored)]
        verdict = verify("c", entries, len(self.true), self.true[-1].hash if self.true else GENESIS)
        wrong = {entry.sequence for entry in self.true if self.stored.get(entry.sequence) != entry}
        named = {fault.sequence for fault in verdict.faults}
        # an entry that is sealed anew shows by the one after it, or the head, which must be whole to tell
        told = {
            number
            for number in wrong
            if number not in self.stored
            or not self._own_seal(number)
            or number == len(self.true)
            or (number + 1 in self.stored and self._own_seal(number + 1))
        }
        assert told <= named <= wrong
        assert verdict.intact == (not wrong)


Chain.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestChain = Chain.TestCase
