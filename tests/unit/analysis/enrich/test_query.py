"""The query language: what it reads, what it refuses, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich import query
from services.analysis.enrich.query import And, Node, Not, Or, QueryError, Term

WORDS = ["移民", "搬迁", "补偿", "abc", "12345"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("移民", Term("移民")),
        ("移民 搬迁", And((Term("移民"), Term("搬迁")))),
        ("移民 AND 搬迁", And((Term("移民"), Term("搬迁")))),
        ("移民 且 搬迁", And((Term("移民"), Term("搬迁")))),
        ("移民 or 搬迁", Or((Term("移民"), Term("搬迁")))),
        ("移民|搬迁", Or((Term("移民"), Term("搬迁")))),
        ("移民 或 搬迁 补偿", Or((Term("移民"), And((Term("搬迁"), Term("补偿")))))),
        ("(移民 或 搬迁) 非 出国", And((Or((Term("移民"), Term("搬迁"))), Not(Term("出国"))))),
        ("（移民 ＯＲ 搬迁）　ＮＯＴ　出国", And((Or((Term("移民"), Term("搬迁"))), Not(Term("出国"))))),
        ("!出国 && 移民", And((Not(Term("出国")), Term("移民")))),
        ('"后期 扶持" ＡＢＣ', And((Term("后期 扶持"), Term("abc")))),
        ("“或”「且」", And((Term("或"), Term("且")))),
        ("或者 非法", And((Term("或者"), Term("非法")))),
        ("NOT NOT 移民", Not(Not(Term("移民")))),
    ],
)
def test_reads(text: str, expected: Node) -> None:
    assert query.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "zh"),
    [
        ("", 0, "为空"),
        ("　 ", 0, "为空"),
        ("移民 AND", 6, "缺少"),
        ("OR 移民", 0, "缺少"),
        ("(移民 OR 搬迁", 0, "没有闭合"),
        ("移民) 搬迁", 2, "多余"),
        ('移民 "后期扶持', 3, "引号没有闭合"),
        ('移民 ""', 3, "没有文字"),
        ("移民 ()", 4, "缺少"),
        ("NOT", 3, "缺少"),
        ("(" * 60 + "移民" + ")" * 60, 41, "层"),
    ],
)
def test_refuses_and_says_where(text: str, position: int, zh: str) -> None:
    with pytest.raises(QueryError) as caught:
        query.parse(text)
    assert caught.value.position == position
    assert zh in caught.value.zh
    assert f"第 {position + 1} 个字符" in caught.value.zh


def test_bounds_length_and_words() -> None:
    with pytest.raises(QueryError, match="longer"):
        query.parse("移" * (query.MAX_LENGTH + 1))
    with pytest.raises(QueryError, match="more than"):
        query.parse("a " * (query.MAX_TERMS + 1))


def test_a_bare_not_selects_everything() -> None:
    assert query.selects_everything(query.parse("NOT 移民"))
    assert query.selects_everything(query.parse("移民 OR NOT 搬迁"))
    assert not query.selects_everything(query.parse("移民 NOT 搬迁"))


def test_wanted_terms_leave_out_what_is_ruled_out() -> None:
    node = query.parse("移民 AND (搬迁 OR NOT 出国)")
    assert list(query.terms(node, wanted_only=True)) == ["移民", "搬迁"]
    assert list(query.terms(node)) == ["移民", "搬迁", "出国"]


NODES = st.recursive(
    st.sampled_from(WORDS).map(Term),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=12,
)


def written(node: Node, style: int) -> str:
    words = [(" AND ", " OR ", "NOT "), (" 且 ", " 或 ", "非 "), (" ", "｜", "！")][style % 3]
    match node:
        case Term(text):
            return f'"{text}"' if style % 2 else text
        case And(parts):
            return words[0].join(f"({written(part, style)})" for part in parts)
        case Or(parts):
            return "（" + words[1].join(f"({written(part, style)})" for part in parts) + "）"
        case Not(part):
            return f"{words[2]}({written(part, style)})"


def truth(node: Node, present: set[str]) -> bool:
    match node:
        case Term(text):
            return text in present
        case And(parts):
            return all(truth(part, present) for part in parts)
        case Or(parts):
            return any(truth(part, present) for part in parts)
        case Not(part):
            return not truth(part, present)


@given(node=NODES, style=st.integers(0, 5), present=st.sets(st.sampled_from(WORDS)))
def test_a_written_query_means_what_was_written(node: Node, style: int, present: set[str]) -> None:
    assert query.holds(query.parse(written(node, style)), present) == truth(node, present)


@given(st.text(alphabet='移民且或非ANDORNOT()（）"“”「 !&|　\u200b﹙', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    assert 0 <= position_of_fault(text) <= len(text)


def position_of_fault(text: str) -> int:
    try:
        assert all(query.terms(query.parse(text)))
    except QueryError as error:
        return error.position
    return 0
