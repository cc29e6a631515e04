"""Places: Pu'er's ten counties, and what only looks like one."""

from __future__ import annotations

import pytest

from services.analysis.enrich.places import COUNTIES, county_of, find


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
    assert [m.county for m in find(text).mentions] == ["澜沧县", "思茅区", "澜沧县"]


def test_every_county_is_found_by_its_names() -> None:
    assert len(COUNTIES) == 10
    for county in COUNTIES:
        assert find(f"在{county}").counties == (county,)
        assert county_of(county) == county
        assert county_of(county[:-1]) == county
    assert county_of("昆明市") is None
