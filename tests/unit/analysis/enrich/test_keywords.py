"""Keywords."""

from __future__ import annotations

from services.analysis.enrich.keywords import LIMIT, extract


def test_hashtags_and_words_of_the_domain_lead() -> None:
    found = extract("#糯扎渡移民# 补偿款一直没到账,补偿款去哪了?", also=["澜沧县"])
    assert found[0] in {"糯扎渡移民", "补偿款"}
    assert {"糯扎渡移民", "补偿款", "澜沧县"} <= set(found)


def test_what_a_text_repeats_is_a_keyword() -> None:
    assert "龙潭桥" in extract("龙潭桥今天封闭。绕行龙潭桥的车辆请注意,龙潭桥何时恢复另行通知")


def test_bounded_and_without_doubles() -> None:
    found = extract("移民 搬迁 安置 补偿 水库 征地 拆迁 土地 耕地 学校 医院 就业 培训" * 3)
    assert len(found) == LIMIT
    assert len(set(found)) == LIMIT


def test_nothing_to_say() -> None:
    assert extract("") == []
    assert extract("！！") == []
