"""A grade in one plain sentence, and what people might still establish."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.messages import Reason
from contracts.words import IncidentType, Level, Tier
from services.cases.plan.criteria import HUMAN_FACTS, PlanFact
from services.cases.plan.grading import Grade, grade_facts
from services.cases.plan.schema import ROMAN, Plan

_TIERS: Final = {
    Tier.CENTRAL: "中央媒体",
    Tier.PROVINCIAL: "省级媒体",
    Tier.MUNICIPAL: "市级媒体",
    Tier.COUNTY: "县级媒体",
    Tier.INDUSTRY: "行业媒体",
    Tier.SOCIAL: "社会网站",
    Tier.SELF_MEDIA: "自媒体",
}
_TYPES: Final = {
    IncidentType.NATURAL_DISASTER: "自然灾害",
    IncidentType.ACCIDENT: "事故灾难",
    IncidentType.PUBLIC_HEALTH: "公共卫生事件",
    IncidentType.SOCIAL_SECURITY: "社会安全事件",
    IncidentType.OTHER: "其它",
}
_WORDS: Final[dict[str, str]] = {**{str(k): v for k, v in _TIERS.items()}, **{str(k): v for k, v in _TYPES.items()}}


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that nobody has established yet and that would lead to a graver level if it were so."""

    fact: PlanFact
    level: Level
    text: str


def explain(level: Level | None, reasons: Sequence[Reason]) -> str:
    """Return why a level is suggested, and what the next graver one still lacks, in one sentence of Chinese.

    Labels are shortened to what stands before their brackets.
    """
    if any(reason.kind == "scope" for reason in reasons):
        return "不属于预案适用范围，不定级"
    if level is None:
        return f"Ⅳ级的条件均未达到，不定级：{_listed(_unmet(reasons, Level.IV))}"
    because = [reason for reason in reasons if reason.met and reason.level is level]
    capped = ""
    if not any(reason.kind == "hard" for reason in because):
        graver = [r for r in reasons if r.met and r.kind == "count" and r.level.rank > level.rank]
        capped = "（数量指标最多上调一级）" if graver else ""
        because += graver if not because else []
    sentence = f"因为 {'；'.join(dict.fromkeys(_seen(reason) for reason in because))}，定为 {ROMAN[level]}级{capped}"
    if level is Level.I:
        return sentence
    graver_level = Level.of_rank(level.rank + 1)
    return f"{sentence}；{ROMAN[graver_level]}级未达到：{_listed(_unmet(reasons, graver_level)) or '各项指标'}"


def questions(plan: Plan, topics: Collection[str], facts: Mapping[PlanFact, Any], graded: Grade) -> list[Question]:
    """Return what a person might establish that would change the grade for the graver, the gravest first.

    The machine only asks: deaths, injuries, crowds and hot lists become facts when a person says so.
    """
    now = graded.level.rank if graded.level else 0
    found: list[Question] = []
    for trigger in plan.grading.triggers:
        if trigger.fact not in HUMAN_FACTS or facts[trigger.fact] is not None:
            continue
        if any(question.fact is trigger.fact for question in found):
            continue
        would = grade_facts(plan, topics, {**facts, trigger.fact: True}).level
        if would is not None and would.rank > now:
            text = f"请核实：{_short(trigger.label)}？如属实，将定为{ROMAN[would]}级"
            found.append(Question(trigger.fact, would, text))
    return sorted(found, key=lambda question: -question.level.rank)


def name_of(reasons: Sequence[Reason], criteria: Collection[str]) -> str:
    """Return criteria by their labels and what was observed, in one line."""
    named = [_seen(reason) for reason in reasons if reason.criterion in criteria]
    return "；".join(dict.fromkeys(named))


def name_of_fact(plan: Plan, fact: str) -> str:
    """Return what the plan's criteria call a fact that people establish."""
    return next((_short(trigger.label) for trigger in plan.grading.triggers if trigger.fact == fact), fact)


def _unmet(reasons: Sequence[Reason], level: Level) -> list[Reason]:
    return [reason for reason in reasons if not reason.met and reason.level is level]


def _listed(reasons: Sequence[Reason]) -> str:
    """Return unmet criteria, those that nobody has established together; counts that stand at nothing are left out."""
    unsaid = [reason for reason in reasons if reason.observed is None and reason.threshold is True]
    shown = [reason for reason in reasons if reason not in unsaid and (reason.kind != "count" or reason.observed)]
    parts = [f"{_short(reason.label)}{_lack(reason)}" for reason in shown]
    if unsaid:
        parts.append(f"{'、'.join(_short(reason.label) for reason in unsaid)}尚无人认定")
    return "，".join(parts)


def _short(label: str) -> str:
    """Return a label without what stands in brackets after it."""
    return label.split("（")[0] or label


def _lack(reason: Reason) -> str:
    if reason.observed is None:
        return "（尚无）"
    if reason.threshold is True:
        return "（已认定：否）" if reason.observed is False else "（无负面或存疑信息，不单独计）"
    if _reached(reason):
        return f"（{show(reason.observed)}，但不具备计入的前提）"
    return f"（{show(reason.observed)}，须 {show(reason.threshold)}）"


def _reached(reason: Reason) -> bool:
    """Tell whether a number reaches its bound and was left out for want of what it counts beside."""
    if isinstance(reason.observed, bool) or not isinstance(reason.observed, int | float):
        return False
    sign, _, figure = str(reason.threshold).partition(" ")
    bound = float(figure)
    return reason.observed > bound if sign == ">" else reason.observed >= bound


def _seen(reason: Reason) -> str:
    told = reason.observed is True or reason.observed == reason.threshold
    return _short(reason.label) if told else f"{_short(reason.label)}（{show(reason.observed)}）"


def show(value: object) -> str:
    """Return an observed value or a threshold as officers read it."""
    if value is True:
        return "是"
    if isinstance(value, list | tuple):
        return "、".join(show(item) for item in value)
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    return _WORDS.get(str(value), str(value))
