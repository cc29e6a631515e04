"""The consistency check on hand-made pairs, and what must hold of it whatever the text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.cases.voice.confirmed import Confirmed, ConfirmedFactKind
from services.cases.voice.consistency import FindingKind, Said, blocking, check
from tests.unit.cases.voice.agreeing import AGREEING
from tests.unit.cases.voice.bulletins import BULLETINS
from tests.unit.cases.voice.later_pairs import LATER_PAIRS
from tests.unit.cases.voice.pair import EARLIER, LATER, Pair
from tests.unit.cases.voice.parting import PARTING
from tests.unit.cases.voice.scoring import findings, score

PAIRS = [*AGREEING, *PARTING, *BULLETINS, *LATER_PAIRS]


def test_there_are_enough_pairs_and_half_of_them_agree() -> None:
    assert len(PAIRS) >= 100
    assert 0.4 <= sum(not pair.wrong for pair in PAIRS) / len(PAIRS) <= 0.6
    assert len({(pair.earlier, pair.later, pair.confirmed) for pair in PAIRS}) == len(PAIRS)


def test_contradictions_are_found_and_little_else() -> None:
    total = score(PAIRS)
    assert total.precision >= 0.95, total.failures
    assert total.recall >= 0.95, total.failures


@pytest.mark.parametrize("pair", PAIRS[::7], ids=lambda pair: pair.theme)
def test_every_finding_names_its_words_and_its_reason(pair: Pair) -> None:
    for found in findings(pair):
        assert pair.later[found.start : found.end] == found.quote
        assert found.field == "text"
        assert found.quote in found.why
        assert found.why.count("“") == found.why.count("”")


def said(text: str, hours: int = 0) -> list[Said]:
    return [Said("one", "口径第1份", "通报", text, EARLIER + timedelta(hours=hours))]


TEXTS = [pair.earlier for pair in PAIRS] + [pair.later for pair in PAIRS]


@given(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_text_is_consistent_with_itself(parts: list[str]) -> None:
    text = "\n".join(parts)
    found = check("通报", text, EARLIER + timedelta(hours=1), said(text, 1), [])
    assert [one for one in found if one.kind is FindingKind.CONTRADICTION] == []


@pytest.mark.parametrize(
    ("earlier", "later", "quote"),
    [
        ("云山县发生供水管网爆裂。", "临江县发生供水管网爆裂。", "临江县"),
        ("云山县青石镇发生供水管网爆裂。", "云山县白沙镇发生供水管网爆裂。", "云山县白沙镇"),
        ("云山县青石镇发生供水管网爆裂。", "青石镇发生供水管网爆裂。", None),
        ("云山县青石镇发生供水管网爆裂。", "云山县发生供水管网爆裂。", None),
        ("云山县青石镇红旗水库出现渗漏。", "云山县青石镇东风水库出现渗漏。", "云山县青石镇东风水库"),
        ("云山县青石镇发生供水管网爆裂。", "我县青石镇发生供水管网爆裂。", None),
    ],
)
def test_places_that_no_gazetteer_knows_are_compared_by_their_form(earlier: str, later: str, quote: str | None) -> None:
    found = blocking(check("续报", f"10月8日，{later}", LATER, said(f"10月8日，{earlier}"), []))
    assert [one.quote for one in found] == ([quote] if quote else [])


def test_a_confirmed_place_that_no_gazetteer_knows_holds_a_text_up() -> None:
    fact = Confirmed("one", ConfirmedFactKind.PLACE, "地点", "云山县青石镇", EARLIER)
    found = blocking(check("通报", "10月8日，临江县发生供水管网爆裂。", LATER, [], [fact]))
    assert [one.quote for one in found] == ["临江县"]


FIGURES = st.sampled_from(
    [
        ("滑坡造成{}人死亡。", "人"),
        ("此次搬迁涉及移民{}户。", "户"),
        ("补偿款共计{}万元。", "万元"),
        ("水库淹没耕地{}亩。", "亩"),
        ("投入挖掘机{}台。", "台"),
        ("道路中断{}米。", "米"),
        ("补偿标准为每亩{}元。", "元"),
    ]
)


@given(FIGURES, st.integers(2, 40_000))
@settings(max_examples=80, deadline=None)
def test_a_doubled_figure_is_found(form: tuple[str, str], figure: int) -> None:
    template, unit = form
    found = blocking(check("", template.format(figure * 2), LATER, said(template.format(figure)), []))
    assert [one.quote for one in found] == [f"{figure * 2}{unit}"]
    assert f"{figure}{unit}" in found[0].why


def in_chinese(number: int) -> str:
    """Write a number below 100,000,000 as Chinese texts do."""
    digits, places = "零一二三四五六七八九", ("", "十", "百", "千")

    def section(value: int) -> str:
        written, gap = "", False
        for place in range(3, -1, -1):
            digit = value // 10**place % 10
            if digit:
                written += ("零" if gap and written else "") + digits[digit] + places[place]
            gap = not digit
        return written

    high, low = divmod(number, 10_000)
    zero = "零" if high and low and low < 1000 else ""
    written = (section(high) + "万" if high else "") + zero + section(low)
    return written.removeprefix("一") if written.startswith("一十") else written


@given(FIGURES, st.integers(2, 40_000), st.sampled_from(["full", "commas", "chinese"]))
@settings(max_examples=120, deadline=None)
def test_another_way_of_writing_a_figure_is_none_of_its_business(form: tuple[str, str], figure: int, way: str) -> None:
    written = {
        "full": str(figure).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}),
        "commas": f"{figure:,}",
        "chinese": in_chinese(figure),
    }[way]
    template, unit = form
    assume(not (way == "chinese" and unit == "万元" and figure >= 10_000))  # 一万万元 nobody writes
    assert blocking(check("", template.format(written), LATER, said(template.format(figure)), [])) == []


def test_only_the_newest_text_that_speaks_of_a_thing_holds() -> None:
    older = Said("one", "口径第1份", "", "滑坡造成3人死亡。", EARLIER)
    newer = Said("two", "口径第2份", "", "截至10月9日8时，滑坡造成5人死亡。", EARLIER + timedelta(hours=12))
    assert blocking(check("", "滑坡造成5人死亡。", LATER, [newer, older], [])) == []
    (found,) = blocking(check("", "滑坡造成3人死亡。", LATER, [older, newer], []))
    assert found.against is not None
    assert found.against.id == "two"


def test_the_title_is_checked_with_its_own_offsets() -> None:
    (found,) = blocking(check("滑坡造成5人死亡", "处置正在进行。", LATER, said("滑坡造成3人死亡。"), []))
    assert (found.field, found.start, found.end) == ("title", 4, 6)


def test_a_confirmed_figure_lends_a_text_its_time() -> None:
    fact = Confirmed("f", ConfirmedFactKind.FIGURE, "死亡人数", "5人", EARLIER + timedelta(hours=10))
    assert blocking(check("", "滑坡造成5人死亡。", LATER, said("滑坡造成3人死亡。"), [fact])) == []


def test_a_fact_that_has_changed_and_is_not_told_is_noted() -> None:
    fact = Confirmed("f", ConfirmedFactKind.FIGURE, "死亡人数", "5人", EARLIER + timedelta(hours=10))
    (found,) = check("", "道路已经抢通。", LATER, said("滑坡造成3人死亡。"), [fact])
    assert (found.kind, found.severity) == (FindingKind.MISSING_UPDATE, "note")
    assert "没有更新" in found.why


def test_other_names_of_a_fact_are_the_same_name() -> None:
    fact = Confirmed("f", ConfirmedFactKind.NAME, "施工单位", "云南江川建设有限公司", EARLIER, ("江川集团公司",))
    assert blocking(check("", "施工单位为江川集团公司。", LATER, [], [fact])) == []
    (found,) = blocking(check("", "施工单位为云南路桥公司。", LATER, [], [fact]))
    assert found.subject == "施工单位"


def test_a_finding_keeps_its_key_while_other_words_change() -> None:
    first = blocking(check("", "滑坡造成5人死亡。", LATER, said("滑坡造成3人死亡。"), []))
    later = blocking(check("", "据统计，滑坡造成5人死亡，道路已抢通。", LATER, said("滑坡造成3人死亡。"), []))
    assert [one.key for one in first] == [one.key for one in later]


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_checked(text: str) -> None:
    for found in check(text[:50], text, LATER, said("滑坡造成3人死亡，10月8日9时永平镇发生滑坡。"), []):
        field = text[:50] if found.field == "title" else text
        assert field[found.start : found.end] == found.quote
