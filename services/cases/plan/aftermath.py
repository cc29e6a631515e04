"""What a plan says of correction requests and of the marks of a review."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from pydantic import Field, model_validator

from contracts.words import Role
from services.cases.plan.figures import Limit, Sourced, Strict
from services.cases.plan.letters import TEMPLATE, faults


class Approvers(Sourced):
    """Who approves a correction request: two people of `roles`, one of whom at least holds a role of `one_of`."""

    roles: tuple[Role, ...] = Field(min_length=1)
    one_of: tuple[Role, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_sign(self) -> Approvers:
        if not set(self.one_of) <= set(self.roles):
            raise ValueError("one_of 中的角色须同时列入 roles / the roles of one_of must be among roles")
        return self


#: The leaders' and propaganda's part is DOMAIN's; that the office may be the other one is the project's.
APPROVERS: Final = Approvers(
    roles=(Role.PROPAGANDA, Role.CITY_LEADER, Role.GROUP_LEADER, Role.GROUP_MEMBER, Role.OFFICE),
    one_of=(Role.PROPAGANDA, Role.CITY_LEADER, Role.GROUP_LEADER, Role.GROUP_MEMBER),
    default="project",
)


class Corrections(Strict):
    """Requests to outlets to correct a false claim (clause 五(三)1).

    `answer_within`: how long an outlet has before its silence is recorded as no answer, and how often whoever is
    charged with a request is reminded of it. `letter`: the letter's text with fields in braces; `contact` closes it.
    """

    approvers: Approvers = APPROVERS
    answer_within: Limit = Limit(within=timedelta(days=7), default="project")
    letter: str = TEMPLATE
    contact: str = ""
    clause: str = ""

    @model_validator(mode="after")
    def _usable(self) -> Corrections:
        wrong = faults(self.letter)
        if wrong:
            raise ValueError("；".join(f"{zh} / {en}" for zh, en in wrong))
        return self


class Mark(Strict):
    """A criterion that a review is marked by."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    name: str = Field(min_length=1, max_length=40)
    about: str = ""


class Marks(Sourced):
    """By what experts mark a review (clause 六(二)), each criterion from 0 to `out_of`."""

    out_of: int = Field(5, ge=2, le=100)
    criteria: tuple[Mark, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_once(self) -> Marks:
        keys = [mark.key for mark in self.criteria]
        if len(keys) != len(set(keys)):
            raise ValueError("评分项重复 / a criterion is repeated")
        return self


#: Criteria of a plan that has none of its own.
MARKS: Final = Marks(
    default="project",
    criteria=(
        Mark(key="timeliness", name="及时性", about="发现、报告、首次发布和后续发布是否及时"),
        Mark(key="accuracy", name="准确性", about="发布的事实是否准确，是否慎报原因，有无前后矛盾"),
        Mark(key="openness", name="公开程度", about="是否主动公开、持续公开，是否便于公众获取"),
        Mark(key="answering", name="诉求答复", about="群众诉求是否逐项答复，答复是否切题"),
        Mark(key="coordination", name="协同配合", about="各单位是否按时签收、反馈和完成任务"),
    ),
)

#: What happens to a case in aftercare whose event comes back.
Reopening = Literal["propose", "automatic"]
