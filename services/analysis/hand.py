"""What a person decides about events: that two are one, that one is two, that a decision was wrong.

A merge joins the two posts that the events began with; a split holds every post of the two where it is, by links of
kind `hand`, which no likeness outranks. So either holds whatever comes later. Who decided and why is kept with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from kit.auth import Principal
from kit.ids import new_id
from kit.problems import FieldError, Problem
from kit.runtime import Runtime
from services.analysis.events.linking import Link, LinkKind, Member, part, place
from services.analysis.events.state import EventState
from services.analysis.figures import Figures
from services.analysis.service import not_found
from services.analysis.settings import AnalysisSettings
from services.analysis.store import buckets, decisions, event_states, linking, tracking
from services.analysis.store.decisions import Decision

#: posts of the events that one decision may concern
MOST: Final = 50_000


class Hand:
    """Merges and splits events, each in one transaction during which no post is joined to any event."""

    def __init__(self, runtime: Runtime, settings: AnalysisSettings) -> None:
        self._runtime, self._settings = runtime, settings
        self._figures = Figures(runtime, settings)

    async def merge(self, event: str, others: Sequence[str], principal: Principal, reason: str) -> None:
        """Let `others` go up in `event`. 404 for an event that is not there, 409 for one that has gone up already."""
        ids = dict.fromkeys(others)
        if event in ids:
            raise _refused("event.merge-itself", "事件不能并入自身", "An event cannot be merged into itself")
        async with self._runtime.database.writing() as session:
            await tracking.take_all_partitions(session)
            states = await self._standing(session, [event, *ids])
            members = await self._members(session, [event, *ids])
            for other in ids:
                posts = (states[other].founder_id, states[event].founder_id)
                await decisions.note(session, self._decision("merge", other, event, principal, reason), posts)
            await self._reshape(session, members, {}, [event, *ids], preferred=[event])

    async def split(self, event: str, posts: Collection[str], principal: Principal, reason: str) -> str:
        """Make an event of its own out of some posts of `event`; returns its id.

        404 for an event that is not there; 409 where posts are not the event's, or where none or all are chosen.
        """
        chosen = set(posts)
        async with self._runtime.database.writing() as session:
            await tracking.take_all_partitions(session)
            state = (await self._standing(session, [event]))[event]
            members = await self._members(session, [event])
            orders = {member.id: member.order for member in members}
            if foreign := sorted(chosen - orders.keys()):
                raise Problem(
                    409,
                    "event.foreign-posts",
                    zh=f"有 {len(foreign)} 条信息不属于该事件：{foreign[0]}",
                    en=f"{len(foreign)} of the posts are not of this event: {foreign[0]}",
                    errors=[FieldError(pointer="/posts", detail=f"not of this event: {', '.join(foreign[:5])}")],
                )
            try:
                parents = part(members, chosen)
            except ValueError:
                raise _refused(
                    "event.split-nothing",
                    "请选择事件的部分信息（不能全选）",
                    "Choose some of the event's posts, not all",
                ) from None
            links = {
                id_: Link(LinkKind.HAND, orders[parent] if parent is not None else None)
                for id_, parent in parents.items()
            }
            await decisions.undo_joins(session, orders.keys(), self._runtime.clock.now())
            if state.founder_id in chosen:
                # what is left keeps the identity
                await decisions.found(session, event, min(orders[id_] for id_ in orders.keys() - chosen)[1])
            event_of = await self._reshape(session, members, links, [event])
            made = event_of[min(orders[id_] for id_ in chosen)[1]]
            await decisions.note(session, self._decision("split", made, event, principal, reason))
            return made

    async def restore(self, event: str, principal: Principal, reason: str) -> None:
        """Take back that `event` went up in another. 404 for one not there, 409 for one that stands by itself."""
        async with self._runtime.database.writing() as session:
            await tracking.take_all_partitions(session)
            states = await event_states.events(session, [event])
            if event not in states:
                raise not_found("事件", "event")
            into = states[event].merged_into
            if into is None:
                raise _refused("event.not-merged", "该事件没有被并入其他事件", "The event has not been merged")
            if not await decisions.undo_merge(session, event, principal.id, reason, self._runtime.clock.now()):
                raise _refused(
                    "event.merged-by-machine",
                    "该事件并非人工并入，或其信息已另行拆分；如需分开，请拆分事件",
                    "The event was not merged by a person, or its posts were parted since; to part it, split the event",
                )
            members = await self._members(session, [into])
            await self._reshape(session, members, {}, [into], preferred=[event, into])

    def _decision(
        self, kind: Literal["merge", "split"], event: str, other: str, principal: Principal, reason: str
    ) -> Decision:
        return Decision(kind, event, other, principal.id, reason, self._runtime.clock.now())

    async def _standing(self, session: AsyncSession, ids: Collection[str]) -> dict[str, EventState]:
        states = await event_states.events(session, ids)
        for id_ in ids:
            if id_ not in states:
                raise not_found(f"事件（{id_}）", f"event {id_}")
            if (into := states[id_].merged_into) is not None:
                raise _refused(
                    "event.merged",
                    f"事件 {id_} 已并入 {into}",
                    f"The event {id_} has been merged into {into}",
                )
        return states

    async def _members(self, session: AsyncSession, ids: Collection[str]) -> list[Member]:
        members = await linking.members(session, ids)
        if len(members) > MOST:
            raise _refused(
                "event.too-large",
                f"涉及 {len(members)} 条信息，一次最多 {MOST} 条",
                f"{len(members)} posts are concerned; at most {MOST} can be moved at once",
            )
        return members

    async def _reshape(
        self,
        session: AsyncSession,
        members: Sequence[Member],
        links: Mapping[str, Link],
        events: Collection[str],
        preferred: Collection[str] = (),
    ) -> dict[str, str]:
        """Give posts other links, see which events come of it, count those anew and tell; returns posts' events."""
        now = self._runtime.clock.now()
        linked = [
            Member(one.order, links[one.id].parent_id if one.id in links else one.parent_id, one.event_id)
            for one in members
        ]
        founders, gone = await linking.founders(session, events)
        joins = await decisions.joins(session, [one.id for one in members])
        placement = place(linked, founders, gone, iter(new_id, None), preferred, joins)
        moved = {one.id: placement.event_of[one.id] for one in members if placement.event_of[one.id] != one.event_id}
        await tracking.relink(session, links, moved)
        await event_states.close_merged(session, placement.merged, now)
        standing = set(placement.event_of.values())
        states = await event_states.events(session, standing - placement.founded.keys())
        for id_, founder in placement.founded.items():
            partition = await decisions.partition_of(session, founder)
            states[id_] = EventState(id=id_, founder_id=founder, partition=partition)
        for id_ in placement.revived:
            states[id_].merged_into = None
        await event_states.count_anew(session, states, confident=self._settings.incident_confidence)
        await buckets.rebuild(session, standing | placement.merged.keys())
        await self._figures.describe(session, states, {})
        told = await self._figures.save(session, states, {}, now)
        told += await event_states.updates(session, placement.merged)
        await self._figures.tell(session, told, {}, now)
        return placement.event_of


def _refused(slug: str, zh: str, en: str) -> Problem:
    return Problem(409, slug, zh=zh, en=en)
