"""Concerns as they are shown over HTTP: themes, counts and sample sentences, never who spoke."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from contracts.findings import ConcernKind


class AskView(BaseModel):
    """What is asked inside a theme."""

    key: str
    name: str
    posts: int


class ConcernSample(BaseModel):
    """A sentence that stands for others. Account names in it are masked."""

    kind: ConcernKind
    text: str
    times: int = Field(description="how many sentences say the same, among the most frequent of the theme")


class ConcernTheme(BaseModel):
    """One theme of concerns (诉求主题)."""

    key: str = Field(examples=["compensation"])
    name: str = Field(examples=["补偿标准与兑现"])
    posts: int = Field(description="posts with such a concern, each once")
    share: float = Field(description="of all posts looked at, 0..1")
    by_kind: dict[ConcernKind, int]
    first_at: datetime
    last_at: datetime
    posts_24h: int = Field(description="published in the last 24 hours")
    posts_before: int = Field(description="published in the 24 hours before those")
    trend: Literal["rising", "steady", "falling"]
    asks: list[AskView] = Field(description="what is asked inside the theme, most posts first")
    keywords: list[str]
    samples: list[ConcernSample]


class Concerns(BaseModel):
    """What people ask, complain of or want done, most posts first."""

    as_of: datetime
    posts: int = Field(description="posts looked at, the newest 50,000 at most")
    posts_with_concerns: int
    bounded: bool = Field(description="whether there are older posts that were not looked at")
    themes: list[ConcernTheme] = Field(description="at most eight; the smallest go together as 其他")
