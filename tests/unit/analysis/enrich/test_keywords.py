"""Keywords: real words that tell the story. All sentences are made up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.masks import MOBILE
from services.analysis.enrich.keywords import LIMIT, extract, rarity
from services.analysis.enrich.keywords.commonplace import WORDS
from services.analysis.enrich.keywords.joining import APART, joined

#: what people wrote, and words that their keywords must have and must not have
TOLD = (
    (
        "澄源协和医药公告收购案,澄源协和的股价连跌三天。投资者要求澄源协和说明细胞治疗项目。",
        {"澄源协和", "收购案", "细胞"},
        {"源协", "项目", "澄源"},
    ),
    (
        "驻外办事处遭汽车炸弹袭击,办事处两名雇员受伤,凶手身份不明。",
        {"办事处", "炸弹", "袭击"},
        {"事处遭汽车炸", "两名"},
    ),
    (
        "本报讯 记者李某某报道:省地质勘探局昨日公布,云坪县发生塌方,公路中断。来源:某某晚报 编辑:王某",
        {"地质勘探", "塌方", "公路"},
        {"记者", "报道", "本报讯", "编辑", "来源", "昨日"},
    ),
    (
        "名下三套房被法院查封,女同事说开发商拖欠工程款。",
        {"查封", "开发商", "工程款", "拖欠"},
        {"三套房被", "女同事", "房被"},
    ),
    (
        "苏禾青起诉了开发商。法院受理后,苏禾青在庭上说,开发商没有答复苏禾青。",
        {"苏禾青", "开发商", "法院"},
        {"苏禾", "禾青"},
    ),
    (
        "刘松谷说桥是去年修的。乡邻都认得刘松谷,桥塌后刘松谷守在桥头。",
        {"刘松谷", "桥头"},
        {"松谷", "去年"},
    ),
)


@pytest.mark.parametrize(("text", "wanted", "unwanted"), TOLD)
def test_keywords_are_words_that_tell_the_story(text: str, wanted: set[str], unwanted: set[str]) -> None:
    found = set(extract(text))
    assert wanted <= found
    assert not unwanted & found


def test_hashtags_and_words_of_the_domain_lead() -> None:
    found = extract("#糯扎渡移民# 补偿款一直没到账,补偿款去哪了?", also=["澜沧县"])
    assert found[0] in {"糯扎渡移民", "补偿款"}
    assert {"糯扎渡移民", "补偿款", "澜沧县"} <= set(found)


def test_hashtags_with_full_width_marks_count_as_well() -> None:
    assert extract("＃柳湾安置点停水＃ 第三天了")[0] == "柳湾安置点停水"


def test_a_hashtag_that_heads_any_post_is_no_keyword() -> None:
    found = extract("#今日话题# 【转载】 #??# 安置房漏水,物业不管")
    assert {"安置房", "漏水", "物业"} <= set(found)
    assert not {"今日话题", "转载", "??"} & set(found)
    assert extract("#停水 @ 柳湾#") == ["停水", "柳湾"]
    assert extract("【某某网 文/周某】【记者手记】停水第三天")[0] == "停水"


def test_a_bracketed_headline_is_read_as_a_title_and_a_short_one_is_a_keyword() -> None:
    assert "断桥事故" in extract("【断桥事故】搜救仍在进行")
    found = extract("【柳湾镇暴雨过后三座桥梁受损群众绕行】今天路面恢复通行")
    assert {"暴雨", "桥梁"} <= set(found[:4])
    assert max(map(len, found)) < 10


def test_what_a_text_repeats_is_a_keyword() -> None:
    assert "龙潭桥" in extract("龙潭桥今天封闭。绕行龙潭桥的车辆请注意,龙潭桥何时恢复另行通知")
    assert "糯扎渡水电站" in extract("糯扎渡水电站开始放水。糯扎渡水电站下游的村民请远离河道")


def test_a_word_of_the_title_comes_before_one_of_the_text() -> None:
    found = extract("塌方发生在清晨,隧道里的工人全部撤离,铁路部门正在抢修,列车停运。", title="隧道塌方")
    assert set(found[:2]) == {"隧道", "塌方"}


def test_no_marks_accounts_links_numbers_or_times() -> None:
    found = extract(
        f"@青石板上的雨 转发//@柳湾居民:请拨{MOBILE},2026年3月1日8时停水300户,详见https://t.example.org/abc [泪]"
    )
    assert "停水" in found
    for word in found:
        assert not any(part in word for part in ("手机号", "青石板", "柳湾居民", "example", "2026", "300", "泪"))


def test_bounded_and_without_doubles() -> None:
    found = extract("移民 搬迁 安置 补偿 水库 征地 拆迁 土地 耕地 学校 医院 就业 培训" * 3)
    assert len(found) == LIMIT
    assert len(set(found)) == LIMIT
    assert extract("移民 搬迁 安置 补偿", limit=2) == extract("移民 搬迁 安置 补偿")[:2]


def test_nothing_to_say() -> None:
    assert extract("") == []
    assert extract("！！") == []
    assert extract("您好,请问这个问题怎么办?谢谢") == []


@given(st.text(alphabet="移民补偿款的了是在不#【】@:, 12aZ\n〔〕水电站糯扎渡記者", max_size=120), st.text(max_size=30))
def test_any_text_has_the_same_keywords_again_and_none_is_bare(text: str, title: str) -> None:
    found = extract(text, title=title)
    assert found == extract(text, title=title)
    assert len(found) <= LIMIT
    assert len(set(found)) == len(found)
    for word in found:
        assert len(word) > 1
        assert word not in WORDS
        assert not word.isdigit()
        assert "@" not in word


def test_words_are_joined_that_stand_together_each_time() -> None:
    words = ["柳湾", "水电站", APART, "下游", APART, "柳湾", "水电站"]
    assert joined(words) == (["", "柳湾水电站", APART, "下游", APART, "柳湾水电站"], {"柳湾水电站"})
    apart = ["柳湾", "水电站", APART, "柳湾", APART, "水电站", APART, "柳湾", "水电站", APART, "柳湾", APART, "水电站"]
    assert joined(apart)[1] == set()


def test_common_words_are_less_rare_than_uncommon_ones() -> None:
    assert rarity.rarity_of("我们") < rarity.rarity_of("医院") < rarity.rarity_of("安置房")
    assert rarity.rarity_of("不曾有过的词") == rarity.HIGHEST
    assert rarity.is_known("医院")
    assert not rarity.is_known("不曾有过的词")


def test_a_packed_table_holds_checksums_in_order() -> None:
    arrays = rarity.packed({"甲乙": 10, "丙丁": 100}, 1000)
    assert arrays["keys"].tolist() == sorted(map(rarity.key_of, ("甲乙", "丙丁")))
    assert sorted(arrays["rarities"].tolist()) == [18, 37]


def test_a_long_report_takes_milliseconds() -> None:
    text = "".join(f"第{n}号安置点的供水管道在暴雨后破裂,村民向镇政府反映,施工队{n}天后到场。" for n in range(80))
    extract(text)
    started = time.process_time()
    for _ in range(20):
        extract(text)
    assert (time.process_time() - started) / 20 < 0.1
