"""Places: Pu'er's ten counties with their townships, and what only looks like one."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.places import COUNTIES, Mention, county_of, find, place_mentions, place_of
from language.places.gazetteer import GAZETTEER
from tests.unit.language.place_sentences import OTHERS, OURS, gold

SENTENCES = [*gold(OURS), *gold(OTHERS)]


def written(mention: Mention) -> str:
    """Write a mention as the gold does."""
    return f"{mention.county}/{mention.township}" if mention.township else mention.county


@pytest.mark.parametrize(("text", "city", "places"), SENTENCES)
def test_sentence(text: str, city: bool, places: list[str]) -> None:
    found = find(text)
    assert [written(mention) for mention in found.mentions] == places
    assert found.city is city


def test_recall_and_precision_of_the_sentences() -> None:
    found: Counter[tuple[str, str]] = Counter()
    wanted: Counter[tuple[str, str]] = Counter()
    for text, _, places in SENTENCES:
        found.update((text, written(mention)) for mention in find(text).mentions)
        wanted.update((text, place) for place in places)
    right = (found & wanted).total()
    assert len(SENTENCES) >= 120
    assert right / wanted.total() >= 0.99
    assert right / found.total() >= 0.99


@pytest.mark.parametrize(
    ("text", "counties"),
    [
        ("思茅区倚象镇", ("思茅区",)),
        ("江城哈尼族彝族自治县通报", ("江城县",)),
        ("镇沅彝族哈尼族拉祜族自治县", ("镇沅县",)),
        ("普洱市江城移民", ("江城县",)),
        ("云南江城的移民", ("江城县",)),
        ("江城武汉今日晴", ()),
        ("江城今日晴", ()),
        ("云南人在江城，长江边", ()),
        ("阳江市江城区", ()),
        ("西盟、孟连、澜沧三县", ("西盟县", "孟连县", "澜沧县")),
        ("西盟的事", ()),
        ("澜沧江边的村子", ()),
        ("澜沧江边的澜沧", ("澜沧县",)),
        ("思茅松林", ()),
        ("普洱思茅松种植", ()),
        ("糯扎渡水电站", ("思茅区", "澜沧县")),
        ("墨江双胞节", ("墨江县",)),
        ("景洪市", ()),
        ("爱喝普洱茶", ()),
        ("戈兰滩电站库区", ("江城县",)),
        ("勐梭镇发生滑坡", ("西盟县",)),
    ],
)
def test_counties(text: str, counties: tuple[str, ...]) -> None:
    assert find(text).counties == counties


def test_the_city_itself() -> None:
    assert find("普洱市政府").city
    assert find("普洱发布").city
    assert not find("一饼普洱茶").city


def test_evidence_says_where() -> None:
    text = "前往澜沧县糯扎渡镇"
    for mention in find(text).mentions:
        assert text[mention.start : mention.end] == mention.surface
    assert [written(mention) for mention in find(text).mentions] == ["澜沧县", "澜沧县/糯扎渡镇"]


def test_mentions_stand_in_their_field() -> None:
    title, text = "景谷县通报", "永平镇移民安置点缺水，民乐镇无人受灾"
    found = place_mentions(find(f"{title}\n{text}"), title=title, text=text)
    assert [(each.field, each.quote, each.county, each.township) for each in found] == [
        ("title", "景谷县", "景谷县", None),
        ("text", "永平镇", "景谷县", "永平镇"),
        ("text", "民乐镇", "景谷县", "民乐镇"),
    ]
    for each in found:
        assert (title if each.field == "title" else text)[each.start : each.end] == each.quote
    assert [each.field for each in place_mentions(find("宁洱县"), title="", text="宁洱县")] == ["text"]


def test_all_townships_are_there_and_found_beside_their_county() -> None:
    townships = {county: GAZETTEER.townships(county) for county in COUNTIES}
    assert [len(townships[county]) for county in COUNTIES] == [7, 9, 15, 13, 10, 9, 7, 6, 20, 7]
    for county, names in townships.items():
        for name in names:
            assert find(f"{county}{name}有雨").mentions[-1].township == name
            assert find(f"{county}今天通报，{name}有雨").townships == ((county, name),)
            assert place_of(f"{county}{name}") == (county, name)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("磨黑镇", ("宁洱县", "磨黑镇")),
        ("磨黑", ("宁洱县", "磨黑镇")),
        ("墨江县", ("墨江县", None)),
        ("墨江", ("墨江县", None)),
        ("谦六乡", ("澜沧县", "谦六彝族乡")),
        ("坝溜乡", ("墨江县", "坝溜镇")),
        ("永平镇", ("景谷县", "永平镇")),
        ("龙潭乡", None),
        ("墨江龙潭乡", ("墨江县", "龙潭乡")),
        ("思茅区龙潭乡", ("思茅区", "龙潭彝族傣族乡")),
        ("墨江永平镇", None),
        ("糯扎渡", None),
        ("昆明市", None),
        ("普洱市", None),
        ("普洱", None),
        ("", None),
        ("镇", None),
    ],
)
def test_place_of_a_name(name: str, place: tuple[str, str | None] | None) -> None:
    assert place_of(name) == place


@given(st.lists(st.sampled_from([*GAZETTEER.names, "，", "。", "的", "县", "和", "发生"]), max_size=12).map("".join))
def test_mentions_lie_in_the_text_in_order_and_apart(text: str) -> None:
    found = find(text)
    for mention in found.mentions:
        assert text[mention.start : mention.end] == mention.surface
        assert mention.county in COUNTIES
        assert mention.township is None or mention.township in GAZETTEER.townships(mention.county)
    spans = sorted({(mention.start, mention.end) for mention in found.mentions})
    assert all(before[1] <= behind[0] for before, behind in pairwise(spans))
    assert found.counties == tuple(dict.fromkeys(mention.county for mention in found.mentions))


def test_every_county_is_found_by_its_names() -> None:
    assert len(COUNTIES) == 10
    for county in COUNTIES:
        assert find(f"在{county}").counties == (county,)
        assert county_of(county) == county
        assert county_of(county[:-1]) == county
    assert county_of("昆明市") is None


@pytest.mark.parametrize("piece", ["普洱", "永平镇", "景谷县。永平镇", "四川龙潭乡", "磨黑、"])
def test_work_grows_with_the_text_and_not_with_its_square(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        taken = []
        for _ in range(3):  # the quickest, since a busy machine slows some
            begin = time.process_time()
            find(text)
            taken.append(time.process_time() - begin)
        return min(taken)

    seconds(1000)
    assert seconds(16_000) < 0.1 + 12 * seconds(4_000)
