"""Topics: boolean queries, places, exclusions, and all of them at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel
from language import places
from services.analysis.enrich import query
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import Node, QueryError, Reading
from services.analysis.enrich.query.gazetteer import spoken_of
from services.analysis.enrich.topics import TopicMatcher, TopicRule, check, whole
from tests.unit.analysis.enrich.query.trees import texts, trees


def matched(rules: list[TopicRule], text: str, *, title: str = "", channel: Channel | None = None) -> list[str]:
    found = places.find(f"{title}\n{text}" if title else text)
    return TopicMatcher(rules).match(fold(title), fold(text), found, channel)


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
    by_township = TopicRule("t", "移民", ("墨江县联珠镇",))
    assert matched([by_county, by_word], "澜沧拉祜族自治县移民") == ["c"]
    assert matched([by_county, by_word], "宁洱县移民") == []
    assert "w" in matched([by_county, by_word], "糯扎渡库区移民")
    assert matched([by_county, by_township], "墨江县联珠镇的移民") == ["t"]
    assert matched([by_township], "墨江县移民") == []


def test_full_width_case_and_traditional_do_not_matter() -> None:
    assert matched([TopicRule("t", "pm2.5")], "今天ＰＭ２.５超标") == ["t"]
    assert matched([TopicRule("t", "補償"), TopicRule("u", "移民补偿")], "移民補償") == ["t", "u"]


def test_a_latin_word_is_not_found_inside_another() -> None:
    rule = TopicRule("t", "ai")
    assert matched([rule], "he said so") == []
    assert matched([rule], "用AI写的") == ["t"]


def test_title_and_channel() -> None:
    rules = [TopicRule("a", "title:移民"), TopicRule("b", "移民"), TopicRule("c", "移民 channel:微博")]
    assert matched(rules, "移民") == ["b"]
    assert matched(rules, "群众", title="移民", channel=Channel.WEIBO) == ["a", "b", "c"]
    assert matched(rules, "移民", title="群众", channel=Channel.NEWS) == ["b"]


def test_no_word_reaches_from_the_title_into_the_text() -> None:
    rules = [TopicRule("a", "移民"), TopicRule("b", '"移 民"'), TopicRule("c", "移 near/5 民")]
    assert matched(rules, "民", title="移") == []


def test_a_bad_query_is_named_and_the_others_work() -> None:
    matcher = TopicMatcher([TopicRule("bad", "(移民"), TopicRule("all", "NOT 移民"), TopicRule("good", "移民")])
    assert set(matcher.problems) == {"bad", "all"}
    assert matcher.match("", "移民", places.Places()) == ["good"]


def test_families_are_kept() -> None:
    matcher = TopicMatcher([TopicRule("a", "移民"), TopicRule("p.b", "移民", family="p")])
    assert matcher.families == {"a": "plan", "p.b": "p"}


def test_no_topics_match_nothing() -> None:
    assert TopicMatcher([]).match("", "移民", places.Places()) == []


def test_topics_of_places_alone_need_no_words() -> None:
    rule = TopicRule("t", "place:墨江县 OR place:普洱市 channel:微博")
    assert matched([rule], "墨江县下雨了") == ["t"]
    assert matched([rule], "普洱市下雨了") == []
    assert matched([rule], "普洱市下雨了", channel=Channel.WEIBO) == ["t"]


def usable(node: Node) -> bool:
    try:
        check(query.write(node))
    except QueryError:
        return False
    return True


SPOKEN = [
    places.Places(),
    places.Places(city=True),
    places.find("墨江县联珠镇"),
    places.find("澜沧县"),
]


@given(
    st.lists(trees.filter(usable), min_size=1, max_size=5),
    texts,
    texts,
    st.sampled_from(SPOKEN),
    st.one_of(st.none(), st.sampled_from(Channel)),
)
def test_all_topics_at_once_agree_with_the_plain_meaning_of_each(
    nodes: list[Node], title: str, text: str, spoken: places.Places, channel: Channel | None
) -> None:
    rules = [TopicRule(str(number), query.write(node)) for number, node in enumerate(nodes)]
    reading = Reading(title, text, channel, spoken_of(spoken))
    expected = [rule.key for rule in rules if query.holds(whole(rule), reading)]
    assert TopicMatcher(rules).match(title, text, spoken, channel) == expected
