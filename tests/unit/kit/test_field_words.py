"""What is wrong with a field is told in Chinese."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from contracts.words import Channel
from kit.field_words import in_chinese, plain


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=3)] = "名"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    channel: Channel = Channel.NEWS
    mode: Literal["a", "b"] = "a"
    at: datetime | None = None
    items: Annotated[list[int], Field(max_length=1)] = []
    checked: str = ""

    @field_validator("checked")
    @classmethod
    def _checked(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("选择器有误")
        return value


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"name": ""}, "至少 1 个字"),
        ({"name": "四个字的"}, "至多 3 个字"),
        ({"count": 0}, "不得小于 1"),
        ({"count": 10}, "不得大于 9"),
        ({"count": "x"}, "须为整数"),
        ({"channel": "x"}, "须为以下之一：'news', 'forum'"),
        ({"mode": "x"}, "须为以下之一：'a', 'b'"),
        ({"at": "昨天"}, "不是有效的时间"),
        ({"items": [1, 2]}, "至多 1 项"),
        ({"other": 1}, "没有这个字段"),
        ({"checked": "bad"}, "选择器有误"),
    ],
)
def test_an_error_is_told_in_chinese(form: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Form.model_validate(form)
    [error] = caught.value.errors()
    told = in_chinese(error)
    assert told.startswith(expected)
    assert not re.search(r"[a-z]{4,}", re.sub(r"'[a-z_]+'", "", told)), "no English left in it"
    assert not plain(error).startswith("Value error")
