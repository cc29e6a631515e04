"""An event that has gone up in another: its open case, and what people established of it, follow it there and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.messages import EventUpdated
from services.cases import store
from services.cases.models import TimelineRow
from services.cases.service.actors import MACHINE
from services.cases.service.desk import Desk
from services.cases.store import merged_events

_MERGED: Final = "event_merged"
_RESTORED: Final = "event_restored"


async def follow(desk: Desk, session: AsyncSession, event: EventUpdated, was_in: str | None) -> None:
    """Let the open case of `event` go where the event went; `was_in` is what it had gone up in before."""
    if was_in is not None and was_in != event.merged_into:
        await _come_back(desk, session, event, await merged_events.standing(session, was_in))
    if event.merged_into is not None:
        await _go_along(desk, session, event, event.merged_into)


async def _go_along(desk: Desk, session: AsyncSession, event: EventUpdated, into: str) -> None:
    """Let the open case of `event` follow it into the event that it has gone up in.

    Where that one has an open case of its own both stay, each with an entry that names the other: a person decides
    which is led on.
    """
    gone, standing = await store.lock_event(session, event.id), await store.lock_event(session, into)
    if gone is not None and standing is not None and gone.human_facts:
        standing.human_facts = {**gone.human_facts, **standing.human_facts}
        session.add(standing)
    case = await store.lock_open_case_of(session, event.id)
    if case is None:
        return
    file = await desk.file(session, case)
    other = await store.lock_open_case_of(session, into)
    if other is None:
        case.event_id = case.open_event_id = into
        session.add(case)
        text = f"所涉事件「{event.title}」已并入另一事件，本单随之转至该事件"
        await file.enter(_MERGED, text, MACHINE, left=event.id, event_id=event.id, into=into)
        return
    text = f"所涉事件「{event.title}」已并入另一事件，该事件由 {other.number} 处置；是否并单请人工决定"
    await file.enter(_MERGED, text, MACHINE, event_id=event.id, into=into, case=other.number)
    text = f"另一事件「{event.title}」已并入本单所涉事件，其处置单为 {case.number}；是否并单请人工决定"
    others = await desk.file(session, other)
    await others.enter(_MERGED, text, MACHINE, event_id=event.id, into=into, case=case.number)


async def _come_back(desk: Desk, session: AsyncSession, event: EventUpdated, at: str) -> None:
    """Let the case that went with `event` come back from the event `at`, where it stood until now.

    It stays, with an entry that leaves it to a person, where alerts of other events hang on it by now, or where
    `event` has another open case.
    """
    if at == event.merged_into:
        return
    case = await store.lock_open_case_of(session, at)
    own = await store.lock_open_case_of(session, event.id)
    if case is None:
        return
    file = await desk.file(session, case)
    entries = await store.entries(session, case.id, (_MERGED, _RESTORED))
    if event.id not in _moved_from(entries):
        if own is not None:
            text = f"「{event.title}」已从本单所涉事件中分出，由其处置单 {own.number} 继续处置"
            await file.enter(_RESTORED, text, MACHINE, event_id=event.id, case=own.number)
            text = f"所涉事件「{event.title}」已从 {case.number} 所涉事件中分出，本单继续处置该事件"
            await (await desk.file(session, own)).enter(_RESTORED, text, MACHINE, event_id=event.id, case=case.number)
        return
    others = await store.alerted_events(session, case.id) - await merged_events.gone_up_in(session, event.id)
    if own is not None or others:
        why = f"该事件另有处置单 {own.number}" if own else "并入期间本单另有其他事件的预警"
        text = f"「{event.title}」已从本单所涉事件中分出；{why}，本单归哪一事件请人工决定"
        await file.enter(_RESTORED, text, MACHINE, event_id=event.id)
        return
    case.event_id = case.open_event_id = event.id
    session.add(case)
    text = f"「{event.title}」已从另一事件中分出，本单随之转回该事件"
    await file.enter(_RESTORED, text, MACHINE, left=at, event_id=event.id, came_from=at)


def _moved_from(entries: Iterable[TimelineRow]) -> list[str]:
    """Return the events that a case was led on before, as far as moves were not taken back, the first first."""
    path: list[str] = []
    for entry in entries:
        said: dict[str, Any] = json.loads(entry.body)["data"]
        if entry.kind == _MERGED and "case" not in said:
            path.append(said["event_id"])
        elif entry.kind == _RESTORED and "came_from" in said:
            del path[path.index(said["event_id"]) :]
    return path
