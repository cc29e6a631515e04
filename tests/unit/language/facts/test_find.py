"""Facts: figures with their roles and bounds, absences, denials and times, in fictional sentences."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import Fact, FactKind
from language.facts import find
from services.analysis.calendar import SHANGHAI
from tests.unit.language.facts.sentences import ABSENCES, COUNTS, MONEY_AND_MORE, NOTHING, STANDINGS, TIMES, gold

REFERENCE = datetime(2026, 10, 9, 14, tzinfo=SHANGHAI)
SENTENCES = [case for block in (COUNTS, ABSENCES, STANDINGS, MONEY_AND_MORE, NOTHING, TIMES) for case in gold(block)]


def written(fact: Fact) -> str:
    """Write a fact as the gold does."""
    if fact.kind is FactKind.TIME:
        return f"{fact.role or 'time'} {fact.at}"
    low, high = (None if value is None else f"{value:.10g}" for value in (fact.low, fact.high))
    bounds = low if low == high else f"{low or ''}..{high or ''}"
    marks = ("!" if fact.denied else "") + ("~" if fact.part else "")
    unit = "" if fact.unit == "person" else f" {fact.unit}"
    return f"{marks}{fact.role or '?'} {bounds}{unit}"


@pytest.mark.parametrize(("text", "facts"), SENTENCES)
def test_sentence(text: str, facts: list[str]) -> None:
    assert [written(fact) for fact in find(text, reference=REFERENCE)] == facts


def test_there_are_enough_sentences_and_all_are_read_rightly() -> None:
    right = missed = wrong = 0
    for text, facts in SENTENCES:
        found, wanted = Counter(map(written, find(text, reference=REFERENCE))), Counter(facts)
        right += (found & wanted).total()
        missed += (wanted - found).total()
        wrong += (found - wanted).total()
    assert len(SENTENCES) >= 150
    assert (missed, wrong) == (0, 0)
    assert right > 150


def test_facts_stand_where_they_say_and_come_in_order() -> None:
    text = "【通报】１０月８日８时许，镇上发生滑坡，造成３人死亡，转移 ３５６ 户 １４２４ 人。"
    facts = find(text, field="title", reference=REFERENCE)
    assert [fact.quote for fact in facts] == ["１０月８日８时许", "３人", "３５６ 户", "１４２４ 人"]
    assert all(text[fact.start : fact.end] == fact.quote for fact in facts)
    assert {fact.field for fact in facts} == {"title"}


def test_days_are_counted_in_china_whatever_the_zone_of_the_reference() -> None:
    late = datetime(2026, 10, 8, 17, tzinfo=UTC)  # one o'clock on the 9th in China
    assert [fact.at for fact in find("昨日停电", reference=late)] == ["2026-10-08"]


def test_a_reference_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        find("昨日停电", reference=datetime(2026, 10, 8))


def test_the_year_turns() -> None:
    january = datetime(2027, 1, 3, 9, tzinfo=SHANGHAI)
    assert [fact.at for fact in find("12月28日停电，1月2日恢复", reference=january)] == ["2026-12-28", "2027-01-02"]
    december = datetime(2026, 12, 30, 9, tzinfo=SHANGHAI)
    assert [fact.at for fact in find("1月5日前兑付", reference=december)] == ["2027-01-05"]
    assert [fact.at for fact in find("2004年12月26日海啸，12月28日统计", reference=december)] == [
        "2004-12-26",
        "2004-12-28",
    ]
    assert find("2月30日", reference=december) == []


PIECES = st.sampled_from(
    [
        *"一二三十百千万亿两零〇0123456789０９.,，。、；：（）“”～-至约近余多人名户元亩级%％成月日时点年号死伤",
        *(
            "死亡",
            "受伤",
            "造成",
            "转移",
            "移民",
            "万元",
            "以上",
            "不实",
            "网传",
            "其中",
            "分之",
            "昨日",
            "上周",
            "凌晨",
            "〔手机号〕",
        ),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_gives_facts_that_hold_together(text: str) -> None:
    facts = find(text, reference=REFERENCE)
    assert [fact.start for fact in facts] == sorted(fact.start for fact in facts)
    for fact in facts:
        assert 0 <= fact.start < fact.end <= len(text)
        assert text[fact.start : fact.end] == fact.quote
        assert "手机号" not in fact.quote
        if fact.kind is FactKind.TIME:
            assert fact.at
            assert (fact.low, fact.high, fact.unit) == (None, None, None)
        else:
            assert fact.unit
            assert fact.low is not None or fact.high is not None
            assert fact.low is None or fact.high is None or fact.low <= fact.high
            assert fact.precision != "exact" or fact.low == fact.high
    assert find(text, reference=REFERENCE) == facts


@given(
    st.sampled_from(
        [("死亡", "deaths"), ("受伤", "injured"), ("失踪", "missing"), ("被困", "trapped"), ("获救", "rescued")]
    ),
    st.integers(1, 99_999),
    st.sampled_from(["{n}人{word}", "造成{n}人{word}", "{word}{n}人", "{word}人数达{n}人", "目前已有{n}名村民{word}"]),
    st.sampled_from(["{}", "在场群众说，{}。", "3人送医，{}，5人转移"]),
)
def test_a_figure_keeps_its_role_in_any_frame(word: tuple[str, str], count: int, form: str, frame: str) -> None:
    text = frame.format(form.format(n=count, word=word[0]))
    facts = [fact for fact in find(text, reference=REFERENCE) if fact.role == word[1]]
    assert [(fact.low, fact.high, fact.precision) for fact in facts] == [(count, count, "exact")]


@pytest.mark.parametrize("piece", ["一", "万", "1", "3人死亡、", "网传3人死亡", "从3人升至", "未造成", "10月"])
def test_work_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        taken = []
        for _ in range(3):  # the quickest, since a busy machine slows some
            begin = time.process_time()
            find(text, reference=REFERENCE)
            taken.append(time.process_time() - begin)
        return min(taken)

    seconds(1000)
    assert seconds(16_000) < 0.1 + 12 * seconds(4_000)
