"""The text that a post's story is told by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.enrich.story import SHORTEST, story_of


@pytest.mark.parametrize(
    "copy",
    [
        "糯扎渡镇的移民补偿款没有到账",
        "糯扎渡镇的移民补偿款,没有到账!!!",
        "糯扎渡镇的移民补偿款没有到账 https://t.example/a1",
        "糯扎渡镇的移民補償款沒有到賬",
        "//@某某:糯扎渡镇的移民补偿款没有到账😡",
        "  糯扎渡镇的移民 补偿款\n没有到账",
    ],
)
def test_copies_have_one_story(copy: str) -> None:
    assert story_of("", copy) == story_of("另一个标题", copy) == "糯扎渡镇的移民补偿款没有到账"


def test_the_title_speaks_where_the_text_is_too_short() -> None:
    assert story_of("糯扎渡移民补偿款问题", "转发微博") == "糯扎渡移民补偿款问题转发微博"
    assert story_of("", "转发微博") == "转发微博"
    assert story_of("标题", "[图片]!") == "标题图片"


def test_a_text_of_signs_alone_is_told_by_its_signs() -> None:
    assert story_of("", "!!!") == "!!!"
    assert story_of("", "???") != story_of("", "!!!")
    assert story_of("", "") == ""


@given(title=st.text(max_size=20), text=st.text(max_size=40))
def test_signs_around_change_nothing_and_long_texts_do_without_their_title(title: str, text: str) -> None:
    story = story_of("", text)
    if len(story) >= SHORTEST and story.isalnum():
        assert story_of(title, text) == story
        assert story_of(title, f"——{text}……") == story
