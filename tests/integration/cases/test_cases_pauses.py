"""Clocks stand still only where the plan allows, and go on by themselves."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.cases.chains import STAND_IN, open_at
from tests.integration.cases.harness import OFFICE, Cases, StartCases

REASON = "等待鉴定或检测结果"


async def test_a_clock_is_paused_as_the_plan_allows_and_goes_on_by_itself(cases: Cases, start: StartCases) -> None:
    case = await open_at(cases, "III")
    path = f"/api/v1/cases/{case['id']}/clocks"
    release = (await cases.clocks(case["id"], "first_release"))[0]
    refused = await cases.post(f"{path}/{release['id']}/pause", OFFICE, {"reason": REASON}, status=409)
    assert refused["rule"] == "pause_not_allowed"
    task = next(one for one in await cases.clocks(case["id"], "task") if one["state"] == "running")
    mine = f"{path}/{task['id']}"
    refused = await cases.post(f"{mine}/pause", OFFICE, {"reason": "太忙"}, status=409)
    assert refused["rule"] == "pause_reason"
    assert REASON in refused["detail"]
    await cases.post(f"{mine}/pause", STAND_IN, {"reason": REASON}, status=403)
    await cases.post(f"{mine}/resume", OFFICE, {"reason": "x"}, status=409)

    cases.clock.advance(timedelta(minutes=10))
    paused = await cases.post(f"{mine}/pause", OFFICE, {"reason": REASON, "note": "已送检"})
    assert paused["paused"] is True
    again = await cases.post(f"{mine}/pause", OFFICE, {"reason": REASON}, status=409)
    assert again["rule"] == "clock_paused"
    cases.clock.advance(timedelta(hours=12))
    other = await start()  # a restart forgets nothing
    await other.parts.deadlines.move_on()
    shown = next(one for one in await other.clocks(case["id"], "task") if one["id"] == task["id"])
    assert (shown["state"], shown["elapsed"], shown["remaining"]) == ("running", paused["elapsed"], paused["remaining"])
    resumed = await cases.post(f"{mine}/resume", OFFICE, {"reason": "结果已出"})
    assert resumed["paused_seconds"] == 12 * 3600
    assert resumed["remaining"] == paused["remaining"]

    await cases.post(f"{mine}/pause", OFFICE, {"reason": REASON})
    cases.clock.advance(timedelta(hours=36))
    await cases.parts.deadlines.move_on()
    await other.parts.deadlines.move_on()
    shown = next(one for one in await cases.clocks(case["id"], "task") if one["id"] == task["id"])
    assert (shown["paused"], shown["paused_seconds"], shown["remaining"]) == (False, 48 * 3600, paused["remaining"])
    used = await cases.post(f"{mine}/pause", OFFICE, {"reason": REASON}, status=409)
    assert used["rule"] == "pause_used_up"
    mine_only = [one for one in await cases.timeline(case["id"]) if one["data"].get("clock_id") == task["id"]]
    assert [one["kind"] for one in mine_only] == ["clock_paused", "clock_resumed", "clock_paused", "clock_resumed"]
    assert "暂停期满，自动恢复" in mine_only[-1]["text"]
    cases.clock.advance(timedelta(days=3))
    await cases.parts.deadlines.move_on()
    shown = next(one for one in await cases.clocks(case["id"], "task") if one["id"] == task["id"])
    assert shown["state"] == "breached"
