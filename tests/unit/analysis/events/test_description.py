"""Titles and summaries are words of the posts themselves, the same in whatever order the posts are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analysis.enrich.story import story_of
from services.analysis.events.description import (
    READ,
    SUMMARY_CHARACTERS,
    TITLE_CHARACTERS,
    Story,
    quotes,
    title_and_summary,
    title_of,
    title_of_words,
)
from services.analysis.events.vectors import story_encoder

START = datetime(2026, 3, 1, tzinfo=UTC)
SENTENCES = (
    "糯扎渡镇移民安置点的补偿款拖了半年没有发放。",
    "几十户群众到镇政府询问情况!",
    "镇政府答复,款项将在本周内发放到户。",
    "景谷县凌晨发生5.2级地震。",
    "#补偿款# 大家都在等。",
    "【通报】第一批款项已经到账",
    "短。",
    "  ",
    "没有句号的一句话，一直说到最后也没有停下来",
)


def a_story(number: int, text: str, title: str = "") -> Story:
    vector = story_encoder().encode(story_of(title, text))
    return Story((START + timedelta(minutes=number), f"p{number:03}"), title, text, vector)


STORIES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map("".join),
        st.sampled_from(["", "", "关于补偿款发放的情况说明"]),
    ),
    min_size=1,
    max_size=12,
).map(lambda drawn: [a_story(number, text, title) for number, (text, title) in enumerate(drawn)])


@settings(max_examples=60, deadline=None)
@given(stories=STORIES, data=st.data())
def test_order_does_not_matter_and_nothing_is_made_up(stories: list[Story], data: st.DataObject) -> None:
    title, summary = title_and_summary(stories)
    assert title_and_summary(data.draw(st.permutations(stories))) == (title, summary)
    assert len(title) <= TITLE_CHARACTERS
    assert len(summary) <= SUMMARY_CHARACTERS
    assert title in {title_of(story.title, story.text) for story in stories}
    whole = " ".join(" ".join(story.text.split()) for story in stories)
    for sentence in filter(None, summary.replace("!", "。").split("。")):
        assert sentence in whole.replace("!", "。")


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("标题", "正文。", "标题"),
        ("  ", "#糯扎渡移民补偿# 正文。", "糯扎渡移民补偿"),
        ("", "＃糯扎渡移民补偿＃ 正文。", "糯扎渡移民补偿"),
        ("", "【补偿款情况通报】正文。", "补偿款情况通报"),
        ("", "#移民# 【通报】正文在此。", "正文在此。"),
        ("", "#移民#", "#移民#"),
        ("", "真的吗？没有听说。", "真的吗？"),
        ("", "第一句。第二句。", "第一句。"),
        ("", "\n\n第一行\n第二行", "第一行"),
        ("", "长" * 100, "长" * 59 + "…"),
        ("", "!!!", "!!!"),
        ("", "", ""),
    ],
)
def test_what_a_post_is_called(title: str, text: str, expected: str) -> None:
    assert title_of(title, text) == expected


def test_the_most_central_headline_names_the_event() -> None:
    money = "糯扎渡镇移民安置点的补偿款拖了半年没有发放"
    stories = [
        a_story(0, "县城公交线路下周一起调整。", "公交调整"),
        a_story(1, f"{money}。", "补偿款半年未发"),
        a_story(2, f"{money},群众到镇政府询问。"),
        a_story(3, f"网友说{money},大家都在等。"),
    ]
    title, summary = title_and_summary(stories)
    assert title == "补偿款半年未发"
    assert money in summary
    assert summary.count(money) == 1, "one sentence of several that say the same"


def test_of_two_texts_the_earlier_speaks() -> None:
    early, late = a_story(1, "景谷县凌晨发生地震。", "景谷地震"), a_story(2, "景谷县发生5.2级地震。", "景谷5.2级地震")
    assert title_and_summary([late, early])[0] == "景谷地震"


def test_sentences_stand_in_the_order_of_publication() -> None:
    told = [a_story(n, SENTENCES[n]) for n in range(3)]
    assert title_and_summary(told[::-1])[1] == "".join(SENTENCES[:3])


def test_a_line_without_a_full_stop_does_not_run_into_the_next() -> None:
    told = [a_story(0, "第一批款项已经到账，其余的还在等"), a_story(1, "镇政府说本周内发放到户")]
    assert title_and_summary(told)[1] == "第一批款项已经到账，其余的还在等。镇政府说本周内发放到户"


def test_only_the_first_texts_are_read_so_that_words_settle() -> None:
    stories = [a_story(number, f"补偿款还没有发,等了{number}天。") for number in range(READ)]
    late = [a_story(READ + number, "【新消息】另一回事。", "另一回事") for number in range(300)]
    assert title_and_summary(late + stories) == title_and_summary(stories)


def test_a_sentence_too_long_for_a_summary_is_cut() -> None:
    title, summary = title_and_summary([a_story(0, "长" * 500 + "。")])
    assert summary == "长" * (SUMMARY_CHARACTERS - 1) + "…"
    assert len(title) == TITLE_CHARACTERS


def test_a_text_without_a_sentence_is_its_own_summary() -> None:
    assert title_and_summary([a_story(0, "嗯嗯")]) == ("嗯嗯", "嗯嗯")
    with pytest.raises(ValueError, match="at least one"):
        title_and_summary([])


def test_a_tag_that_says_nothing_by_itself_is_no_headline() -> None:
    assert title_of("", "#移民补偿# 安置点停水三天了。没人管。") == "安置点停水三天了。"
    assert title_of("", "【求助】 #移民补偿# 村口的桥塌了!") == "村口的桥塌了!"
    assert title_of("", "#移民补偿# 停水 #柳湾安置点停水#") == "柳湾安置点停水"
    assert title_of("", "#移民补偿#") == "#移民补偿#"
    short, named = a_story(0, "#移民补偿# 安置点停水三天了。"), a_story(1, "#柳湾安置点停水# 三天了,没人管。")
    assert title_and_summary([short, named])[0] == "柳湾安置点停水"


@pytest.mark.parametrize(
    ("posts", "quoted"),
    [
        ([("", "安置点的补偿款拖了半年没有发放。大家都在等。")], True),
        ([("另一个标题", "安置点的补偿款拖了半年没有发放。")], False),
        ([("安置点的补偿款拖了半年没有发放。", ""), ("", "安置点的补偿款拖了半年没有发放。转发")], False),
        ([("", "与此无关。")], False),
        ([], False),
    ],
)
def test_a_title_quotes_a_text_unless_a_post_had_it_for_its_own(posts: list[tuple[str, str]], quoted: bool) -> None:
    assert quotes("安置点的补偿款拖了半年没有发放。", posts) is quoted


def test_a_shortened_title_quotes_too() -> None:
    text = "补偿款拖了半年" * 20
    assert quotes(title_of("", text), [("", text)])
    assert not quotes(title_of(text, ""), [(text, text), ("", text)])


def test_words_stand_for_a_title_where_no_text_is_left() -> None:
    assert title_of_words(["补偿款", "墨江县", "安置", "拖欠"], ["墨江县"]) == "补偿款 墨江县 安置"
    assert title_of_words([], ["墨江县"]) == "墨江县"
    assert title_of_words([], []) == "原文已清除"
