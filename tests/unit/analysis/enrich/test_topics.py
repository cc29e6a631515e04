"""Topics: boolean queries, places, exclusions and highlights."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich import places, query
from services.analysis.enrich.folding import fold
from services.analysis.enrich.topics import TopicMatcher, TopicRule


def matched(rules: list[TopicRule], text: str) -> list[str]:
    return TopicMatcher(rules).match(fold(text), places.find(text))


RESETTLEMENT = TopicRule("resettlement", "(移民 OR 搬迁) AND 补偿", ("普洱市",), ("海外移民",))


def test_needs_query_and_place() -> None:
    assert matched([RESETTLEMENT], "澜沧县移民补偿款未到账") == ["resettlement"]
    assert matched([RESETTLEMENT], "普洱的移民都等着补偿") == ["resettlement"]
    assert matched([RESETTLEMENT], "三峡移民补偿款未到账") == []
    assert matched([RESETTLEMENT], "澜沧县移民很好") == []


def test_excluded_words_rule_out() -> None:
    assert matched([RESETTLEMENT], "澜沧县海外移民补偿") == []


def test_county_and_plain_places() -> None:
    by_county = TopicRule("c", "移民", ("澜沧县",))
    by_word = TopicRule("w", "移民", ("糯扎渡库区",))
    assert matched([by_county, by_word], "澜沧拉祜族自治县移民") == ["c"]
    assert matched([by_county, by_word], "糯扎渡库区移民") == ["c", "w"]
    assert matched([by_county, by_word], "宁洱县移民") == []


def test_full_width_and_case_do_not_matter() -> None:
    assert matched([TopicRule("t", "pm2.5")], "今天ＰＭ２.５超标") == ["t"]


def test_a_latin_word_is_not_found_inside_another() -> None:
    rule = TopicRule("t", "ai")
    assert matched([rule], "he said so") == []
    assert matched([rule], "用AI写的") == ["t"]


def test_a_bad_query_is_named_and_the_others_work() -> None:
    matcher = TopicMatcher([TopicRule("bad", "(移民"), TopicRule("all", "NOT 移民"), TopicRule("good", "移民")])
    assert set(matcher.problems) == {"bad", "all"}
    assert matcher.match("移民", places.Places()) == ["good"]


def test_no_topics_match_nothing() -> None:
    matcher = TopicMatcher([])
    assert matcher.match("移民", places.Places()) == []
    assert matcher.highlights("移民") == []


def test_highlights_are_places_in_the_original_text() -> None:
    text = "ＡＩ 帮　移民　算补偿款，补偿款未到"
    found = TopicMatcher([TopicRule("t", "移民 AND (补偿 OR 补偿款) NOT 出国 OR ai")]).highlights(text)
    assert [h.text for h in found] == ["ＡＩ", "移民", "补偿款", "补偿款"]
    assert all(text[h.start : h.end] == h.text for h in found)


@given(
    st.lists(st.sampled_from(["移民", "民工", "工资", "拖欠", "欠薪", "资"]), max_size=6),
    st.lists(st.sampled_from(["移民 AND 拖欠", "民工 OR 资", "工资 NOT 欠薪", "移民 民工"]), max_size=4),
)
def test_one_pass_finds_what_plain_search_finds(words: list[str], queries: list[str]) -> None:
    text = "".join(words)
    rules = [TopicRule(str(index), text_) for index, text_ in enumerate(queries)]
    expected = []
    for rule in rules:
        node = query.parse(rule.query)
        present = {term for term in query.terms(node) if term in text}
        if query.holds(node, present):
            expected.append(rule.key)
    assert matched(rules, text) == expected
