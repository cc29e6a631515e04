"""Events by the level of the alert on them, or of the case."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.envelope import Message
from contracts.messages import AlertRaised, CaseChanged
from contracts.words import CaseState, Level
from kit.bus import envelope
from services.analysis.consumers import LevelConsumer
from services.analysis.store import event_states
from tests.integration.analysis.harness import NOW, OTHER, REPORT, Analysis, Api, a_post, collected


def alert(event: str, level: Level) -> Message:
    raised = AlertRaised(
        id="alert-1", event_id=event, event_title="t", level=level, reasons=[], plan_version="1", raised_at=NOW
    )
    return envelope("alert.raised", raised.id, raised, source="cases", at=NOW)


def case(event: str | None, level: Level, **values: Any) -> Message:
    changed = CaseChanged.model_validate(
        {
            "case_id": "case-1",
            "number": "YQ-2026-0001",
            "title": "t",
            "state": CaseState.RESPONDING,
            "level": level,
            "event_id": event,
            "entry": "level_changed",
            "sequence": 1,
            "at": NOW,
        }
        | values
    )
    return envelope("case.changed", changed.case_id, changed, source="cases", at=NOW)


async def test_events_are_found_by_level(analysis: Analysis, api: Api) -> None:
    await analysis.track([collected(a_post(REPORT, minutes=60)), collected(a_post(OTHER, minutes=30))])
    one, other = (event["id"] for event in await analysis.events())
    levels = LevelConsumer(analysis.runtime)

    async def at(level: str) -> list[str]:
        return [event["id"] for event in await api.items("/api/v1/events", level=level)]

    assert await at("III") == []
    await levels.handle([alert(one, Level.III), alert(other, Level.IV), alert("nowhere", Level.I)])
    await levels.handle([alert(one, Level.IV)])  # the gravest stays
    assert (await at("III"), await at("IV")) == ([one], [other])
    version = (await api.get(f"/api/v1/events/{one}"))["version"]
    # what a person decided outranks
    await levels.handle([case(one, Level.IV), case(None, Level.I), case(other, Level.I, drill=True)])
    assert (await at("III"), sorted(await at("IV"))) == ([], sorted([one, other]))
    shown = await api.get(f"/api/v1/events/{one}")
    assert (shown["level"], shown["version"]) == ("IV", version + 1)
    # figures that are worked out anew leave it as it is
    await analysis.track([collected(a_post(REPORT + "!", minutes=1))])
    assert (await api.get(f"/api/v1/events/{one}"))["level"] == "IV"
    await api.call("GET", "/api/v1/events", params={"level": "V"}, status=422)


@pytest.mark.parametrize("kind", ["alert.raised", "case.changed"])
async def test_a_repeated_message_changes_nothing(analysis: Analysis, api: Api, kind: str) -> None:
    await analysis.track([collected(a_post(REPORT))])
    (event,) = await analysis.events()
    message = alert(event["id"], Level.II) if kind == "alert.raised" else case(event["id"], Level.II)
    levels = LevelConsumer(analysis.runtime)
    await levels.handle([message])
    before = await api.get(f"/api/v1/events/{event['id']}")
    await levels.handle([message, message])
    assert await api.get(f"/api/v1/events/{event['id']}") == before


async def test_a_case_that_is_over_leaves_its_event_and_one_that_is_reopened_comes_back(
    analysis: Analysis, api: Api
) -> None:
    await analysis.track([collected(a_post(REPORT))])
    (event,) = await analysis.events()
    levels = LevelConsumer(analysis.runtime)

    async def level() -> str | None:
        return str((await api.get(f"/api/v1/events/{event['id']}"))["level"])

    await levels.handle([alert(event["id"], Level.IV)])
    for state in (CaseState.DISMISSED, CaseState.CLOSED):
        await levels.handle([case(event["id"], Level.II, state=CaseState.REVIEWING)])
        assert await level() == "II"
        await levels.handle([case(event["id"], Level.II, state=state, entry="state_changed")])
        assert await level() == "IV", "what the alert says"
    await levels.handle([case(event["id"], Level.II, state=CaseState.RESPONDING, entry="state_changed")])
    assert await level() == "II"
    # a task done afterwards on an old case says nothing of the one that is open
    await levels.handle([case(event["id"], Level.III, state=CaseState.CLOSED, entry="task_done", case_id="case-0")])
    assert await level() == "II"


async def test_a_case_that_moves_takes_its_level_along(analysis: Analysis, api: Api) -> None:
    await analysis.track([collected(a_post(REPORT, minutes=60)), collected(a_post(OTHER, minutes=30))])
    one, other = (event["id"] for event in await analysis.events())
    levels = LevelConsumer(analysis.runtime)
    await levels.handle([case(one, Level.II)])
    await levels.handle([case(other, Level.II, left_event_id=one, entry="event_merged")])
    found = [(await api.get(f"/api/v1/events/{event}"))["level"] for event in (one, other)]
    assert found == [None, "II"]


async def test_levels_are_noted_in_the_order_of_the_events(analysis: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[str, Level | None]] = []

    async def note(_session: object, event: str, _told: str, level: Level | None) -> None:
        noted.append((event, level))

    monkeypatch.setattr(event_states, "set_level", note)
    levels = LevelConsumer(analysis.runtime)
    await levels.handle([alert("b", Level.III), alert("c", Level.IV), alert("a", Level.IV), alert("b", Level.I)])
    await levels.handle([case("b", Level.III), case("a", Level.II), case("b", Level.IV)])
    assert noted == [("a", "IV"), ("b", "I"), ("c", "IV"), ("a", "II"), ("b", "IV")]
