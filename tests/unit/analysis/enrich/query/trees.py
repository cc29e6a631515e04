"""Trees of queries, and the readings that they are held against, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from contracts.words import Channel
from services.analysis.enrich.query import And, In, Near, Node, Not, Or, Place, Term, Title

WORDS = ["移民", "民工", "工资", "资", "补偿", "abc", "12345", "后期 扶持", "near", "或者", "a:b", "“x”", '3"', "1/2"]
#: what texts of property tests are strung together from
PIECES = ["移民", "民工", "工资", "补偿", "资", "abc", "12345", "后期 扶持", " ", ",", "的"]

terms = st.sampled_from(WORDS).map(Term)
nears = st.builds(Near, terms, terms, st.integers(0, 12))


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    )


#: what may stand inside title:(…)
words: st.SearchStrategy[Node] = st.recursive(st.one_of(terms, nears), _joined, max_leaves=5)
leaves: st.SearchStrategy[Node] = st.one_of(
    terms,
    nears,
    words.map(Title),
    st.sampled_from(["普洱市", "墨江县", "墨江县联珠镇"]).map(Place),
    st.sampled_from(Channel).map(In),
)
trees: st.SearchStrategy[Node] = st.recursive(leaves, _joined, max_leaves=10)
texts = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: " ".join("".join(pieces).split()))
