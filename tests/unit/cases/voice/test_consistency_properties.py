"""What holds of the consistency check whatever was published: order, form, later figures, and what is removed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from services.cases.voice.consistency import Finding, FindingKind, Said, blocking, check
from tests.unit.cases.voice.agreeing import AGREEING
from tests.unit.cases.voice.bulletins import BULLETINS
from tests.unit.cases.voice.later_pairs import LATER_PAIRS
from tests.unit.cases.voice.pair import EARLIER, LATER, Pair
from tests.unit.cases.voice.parting import PARTING

PAIRS = [*AGREEING, *PARTING, *BULLETINS, *LATER_PAIRS]
TEXTS = [text for pair in PAIRS for text in (pair.earlier, pair.later) if text]


def published(texts: list[str], *, at_once: bool = False) -> list[Said]:
    """Return texts as published an hour apart, or all at one instant."""
    hour = timedelta(hours=0 if at_once else 1)
    return [Said(f"s{i}", f"口径第{i}份", "", text, EARLIER + i * hour) for i, text in enumerate(texts)]


@given(st.lists(st.sampled_from(TEXTS), min_size=2, max_size=5), st.sampled_from(TEXTS), st.booleans(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_published_texts_are_given_does_not_matter(
    texts: list[str], text: str, at_once: bool, chance: Random
) -> None:
    said = published(texts, at_once=at_once)
    shuffled = list(said)
    chance.shuffle(shuffled)
    assert check("", text, LATER, shuffled, []) == check("", text, LATER, said, [])


def test_of_two_texts_of_one_instant_always_the_same_one_holds() -> None:
    said = published(["滑坡造成3人死亡。", "滑坡造成5人死亡。"], at_once=True)
    for order in (said, said[::-1]):
        assert blocking(check("", "滑坡造成5人死亡。", LATER, order, [])) == []
        assert len(blocking(check("", "滑坡造成3人死亡。", LATER, order, []))) == 1


def sentences(text: str) -> list[str]:
    """Return a text's sentences, each with its stop."""
    return re.findall(r"[^。]+。?", text)


@given(st.sampled_from([pair for pair in PAIRS if pair.wrong]))
@settings(max_examples=60, deadline=None)
def test_a_finding_is_gone_once_the_sentence_that_it_names_is(pair: Pair) -> None:
    earlier, later = pair.earlier, pair.later
    said = published([earlier])
    for found in blocking(check("", later, LATER, said, [])):
        parts, end = [], 0
        for sentence in sentences(later):
            start, end = end, end + len(sentence)
            if not start <= found.start < end:
                parts.append(sentence)
        left = check("", "".join(parts) or "处置正在进行。", LATER, said, [])
        assert found.key not in {one.key for one in left}


def gist(found: list[Finding]) -> list[tuple[str, str, str]]:
    """Return what findings say, without where."""
    return sorted((one.kind, one.severity, one.subject) for one in found)


WIDE = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
Form = Callable[[str], str]
FORMS: st.SearchStrategy[Form] = st.sampled_from(
    [
        lambda text: text.translate(WIDE),
        lambda text: text.replace("。", "。\n"),
        lambda text: text.replace("。", "。\r\n　　"),
        lambda text: f"　　{text} \n",
    ]
)


@given(st.sampled_from(PAIRS), FORMS, FORMS)
@settings(max_examples=100, deadline=None)
def test_how_a_text_is_laid_out_is_none_of_its_business(pair: Pair, one: Form, other: Form) -> None:
    earlier, later = pair.earlier, pair.later
    plain = check("", later, LATER, published([earlier]), [])
    laid_out = check("", one(later), LATER, published([other(earlier)]), [])
    assert gist(laid_out) == gist(plain)


class Bulletins(RuleBasedStateMachine):
    """Bulletins of one landslide, published, withdrawn and looked back on in any order, beside a plain list of counts.

    Those killed only grow: a later count may be higher, never lower; without a time of its own it must be the same.
    Each bulletin is held against the newest that still stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hours = 0
        self.standing: list[tuple[Said, int]] = []

    @property
    def _last(self) -> int:
        return self.standing[-1][1]

    @rule(deaths=st.integers(1, 30), timed=st.booleans(), other=st.sampled_from(["", "道路已经抢通。"]))
    def draft(self, deaths: int, timed: bool, other: str) -> None:
        self.hours += 1
        at = EARLIER + timedelta(hours=self.hours)
        day = f"截至{at.month}月{at.day}日{at.hour}时，" if timed else ""
        text = f"{other}{day}滑坡造成{deaths}人死亡。"
        found = blocking(check("", text, at, [said for said, _ in self.standing], []))
        wrong = bool(self.standing) and (deaths < self._last if timed else deaths != self._last)
        assert [one.kind for one in found] == [FindingKind.CONTRADICTION] * wrong, (text, self.standing)
        if wrong:
            assert found[0].against is not None
            assert found[0].against.id == self.standing[-1][0].id
        else:
            self.standing.append((Said(f"s{self.hours:04d}", "口径", "", text, at), deaths))

    @precondition(lambda self: self.standing)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        del self.standing[data.draw(st.integers(0, len(self.standing) - 1))]

    @precondition(lambda self: self.standing)
    @rule()
    def say_something_else(self) -> None:
        self.hours += 1
        at = EARLIER + timedelta(hours=self.hours)
        text = "现场道路已经抢通。"
        assert blocking(check("", text, at, [said for said, _ in self.standing], [])) == []


Bulletins.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestBulletins = Bulletins.TestCase
