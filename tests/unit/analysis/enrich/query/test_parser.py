"""The query language: what it reads, what it refuses, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel
from services.analysis.enrich import query
from services.analysis.enrich.query import And, In, Near, Node, Not, Or, Place, QueryError, Term, Title
from tests.unit.analysis.enrich.query.trees import trees

PLAN = Path(__file__).parents[5] / "plans" / "puer-resettlement-2019.yaml"


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
        ("補償 OR 搬遷", Or((Term("补偿"), Term("搬迁")))),
        ("移民 near/5 补偿", Near(Term("移民"), Term("补偿"), 5)),
        ("移民 ＮＥＡＲ／０ “补偿 款”", Near(Term("移民"), Term("补偿 款"), 0)),
        ("移民 近/5 补偿 或 搬迁", Or((Near(Term("移民"), Term("补偿"), 5), Term("搬迁")))),
        ("NOT 移民 near/5 补偿", Not(Near(Term("移民"), Term("补偿"), 5))),
        (
            "(移民 OR 搬迁) near/5 补偿",
            Or((Near(Term("移民"), Term("补偿"), 5), Near(Term("搬迁"), Term("补偿"), 5))),
        ),
        ("near 5", And((Term("near"), Term("5")))),
        ("title:移民", Title(Term("移民"))),
        ("标题：（移民 或 搬迁）", Title(Or((Term("移民"), Term("搬迁"))))),
        ("标题:移民 搬迁", And((Title(Term("移民")), Term("搬迁")))),
        ("title:(移民 near/3 补偿)", Title(Near(Term("移民"), Term("补偿"), 3))),
        ("TITLE: “移民 新村”", Title(Term("移民 新村"))),
        ("place:墨江县", Place("墨江县")),
        ("地点:墨江哈尼族自治县", Place("墨江县")),
        ("地点：普洱", Place("普洱市")),
        ("place:联珠镇", Place("墨江县联珠镇")),
        ("place:(墨江 OR 澜沧)", Or((Place("墨江县"), Place("澜沧县")))),
        ("channel:Weibo", In(Channel.WEIBO)),
        ("渠道:(微博 或 论坛) 移民", And((Or((In(Channel.WEIBO), In(Channel.FORUM))), Term("移民")))),
        ("NOT channel:新闻", Not(In(Channel.NEWS))),
        ("10:30", Term("10:30")),
        ('"比例:高"', Term("比例:高")),
        ("https", Term("https")),
    ],
)
def test_reads(text: str, expected: Node) -> None:
    assert query.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "zh", "en"),
    [
        ("", 0, "为空", "empty"),
        ("　 ", 0, "为空", "empty"),
        ("移民 AND", 6, "缺少", "missing"),
        ("OR 移民", 0, "缺少", "missing"),
        ("(移民 OR 搬迁", 0, "没有闭合", "never closed"),
        ("移民) 搬迁", 2, "多余", "without its opening"),
        ('移民 "后期扶持', 3, "引号没有闭合", "never closed"),
        ('移民 ""', 3, "没有文字", "nothing between"),
        ("移民 ()", 4, "缺少", "missing"),
        ("NOT", 3, "缺少", "missing"),
        ("(" * 60 + "移民" + ")" * 60, 40, "层", "deep"),
        ("移民 near/ 补偿", 8, "near/ 后须为数字", "followed by a number"),
        ("移民 near/五 补偿", 8, "near/ 后须为数字", "followed by a number"),
        ("移民 near/-1 补偿", 8, "near/ 后须为数字", "followed by a number"),
        ("移民 near/201 补偿", 8, "最多为 200", "200 characters at most"),
        ("移民 near/" + "9" * 900, 8, "最多为 200", "200 characters at most"),
        ("移民 near/5", 9, "缺少", "missing"),
        ("near/5 移民", 0, "缺少", "missing"),
        ("移民 near/5 (补偿 AND 款)", 10, "near/ 两边须为词", "either side"),
        ("NOT 移民 near/5 title:补偿", 14, "near/ 两边须为词", "either side"),
        ("甲 near/5 乙 near/5 丙", 11, "只连接两个词", "joins two words"),
        ("移民 channel:抖音", 11, "weibo(微博)", "weibo(微博)"),
        ("移民 渠道:(微博 或 抖音)", 12, "没有渠道“抖音”", "no channel"),
        ("移民 place:北京", 9, "地名表中没有“北京”", "no place"),
        ("place:龙潭乡", 6, "同名", "or two"),
        ("移民 author:张三", 3, "title(标题)、place(地点)、channel(渠道)", "fields are title"),
        ("移民 作者：张三", 3, "没有字段“作者”", "no field"),
        ("title:(移民 place:墨江)", 10, "字段内不能再写字段", "inside the value of another"),
        ("移民 title:", 9, "冒号后缺少", "after the colon"),
        ("title:NOT 移民", 6, "冒号后缺少", "after the colon"),
        ("\u200b", 0, "没有可见字符", "no visible"),
    ],
)
def test_refuses_and_says_where(text: str, position: int, zh: str, en: str) -> None:
    with pytest.raises(QueryError) as caught:
        query.parse(text)
    assert caught.value.position == position
    assert zh in caught.value.zh
    assert en in caught.value.en
    assert f"第 {position + 1} 个字符" in caught.value.zh


def test_bounds_length_words_and_pairs() -> None:
    with pytest.raises(QueryError, match="longer"):
        query.parse("移" * (query.MAX_LENGTH + 1))
    with pytest.raises(QueryError, match="more than") as caught:
        query.parse("a " * (query.MAX_TERMS + 1))
    assert caught.value.position == 2 * query.MAX_TERMS
    twenty = "(" + " OR ".join(f"w{number}" for number in range(20)) + ")"
    with pytest.raises(QueryError, match="pairs"):
        query.parse(f"{twenty} near/5 {twenty}")


def test_reads_the_queries_of_the_plan() -> None:
    topics = yaml.safe_load(PLAN.read_text(encoding="utf-8"))["scope"]["topics"]
    assert all(list(query.terms(query.parse(topic["query"]))) for topic in topics)


def test_wanted_terms_leave_out_what_is_ruled_out() -> None:
    node = query.parse("移民 AND (title:搬迁 OR NOT 出国) AND 甲 near/3 乙 AND place:墨江")
    assert list(query.terms(node, wanted_only=True)) == ["移民", "搬迁", "甲", "乙"]
    assert list(query.terms(node)) == ["移民", "搬迁", "出国", "甲", "乙"]


def flat(node: Node) -> Node:
    """Return a tree with an AND in an AND, and an OR in an OR, as one: what reading writes side by side."""
    match node:
        case And(parts) | Or(parts):
            found: list[Node] = []
            for part in map(flat, parts):
                found.extend(part.parts if isinstance(part, And | Or) and type(part) is type(node) else [part])
            return type(node)(tuple(found))
        case Not(part):
            return Not(flat(part))
        case Title(part):
            return Title(flat(part))
        case _:
            return node


@given(trees.map(flat))
def test_what_is_written_reads_back(node: Node) -> None:
    assert query.parse(query.write(node)) == node


IN_CHINESE = {
    " AND ": " 且 ",
    " OR ": " 或 ",
    "NOT ": "非 ",
    "title:": "标题：",
    "place:": "地点:",
    "channel:": "渠道：",
}


def full_width(written: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c in "():/!&|" or (c.isascii() and c.isalnum()) else c for c in written)


@given(trees.map(flat))
def test_full_width_and_chinese_forms_read_the_same(node: Node) -> None:
    written = query.write(node)
    assert query.parse(full_width(written)) == node
    for english, chinese in IN_CHINESE.items():
        written = written.replace(english, chinese)
    assert query.parse(written) == node


PARTS = [
    "移民",
    "near/3",
    "near/",
    "标题:",
    "渠道：",
    "微博",
    "place:",
    "墨江",
    "(",
    ")",
    '"',
    "”",
    "NOT",
    "OR",
    "near",
    ":",
]


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet='移民且或非ANDORNOTnear/5title:place:渠道：墨江()（）"“”「 !&|　\u200b﹙', max_size=60),
        st.lists(st.sampled_from(PARTS), max_size=16).map("".join),
        st.lists(st.sampled_from(PARTS), max_size=16).map(" ".join),
    )
)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    node, fault = read(text)
    if fault is not None:
        assert 0 <= fault.position <= len(text)
        assert fault.zh
        assert fault.en
    elif node is not None:
        assert all(query.terms(node))
        assert query.parse(query.write(node)) == flat(node)


def read(text: str) -> tuple[Node | None, QueryError | None]:
    try:
        return query.parse(text), None
    except QueryError as error:
        return None, error
