"""Statement templates of a plan: what a text of each kind says, with the confirmed facts to be filled in.

They stand in the plan, so that officers change them without touching code, each change is a version that somebody
activates, and a case drafts by the plan it was opened under. A plan without any has those of `DEFAULTS`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from contracts.words import IncidentType
from services.cases.plan.figures import Strict
from services.cases.voice.drafting import DraftError, subjects_of


class StatementKind(StrEnum):
    """What a text is for: 口径要点, 首发通报, 续报, 终报, 答问."""

    HOLDING_LINE = "holding_line"
    FIRST_BULLETIN = "first_bulletin"
    FOLLOW_UP = "follow_up"
    FINAL = "final"
    QA = "qa"


KIND_NAMES: Final = {
    StatementKind.HOLDING_LINE: "口径要点",
    StatementKind.FIRST_BULLETIN: "首发通报",
    StatementKind.FOLLOW_UP: "续报",
    StatementKind.FINAL: "终报",
    StatementKind.QA: "答问",
}


class StatementTemplate(Strict):
    """A template: Jinja in a sandbox, in which {{ 死亡人数 }} stands for the confirmed fact of that subject.

    Also given: 处置单 (title), 编号, 发布机构, 截至 (now, as in 10月9日8时), 今日. `incident_types` narrows it to cases
    of these types; empty: all.
    """

    key: str = Field(pattern=r"^[a-z0-9_]+$", max_length=60)
    kind: StatementKind
    name: str = Field(min_length=1, max_length=60)
    title: str = Field(min_length=1, max_length=300)
    text: str = Field(min_length=1, max_length=20_000)
    incident_types: tuple[IncidentType, ...] = ()

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for source in (self.title, self.text):
            try:
                subjects_of(source)
            except DraftError as error:
                raise ValueError(str(error)) from None
        return self


DEFAULTS: Final = (
    StatementTemplate(
        key="holding_line",
        kind=StatementKind.HOLDING_LINE,
        name="口径要点",
        title="关于{{ 处置单 }}的情况说明",
        text=(
            "{{ 发布机构 }}已关注到{{ 处置单 }}的有关情况，正在会同有关部门核实处置。\n情况查明后，将及时向社会公布。"
        ),
    ),
    StatementTemplate(
        key="first_bulletin",
        kind=StatementKind.FIRST_BULLETIN,
        name="首发通报",
        title="关于{{ 处置单 }}的情况通报",
        text=(
            "{{ 事发时间 }}，{{ 事发地点 }}发生{{ 事件 }}。\n"
            "{% if 死亡人数 or 受伤人数 %}"
            "截至{{ 截至 }}，{% if 死亡人数 %}死亡{{ 死亡人数 }}{% endif %}"
            "{% if 死亡人数 and 受伤人数 %}，{% endif %}{% if 受伤人数 %}受伤{{ 受伤人数 }}{% endif %}。\n"
            "{% endif %}"
            "接报后，{{ 发布机构 }}立即组织力量开展处置：{{ 处置措施 }}。\n"
            "{% if 起因 %}经查，原因是{{ 起因 }}。{% else %}原因正在调查。{% endif %}"
            "后续情况将及时公布。"
        ),
    ),
    StatementTemplate(
        key="follow_up",
        kind=StatementKind.FOLLOW_UP,
        name="续报",
        title="关于{{ 处置单 }}的续报",
        text=(
            "截至{{ 截至 }}，{{ 进展 }}。\n"
            "{% if 受影响户数 %}受影响户数为{{ 受影响户数 }}。\n{% endif %}"
            "{{ 发布机构 }}将继续公布处置进展。"
        ),
    ),
    StatementTemplate(
        key="final",
        kind=StatementKind.FINAL,
        name="终报",
        title="关于{{ 处置单 }}处置结果的通报",
        text=(
            "{{ 处置单 }}处置工作已经结束。\n处置结果：{{ 处置结果 }}。\n"
            "{% if 起因 %}经查，原因是{{ 起因 }}。\n{% endif %}感谢社会各界的关心和监督。"
        ),
    ),
    StatementTemplate(
        key="qa",
        kind=StatementKind.QA,
        name="答问",
        title="关于{{ 处置单 }}的答问",
        text="问：{{ 问题 }}\n答：{{ 答复 }}。",
    ),
)


def templates_for(written: tuple[StatementTemplate, ...], type_: IncidentType) -> list[StatementTemplate]:
    """Return the templates for cases of a type: the plan's, else the project's own."""
    return [one for one in written or DEFAULTS if not one.incident_types or type_ in one.incident_types]
