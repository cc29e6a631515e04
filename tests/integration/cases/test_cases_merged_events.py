"""Cases whose event goes up in another."""

from __future__ import annotations

from typing import Any

from contracts.streams import ALERTS_RAISED, CASES_CHANGED
from services.cases import store
from tests.integration.cases.harness import CENTRAL, Cases, event, until


async def test_a_case_follows_its_event(cases: Cases) -> None:
    at = cases.clock.now()
    await cases.tell(event("event-1", at=at))
    case = await cases.the_case()
    gone = event("event-1", version=2, at=at).model_copy(update={"merged_into": "event-2"})
    await cases.tell(gone, event("event-2", at=at))

    async def followed() -> bool:
        return bool((await cases.get(f"/api/v1/cases/{case['id']}"))["event_id"] == "event-2")

    await until(followed)
    assert [one["number"] for one in (await cases.get("/api/v1/cases"))["items"]] == [case["number"]]
    entries = (await cases.get(f"/api/v1/cases/{case['id']}/timeline"))["items"]
    assert "event_merged" in [entry["kind"] for entry in entries]
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"] is True


async def test_two_cases_of_events_that_became_one_both_stay_and_say_so(cases: Cases) -> None:
    at = cases.clock.now()
    await cases.tell(event("event-1", at=at), event("event-2", at=at))

    async def both() -> bool:
        return len((await cases.get("/api/v1/cases"))["items"]) == 2

    await until(both)
    await cases.tell(event("event-1", version=2, at=at).model_copy(update={"merged_into": "event-2"}))
    found = (await cases.get("/api/v1/cases"))["items"]

    async def said() -> bool:
        kinds = []
        for one in found:
            kinds += [e["kind"] for e in (await cases.get(f"/api/v1/cases/{one['id']}/timeline"))["items"]]
        return kinds.count("event_merged") == 2

    await until(said)
    assert {one["event_id"] for one in (await cases.get("/api/v1/cases"))["items"]} == {"event-1", "event-2"}


async def moved(cases: Cases, at: Any, **metrics: Any) -> dict[str, Any]:
    """Let event-1 have a case, go up in event-2 and take its case along; returns the case."""
    await cases.tell(event("event-1", at=at))
    case = await cases.the_case()
    gone = event("event-1", version=2, at=at).model_copy(update={"merged_into": "event-2"})
    await cases.tell(gone, event("event-2", at=at, **metrics))
    await led_on(cases, case["id"], "event-2")
    await taken_in(cases, "event-2", 1)
    return case


async def led_on(cases: Cases, case_id: str, event_id: str) -> None:
    """Wait until a case is led on an event."""

    async def so() -> bool:
        return bool((await cases.get(f"/api/v1/cases/{case_id}"))["event_id"] == event_id)

    await until(so)


async def taken_in(cases: Cases, event_id: str, version: int) -> None:
    """Wait until an event of a version is known."""

    async def so() -> bool:
        async with cases.runtime.database.reading() as session:
            row = (await store.events(session, [event_id])).get(event_id)
            return row is not None and row.version == version

    await until(so)


async def levels(cases: Cases) -> list[tuple[str, str]]:
    """Return the alerts that were raised."""
    return [(one["event_id"], one["level"]) for one in await cases.heard(ALERTS_RAISED)]


async def test_a_level_that_was_raised_on_a_part_is_not_raised_again_on_the_whole(cases: Cases) -> None:
    at = cases.clock.now()
    case = await moved(cases, at)
    assert await levels(cases) == [("event-1", "III")]
    # through another in between, too
    await cases.tell(event("event-2", version=2, at=at).model_copy(update={"merged_into": "event-3"}))
    await cases.tell(event("event-3", at=at))
    await led_on(cases, case["id"], "event-3")
    await taken_in(cases, "event-3", 1)
    assert await levels(cases) == [("event-1", "III")]
    await cases.tell(event("event-3", version=2, at=at, **CENTRAL))
    await taken_in(cases, "event-3", 2)
    raised = await levels(cases)
    assert len(raised) == 2
    assert raised[1][0] == "event-3", "a graver one is"


async def test_a_case_comes_back_with_its_event(cases: Cases) -> None:
    at = cases.clock.now()
    case = await moved(cases, at)
    await cases.tell(event("event-1", version=3, at=at))
    await led_on(cases, case["id"], "event-1")
    entries = await cases.timeline(case["id"])
    assert [entry["kind"] for entry in entries][-2:] == ["event_merged", "event_restored"]
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"] is True
    assert await levels(cases) == [("event-1", "III")]
    told = [one for one in await cases.heard(CASES_CHANGED) if one["entry"] in ("event_merged", "event_restored")]
    assert [(one["left_event_id"], one["event_id"]) for one in told] == [
        ("event-1", "event-2"),
        ("event-2", "event-1"),
    ]
    # and what is left is graded by itself
    await cases.tell(event("event-2", version=2, at=at))
    await taken_in(cases, "event-2", 2)
    assert await levels(cases) == [("event-1", "III"), ("event-2", "III")]
    assert len((await cases.get("/api/v1/cases"))["items"]) == 2


async def test_a_case_that_another_event_claims_stays_and_leaves_it_to_a_person(cases: Cases) -> None:
    at = cases.clock.now()
    case = await moved(cases, at, **CENTRAL)
    assert {one for one, _ in await levels(cases)} == {"event-1", "event-2"}
    await cases.tell(event("event-1", version=3, at=at))
    await taken_in(cases, "event-1", 3)
    (shown,) = (await cases.get("/api/v1/cases"))["items"]
    assert (shown["id"], shown["event_id"]) == (case["id"], "event-2")
    last = (await cases.timeline(case["id"]))[-1]
    assert last["kind"] == "event_restored"
    assert "请人工决定" in last["text"]


async def test_an_event_that_goes_on_into_a_third_takes_its_case_along(cases: Cases) -> None:
    at = cases.clock.now()
    case = await moved(cases, at)
    await cases.tell(event("event-3", at=at, sources=1, posts_total=1))
    await cases.tell(event("event-1", version=3, at=at).model_copy(update={"merged_into": "event-3"}))
    await led_on(cases, case["id"], "event-3")
    kinds = [entry["kind"] for entry in await cases.timeline(case["id"])]
    assert kinds[-3:] == ["event_merged", "event_restored", "event_merged"]


async def test_cases_that_both_stayed_go_on_apart(cases: Cases) -> None:
    at = cases.clock.now()
    await cases.tell(event("event-1", at=at), event("event-2", at=at))
    await taken_in(cases, "event-2", 1)
    await cases.tell(event("event-1", version=2, at=at).model_copy(update={"merged_into": "event-2"}))
    await taken_in(cases, "event-1", 2)
    await cases.tell(event("event-1", version=3, at=at))
    await taken_in(cases, "event-1", 3)
    found = (await cases.get("/api/v1/cases"))["items"]
    assert {one["event_id"] for one in found} == {"event-1", "event-2"}
    for one in found:
        assert [entry["kind"] for entry in await cases.timeline(one["id"])][-2:] == ["event_merged", "event_restored"]
