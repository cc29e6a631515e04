"""/api/v1/topics."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal, require
from kit.etags import check_if_match, etag
from kit.inputs import Plain
from kit.pages import Page, PageParams, page_of
from kit.problems import FieldError, Problem, problems
from kit.service import RuntimeDep
from services.analysis import service
from services.analysis.api import topic_packs
from services.analysis.enrich.topics import TopicRule
from services.analysis.models import Topic
from services.analysis.store import topics
from services.analysis.topic_schemas import (
    TestedPost,
    TopicInput,
    TopicPatch,
    TopicTest,
    TopicTestResponse,
    TopicTestResult,
    TopicView,
)

router = APIRouter(prefix="/api/v1/topics", tags=["topics"])
# before the topics by id: "packs" is no id
router.include_router(topic_packs.router)

Reader = Annotated[Principal, require("topics.read")]
Writer = Annotated[Principal, require("topics.write")]


@router.get("", responses=problems(400), summary="监测专题列表")
async def list_topics(runtime: RuntimeDep, page: PageParams, _principal: Reader) -> Page[TopicView]:
    """List topics, the earliest made first."""
    async with runtime.database.reading() as session:
        rows = await topics.page(session, page.limit, str(page.after[0]) if page.after else None)
    return page_of(rows, page, lambda topic: (topic.id,), TopicView.model_validate)


@router.post("", status_code=201, responses=problems(409), summary="新建监测专题")
async def create_topic(runtime: RuntimeDep, response: Response, body: TopicInput, _principal: Writer) -> TopicView:
    """Add a topic; workers take it up within seconds."""
    topic = await service.create_topic(runtime, body)
    response.headers["ETag"] = etag(topic.version)
    response.headers["Location"] = f"/api/v1/topics/{topic.id}"
    return TopicView.model_validate(topic)


@router.post("/test", responses=problems(404), summary="试用查询式")
async def try_topic(runtime: RuntimeDep, body: TopicTest, _principal: Reader) -> TopicTestResponse:
    """Hold texts against a query or a stored topic and show what matches. Nothing is stored."""
    if (body.query is None) == (body.topic is None):
        raise Problem(
            422,
            "invalid-fields",
            zh="query 与 topic 须且只须给出一个",
            en="Give either query or topic",
            errors=[FieldError(pointer="/query", detail="give either query or topic", zh="query 与 topic 二者取一")],
        )
    if body.topic is not None:
        async with runtime.database.reading() as session:
            topic = await topics.one(session, body.topic) or await topics.by_key(session, body.topic)
        if topic is None:
            raise service.not_found("专题", "topic")
        rule = TopicRule(topic.key, topic.query, tuple(topic.places), tuple(topic.exclude))
    else:
        rule = TopicRule("", body.query or "", tuple(body.places), tuple(body.exclude))
    posts = [TestedPost(text=given) if isinstance(given, str) else given for given in body.texts]
    trials = await asyncio.to_thread(service.try_topic, rule, posts)
    return TopicTestResponse(results=[TopicTestResult.model_validate(trial) for trial in trials])


@router.get("/{topic_id}", responses=problems(404), summary="一个监测专题")
async def get_topic(runtime: RuntimeDep, response: Response, topic_id: Plain, _principal: Reader) -> TopicView:
    """Return a topic."""
    async with runtime.database.reading() as session:
        topic = await _topic(session, topic_id)
    response.headers["ETag"] = etag(topic.version)
    return TopicView.model_validate(topic)


@router.patch("/{topic_id}", responses=problems(404, 409, 412), summary="修改监测专题")
async def change_topic(
    runtime: RuntimeDep, request: Request, response: Response, topic_id: Plain, body: TopicPatch, _principal: Writer
) -> TopicView:
    """Change a topic; of a topic of the plan or a pack only whether it is enabled."""
    async with runtime.database.writing() as session:
        topic = await _topic(session, topic_id)
        check_if_match(request, topic.version)
        await service.change_topic(runtime, session, topic, body)
    response.headers["ETag"] = etag(topic.version)
    return TopicView.model_validate(topic)


@router.delete("/{topic_id}", status_code=204, responses=problems(404, 409, 412), summary="删除监测专题")
async def delete_topic(runtime: RuntimeDep, request: Request, topic_id: Plain, _principal: Writer) -> None:
    """Delete a user's topic; posts keep its key."""
    async with runtime.database.writing() as session:
        topic = await _topic(session, topic_id)
        check_if_match(request, topic.version)
        await service.delete_topic(session, topic)


async def _topic(session: AsyncSession, id_: str) -> Topic:
    topic = await topics.one(session, id_)
    if topic is None:
        raise service.not_found("专题", "topic")
    return topic
