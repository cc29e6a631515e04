"""The chain of seals: whole when untouched, and every change is found where it was made."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.timeline import GENESIS, Sealed, canonical, chained, seal, verify
from tests.unit.cases.seed import START

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
