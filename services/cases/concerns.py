"""Concerns (诉求) of a case: what may count as an answer, and the share that has one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from services.cases.lifecycle import Refused


class ConcernState(StrEnum):
    """What has become of a concern."""

    OPEN = "open"
    ANSWERED = "answered"
    #: not this body's to answer, and passed to the one whose it is; that is no answer
    PASSED = "passed"
    MERGED = "merged"


#: States as officers call them.
STATE_NAMES: Final = {
    ConcernState.OPEN: "待答复",
    ConcernState.ANSWERED: "已答复",
    ConcernState.PASSED: "已转办",
    ConcernState.MERGED: "已合并",
}


class Origin(StrEnum):
    """Where a concern comes from."""

    EVENT = "event"
    HOTLINE = "hotline"
    COUNTY = "county"
    VISIT = "visit"
    LETTER = "letter"
    OTHER = "other"


#: Origins as officers call them.
ORIGIN_NAMES: Final = {
    Origin.EVENT: "网上信息",
    Origin.HOTLINE: "热线电话",
    Origin.COUNTY: "县（区）反映",
    Origin.VISIT: "来访",
    Origin.LETTER: "来信",
    Origin.OTHER: "其他",
}

#: Texts that close people's mouths and answer nothing.
_NO_ANSWER: Final = re.compile(
    r"(?:已|均已|予以|给予)?(?:阅|知悉|收悉|处理|解决|办结|办理|答复|回复|关闭|结案|完成|了解|记录|研究|归档|反馈)(?:完毕|完成|过|了)?|"
    r"不予(?:答复|回应|回复|理会|处理)|不再(?:答复|回应|处理)|(?:暂)?无|知道了|好的|正在(?:研究|处理|办理)(?:中|之中)?|同上|略|情况属实|情况不属实"
)
_SHORTEST: Final = 10


class Counted(Protocol):
    """A concern as far as it is counted."""

    @property
    def id(self) -> str:
        """Return its id."""

    @property
    def state(self) -> str:
        """Return its state."""

    @property
    def posts(self) -> int:
        """Return how many posts, or people, it has."""

    @property
    def merged_into(self) -> str | None:
        """Return the concern that it was merged into."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of what people ask has been answered; shares are 0..1, 0 where nothing is asked.

    `total` and `answered` count concerns, merged ones not by themselves. `posts_share` weighs each by its posts; a post
    that asks two things counts in both. `passed` were passed to another body: part of `total`, not answered.
    """

    total: int
    answered: int
    passed: int
    share: float
    posts_share: float


def share_answered(concerns: Iterable[Counted]) -> Share:
    """Return the share of a case's concerns that has been answered."""
    weights = weigh(concerns := list(concerns))
    standing = [one for one in concerns if one.state != ConcernState.MERGED]
    answered = [one for one in standing if one.state == ConcernState.ANSWERED]
    asked = sum(weights[one.id] for one in standing)
    return Share(
        total=len(standing),
        answered=len(answered),
        passed=sum(1 for one in standing if one.state == ConcernState.PASSED),
        share=round(len(answered) / len(standing), 4) if standing else 0.0,
        posts_share=round(sum(weights[one.id] for one in answered) / asked, 4) if asked else 0.0,
    )


def weigh(concerns: Iterable[Counted]) -> dict[str, int]:
    """Return the posts of each concern, with those of the ones that were merged into it."""
    by_id = {one.id: one for one in concerns}
    weights = dict.fromkeys(by_id, 0)
    for one in by_id.values():
        into = one
        while into.state == ConcernState.MERGED and into.merged_into in by_id:
            into = by_id[into.merged_into or ""]
        weights[into.id] += one.posts
    return weights


def check_answer(text: str, *, published: bool | None, task_done: bool | None) -> None:
    """Refuse what is no answer. `published`: whether the statement that is named is public (None: none is named);
    `task_done`: whether the task that is named is done (None: none is named).

    A concern is answered by a text that says something, by a published statement, or by work that is done; it is never
    closed without. Raises :class:`Refused`.
    """
    bare = re.sub(r"[\s，。；！、,.;!“”\"（）()]", "", text)
    if published is False:
        raise Refused(
            "statement_not_published",
            "所引口径尚未发布，群众看不到，不能作为答复",
            "The statement has not been published: nobody could read it",
        )
    if bare and (len(bare) < _SHORTEST or _NO_ANSWER.fullmatch(bare)) and published is None and task_done is not True:
        raise Refused(
            "answer_says_nothing",
            f"“{text.strip()}”没有回答群众的问题；请写明事实、办法或时限，或引用已发布的口径",
            "The text answers nothing; say what is so, what is done, or by when, or name a published statement",
        )
    if not bare and published is None:
        if task_done is False:
            raise Refused(
                "task_not_done",
                "所引任务尚未完成；请同时写明答复内容，或待完成后再登记",
                "The task is not done; give a text as well, or record the answer once it is",
            )
        if task_done is None:
            raise Refused(
                "answer_missing",
                "诉求须以文字、已发布的口径或已完成的任务答复，不能空着办结",
                "A concern is answered by a text, a published statement or a task that is done; never closed without",
            )


def show_share(share: Share) -> str:
    """Return the share in one line of Chinese, as entries have it."""
    passed = f"，另有 {share.passed} 项已转办" if share.passed else ""
    shares = f"{share.share:.0%}，按信息量 {share.posts_share:.0%}"
    return f"诉求 {share.total} 项，已答复 {share.answered} 项（{shares}）{passed}"
