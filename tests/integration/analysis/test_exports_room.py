"""The files of exports have bounds together: for one user, and in all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.words import Role
from kit.clock import ManualClock
from kit.testing import MakeRuntime
from services.analysis.exports import runner
from services.analysis.settings import AnalysisSettings
from tests.integration.analysis.exporting import CHUNKS, replica, seeded

_CHINESE = {"Accept-Language": "zh"}


async def test_a_user_who_has_what_one_may_have_is_told_what_to_delete(
    make_runtime: MakeRuntime, clock: ManualClock
) -> None:
    one = await replica(make_runtime, clock, user_bytes=2_000)
    await seeded(one, 20)
    small, _ = await one.made("events")
    large, file = await one.made()
    assert len(file) > 2_000
    answer = await one.call("POST", "/exports", status=409, json={"what": "posts"}, headers=_CHINESE)
    problem = answer.json()
    assert problem["type"].endswith("export.no-room")
    assert (problem["bound"], problem["used"], problem["allowed"]) == ("user", small["size"] + large["size"], 2_000)
    assert [each["id"] for each in problem["deletable"]] == [large["id"], small["id"]]
    assert "请先删除" in problem["detail"] or "请先删除" in problem["title"]
    await one.ask(user="u2")
    # what is deleted makes room at once
    await one.call("DELETE", f"/exports/{large['id']}", status=204)
    again, _ = await one.made()
    await one.call("POST", "/exports", status=409, json={"what": "posts"})
    # and so does what expires
    assert again["available"]
    clock.advance(timedelta(days=8))
    await one.ask()
    await one.client.aclose()


async def test_all_files_have_a_bound_together(make_runtime: MakeRuntime, clock: ManualClock) -> None:
    one = await replica(make_runtime, clock, total_bytes=2_000)
    await seeded(one, 20)
    job, _ = await one.made()
    problem = (await one.call("POST", "/exports", user="u2", status=409, json={"what": "posts"})).json()
    assert (problem["bound"], problem["deletable"]) == ("total", []), "what others have is not shown"
    asked = await one.call("POST", "/exports", user="boss", role=Role.ADMIN, status=409, json={"what": "posts"})
    assert [each["id"] for each in asked.json()["deletable"]] == [job["id"]]
    await one.client.aclose()


async def test_a_file_that_grows_beyond_the_room_fails_and_leaves_nothing(
    make_runtime: MakeRuntime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "BATCH", 7)
    monkeypatch.setattr(runner, "_LOOK", 1_000)
    one = await replica(make_runtime, clock, user_bytes=5_000)
    await seeded(one, 60)
    id_ = await one.ask()
    await one.exports.runner.step()
    job = await one.job(id_, **_CHINESE)
    assert (job["state"], job["rows"] < 60, job["size"] < 5_000) == ("failed", True, True)
    assert "请删除" in job["problem"]
    await one.exports.runner.sweep()
    assert await one.all(CHUNKS) == []
    job, _ = await one.made("events")
    assert job["rows"] == 3
    await one.client.aclose()


def test_the_bounds_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYING_INTERNAL_KEY", "of-no-use-0123456789-0123456789-01")
    monkeypatch.setenv("HUIYING_EXPORT_USER_BYTES", "3000000")
    rules = AnalysisSettings().export_rules()
    assert (rules.user_bytes, rules.total_bytes) == (3_000_000, 20 * 2**30)
