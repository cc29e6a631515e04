"""What the index is asked: no post that a query holds for is missed, and none more is found where it says it all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import And, In, Near, Node, Not, Or, Place, QueryError, Reading, Term, Title, holds
from services.analysis.search import asking, tokens
from services.analysis.search.asking import EVERYTHING, NOTHING, AllOf, AnyOf, Ask, Has, read
from services.analysis.search.tokens import Indexed, Label, of_post
from tests.unit.analysis.search.test_tokens import ALPHABET

TEXTS = st.text(alphabet=ALPHABET, max_size=14)
TERMS = st.text(alphabet=ALPHABET, min_size=1, max_size=4).map(fold).filter(bool).map(Term)


def found_by(ask: Ask, held: set[str]) -> bool:
    """Do what the databases do."""
    match ask:
        case Has(token, prefix):
            return any(one.startswith(token) for one in held) if prefix else token in held
        case AllOf(parts, without):
            return all(found_by(part, held) for part in parts) and not any(found_by(part, held) for part in without)
        case AnyOf(parts):
            return any(found_by(part, held) for part in parts)


def nodes(leaves: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=5,
    )


WORDS = nodes(st.one_of(TERMS, st.builds(Near, TERMS, TERMS, st.integers(0, 5))))
NODES = nodes(
    st.one_of(
        WORDS,
        WORDS.map(Title),
        st.sampled_from(["澜沧县", "普洱市"]).map(Place),
        st.sampled_from([Channel.WEIBO, Channel.NEWS]).map(In),
    )
)


@given(NODES, TEXTS, TEXTS, st.sampled_from([Channel.WEIBO, Channel.FORUM]), st.booleans())
def test_the_index_misses_nothing_and_says_when_it_says_all(
    node: Node, title: str, text: str, channel: Channel, placed: bool
) -> None:
    places = frozenset({"澜沧县", "普洱市"} if placed else ())
    labels = frozenset({(Label.CHANNEL, channel.value), *((Label.PLACE, place) for place in places)})
    held = set(of_post(Indexed(title, text, labels)))
    holding = holds(node, Reading(fold(title), fold(text), channel, places))
    found = found_by(asking._at_most(node, False), held)
    assert found or not holding
    if asking._exact(node):
        assert found == holding
    if found_by(asking._at_least(node, False), held):
        assert holding


@pytest.mark.parametrize(
    ("query", "exact"),
    [
        ("移民", True),
        ("移", True),
        ("news", True),
        ("移民 AND (补偿 OR 安置) NOT 海外", True),
        ("title:移民 channel:微博 place:澜沧", True),
        ("补偿款", False),
        ("移民 near/5 补偿", False),
        ("covid-19", False),
        ("100%", False),
    ],
)
def test_what_must_be_read_again(query: str, exact: bool) -> None:
    assert read(query).exact is exact


def test_what_is_asked_is_simple() -> None:
    assert read("移民 移民").ask == Has("移民")
    assert read("移民 OR 移民 OR 补偿").ask == AnyOf((Has("移民"), Has("补偿")))
    assert read("补偿款").ask == AllOf((Has("补偿"), Has("偿款")))
    assert read("移").ask == Has("移", prefix=True)
    assert read("title:移民").ask == Has(tokens.in_title("移民"))
    assert read("移民 NOT (海外 OR 留学)").ask == AllOf((Has("移民"),), (AnyOf((Has("海外"), Has("留学"))),))
    # a phrase that must be read again rules nothing out by its pairs alone
    assert read("移民 NOT 补偿款").ask == Has("移民")
    assert asking.all_of([Has("a"), NOTHING]) == NOTHING
    assert asking.any_of([Has("a"), EVERYTHING]) == EVERYTHING


@pytest.mark.parametrize(
    ("query", "position", "zh"),
    [
        ("NOT 移民", 0, "请加上要查找的词"),
        ("移民 OR NOT 补偿", 0, "请加上要查找的词"),
        ("“！！”", 0, "没有可查找的文字或数字"),
        ("移民 AND (", 8, "缺少一个词"),
        ("  ", 0, "为空"),
        ("移" * 501, 500, "超过 500 个字符"),
    ],
)
def test_a_query_that_finds_nothing_in_particular_is_refused(query: str, position: int, zh: str) -> None:
    with pytest.raises(QueryError) as caught:
        read(query)
    assert caught.value.position == position
    assert zh in caught.value.zh


def test_nesting_is_bounded_for_the_databases_parsers() -> None:
    query = "甲甲"
    for depth in range(32):
        query = f"({query} OR 乙{depth}) AND 丙" if depth % 2 else f"({query} AND 丁) OR 戊{depth}"
    with pytest.raises(QueryError, match="nested"):
        read(query)
