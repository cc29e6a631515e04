"""Use cases of topics: what the plan brings, and what users add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import PlanActivated, PlanTopic
from kit.ids import new_id
from kit.problems import FieldError, Problem
from kit.runtime import Runtime
from services.analysis.enrich import query
from services.analysis.enrich.topic_trial import TopicTrial, Trial
from services.analysis.enrich.topics import PLAN_FAMILY, TopicRule, check
from services.analysis.models import Topic
from services.analysis.store import topics
from services.analysis.topic_schemas import TestedPost, TopicInput, TopicPatch

_log = structlog.get_logger(__name__)

#: Topics of these are changed where they come from, not one by one.
_ELSEWHERE: Final = {"plan": ("预案", "the plan"), "pack": ("专题包", "a pack")}


async def take_over_plan(runtime: Runtime, session: AsyncSession, plan: PlanActivated) -> bool:
    """Make the plan's topics those of the plan that is in force; tells whether any changed.

    Topics of an earlier plan that this one lacks are disabled, not deleted: posts refer to them. A query that
    cannot be read is kept with its problem and matches nothing.
    """
    now = runtime.clock.now()
    stored = await topics.of_plans(session)
    changed = False
    for given in plan.topics:
        values: dict[str, Any] = {
            "name": given.name,
            "query": given.query,
            "places": given.places,
            "exclude": given.exclude,
            "family": PLAN_FAMILY,
            "plan_version": plan.version,
            "enabled": True,
            "problem": _problem_of(given),
        }
        if given.key in stored:
            changed |= topics.change(stored[given.key], now, **values)
        else:
            session.add(Topic(id=new_id(), key=given.key, origin="plan", created_at=now, updated_at=now, **values))
            changed = True
    for key in stored.keys() - {given.key for given in plan.topics}:
        changed |= topics.change(stored[key], now, enabled=False)
    if changed:
        await topics.raise_revision(session)
    return changed


async def create_topic(runtime: Runtime, given: TopicInput) -> Topic:
    """Store a user's topic; 422 where its query cannot be read."""
    _check_query(given.query)
    now, id_ = runtime.clock.now(), new_id()
    topic = Topic(
        id=id_,
        key=f"user-{id_[-12:]}",  # keys of plans are words of their own and never begin so
        origin="user",
        created_at=now,
        updated_at=now,
        **given.model_dump(),
    )
    async with runtime.database.writing() as session:
        session.add(topic)
        await topics.raise_revision(session)
    return topic


async def change_topic(runtime: Runtime, session: AsyncSession, topic: Topic, given: TopicPatch) -> None:
    """Change fields of a topic; 409 for a topic of the plan or a pack, but for switching it on or off."""
    values = given.model_dump(exclude_none=True)
    if topic.origin in _ELSEWHERE and values.keys() - {"enabled"}:
        zh, en = _ELSEWHERE[topic.origin]
        raise Problem(
            409,
            f"topic.of-{topic.origin}",
            zh=f"该专题来自{zh}，请在{zh}中修改；此处只能启用或停用",
            en=f"This topic comes from {en}: change it there; here it can only be switched on or off",
        )
    if "query" in values:
        _check_query(values["query"])
    if topics.change(topic, runtime.clock.now(), **values):
        await topics.raise_revision(session)


async def delete_topic(session: AsyncSession, topic: Topic) -> None:
    """Delete a user's topic; 409 for a topic of the plan or a pack."""
    if topic.origin in _ELSEWHERE:
        zh, en = _ELSEWHERE[topic.origin]
        raise Problem(
            409,
            f"topic.of-{topic.origin}",
            zh=f"该专题来自{zh}，不能单独删除；可以停用",
            en=f"This topic comes from {en} and cannot be deleted by itself; it can be switched off",
        )
    await session.delete(topic)
    await topics.raise_revision(session)


def try_topic(rule: TopicRule, posts: Sequence[TestedPost]) -> list[Trial]:
    """Tell of each text whether it belongs to the topic, what speaks for it, and if it does not, why not."""
    _check_query(rule.query)
    trial = TopicTrial(rule)
    return [trial.hold(post.title, post.text, post.channel) for post in posts]


def not_found(kind_zh: str, kind_en: str) -> Problem:
    """Return the problem of a thing that is not there."""
    return Problem(404, "not-found", zh=f"没有这个{kind_zh}", en=f"There is no such {kind_en}")


def _check_query(text: str) -> None:
    try:
        check(text)
    except query.QueryError as error:
        raise Problem(
            422,
            "topic.query",
            zh=f"查询式有误：{error.zh}",
            en=f"The query cannot be read: {error.en}",
            errors=[FieldError(pointer="/query", detail=error.en, zh=error.zh)],
            position=error.position,
        ) from None


def _problem_of(topic: PlanTopic) -> str | None:
    try:
        check(topic.query)
    except query.QueryError as error:
        _log.warning("topic.unusable", topic=topic.key, problem=error.en)
        return error.zh
    return None
