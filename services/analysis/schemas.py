"""What goes in and out of analysis over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.messages import SentimentScore

Text = Annotated[str, StringConstraints(max_length=20_000)]


class Input(BaseModel):
    """Base of request bodies: an unknown field is an error, so that a typing slip is not silently lost."""

    model_config = ConfigDict(extra="forbid")


class SentimentRequest(Input):
    """Texts to be scored."""

    texts: list[Text] = Field(min_length=1, max_length=256, examples=[["补偿款已经到账,感谢!", "等了三年还没有说法"]])


class ModelInfo(BaseModel):
    """The sentiment model that scored."""

    name: str
    version: str


class SentimentSpan(BaseModel):
    """A part of a text, and the score with it minus the score without it: below zero it made the text more negative."""

    start: int = Field(description="first character, counted from 0 in Unicode characters")
    end: int = Field(description="the character after the last")
    text: str
    effect: float = Field(ge=-2, le=2)


class SentimentResult(SentimentScore):
    """The score of one text; `spans` where an explanation was asked for, strongest first."""

    spans: list[SentimentSpan] | None = None


class SentimentResponse(BaseModel):
    """One score a text, in order."""

    results: list[SentimentResult]
    model: ModelInfo
