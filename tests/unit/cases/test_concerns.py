"""What counts as an answer to a concern, and the share answered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.concerns import ConcernState, check_answer, share_answered, show_share, weigh
from services.cases.lifecycle import Refused


@dataclass
class One:
    id: str
    state: str
    posts: int
    merged_into: str | None = None


def test_the_share_counts_themes_and_posts_and_what_was_passed_is_no_answer() -> None:
    concerns = [
        One("a", ConcernState.ANSWERED, 6),
        One("b", ConcernState.OPEN, 2),
        One("c", ConcernState.PASSED, 1),
        One("d", ConcernState.MERGED, 3, "a"),
        One("e", ConcernState.MERGED, 4, "d"),
    ]
    share = share_answered(concerns)
    assert (share.total, share.answered, share.passed) == (3, 1, 1)
    assert (share.share, share.posts_share) == (0.3333, 0.8125)
    assert weigh(concerns) == {"a": 13, "b": 2, "c": 1, "d": 0, "e": 0}
    assert show_share(share) == "诉求 3 项，已答复 1 项（33%，按信息量 81%），另有 1 项已转办"
    nothing = share_answered([])
    assert (nothing.total, nothing.share, nothing.posts_share) == (0, 0.0, 0.0)


@given(st.lists(st.tuples(st.sampled_from(["open", "answered", "passed"]), st.integers(0, 100)), max_size=8))
def test_shares_lie_between_nothing_and_all(given: list[tuple[str, int]]) -> None:
    share = share_answered([One(str(i), state, posts) for i, (state, posts) in enumerate(given)])
    assert 0 <= share.share <= 1
    assert 0 <= share.posts_share <= 1
    assert share.answered + share.passed <= share.total == len(given)


@pytest.mark.parametrize(
    ("text", "published", "done", "rule"),
    [
        ("", None, None, "answer_missing"),
        ("。。。", None, None, "answer_missing"),
        ("已处理", None, None, "answer_says_nothing"),
        ("已答复。", None, None, "answer_says_nothing"),
        ("不予答复", None, None, "answer_says_nothing"),
        ("正在研究", None, False, "answer_says_nothing"),
        ("", None, False, "task_not_done"),
        ("补偿款将于3月10日前发放到户", False, None, "statement_not_published"),
    ],
)
def test_a_mouth_is_not_closed_by_an_empty_answer(
    text: str, published: bool | None, done: bool | None, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_answer(text, published=published, task_done=done)
    assert refused.value.rule == rule


def test_a_text_a_published_statement_or_a_task_that_is_done_answers() -> None:
    check_answer("补偿款将于3月10日前发放到户", published=None, task_done=None)
    check_answer("", published=True, task_done=None)
    check_answer("", published=None, task_done=True)
