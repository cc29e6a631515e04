"""The plan over HTTP: versions that never change, what was in force when, what differs, and moving a case."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.streams import CASES_CHANGED, NOTIFICATIONS_REQUESTED
from services.cases.plan import load_plan
from tests.integration.cases.harness import ADMIN, AUDITOR, LEADER, OFFICE, PROVINCIAL, Cases, StartCases, event, until
from tests.integration.cases.test_cases_corrections import GOOD

SEED = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"
WATER = SEED.with_name("yunshan-water-2025.yaml")
TEXT = SEED.read_text(encoding="utf-8")


def newer(version: str, *pairs: tuple[str, str]) -> str:
    """Return the seed's plan as another version, edited."""
    text = TEXT.replace('version: "2019.1"', f'version: "{version}"')
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


async def store(cases: Cases, text: str, status: int = 201) -> Any:
    """Hand a plan in."""
    answer = await cases.call("POST", "/api/v1/plans", ADMIN, content=text.encode())
    assert answer.status_code == status, answer.text
    return answer.json()


async def put_in_force(cases: Cases, text: str, version: str, reason: str = "修订") -> None:
    """Hand a plan in and put it in force."""
    await store(cases, text)
    await cases.post(f"/api/v1/plans/{version}/activate", ADMIN, {"reason": reason})


async def test_a_version_never_changes(cases: Cases) -> None:
    first = await store(cases, newer("2026.1"))
    again = await store(cases, newer("2026.1"), status=200)
    assert again == first
    refused = await store(cases, newer("2026.1", ("within: 30 min", "within: 25 min")), status=409)
    assert refused["type"].endswith("plan.version")
    assert "内容不同" in refused["detail"]
    assert (refused["version"], refused["digest"]) == ("2026.1", first["digest"])
    text = await cases.call("GET", "/api/v1/plans/2026.1/text", AUDITOR)
    assert text.text == newer("2026.1")
    await store(cases, newer("diff"), status=422)


async def test_activations_are_recorded_and_one_version_is_in_force(cases: Cases) -> None:
    cases.clock.advance(timedelta(days=1))
    await put_in_force(cases, newer("2026.1"), "2026.1", "领导小组会议通过")
    at = cases.clock.now()
    cases.clock.advance(timedelta(days=1))
    await cases.post("/api/v1/plans/2026.1/activate", ADMIN)  # in force already: nothing to record
    await cases.post("/api/v1/plans/2019.1/activate", ADMIN, {"reason": "撤回修订"})
    first = await cases.get("/api/v1/plans/activations", limit=2)
    rest = await cases.get("/api/v1/plans/activations", limit=2, cursor=first["next_cursor"])
    told = [(one["version"], one["replaced"], one["by"], one["reason"]) for one in first["items"] + rest["items"]]
    assert told == [
        ("2019.1", "2026.1", "admin", "撤回修订"),
        ("2026.1", "2019.1", "admin", "领导小组会议通过"),
        ("2019.1", None, "预案", "首次启动"),
    ]
    assert first["items"][1]["at"] == at.isoformat().replace("+00:00", "Z")
    assert rest["next_cursor"] is None
    assert [one["version"] for one in (await cases.get("/api/v1/plans"))["items"] if one["active"]] == ["2019.1"]


async def test_two_who_put_a_version_in_force_at_once_leave_one(cases: Cases, start: StartCases) -> None:
    import asyncio

    other = await start()
    for version in ("2026.1", "2026.2"):
        await store(cases, newer(version))
    await asyncio.gather(
        cases.post("/api/v1/plans/2026.1/activate", ADMIN), other.post("/api/v1/plans/2026.2/activate", ADMIN)
    )
    active = [one["version"] for one in (await cases.get("/api/v1/plans"))["items"] if one["active"]]
    history = (await cases.get("/api/v1/plans/activations"))["items"]
    by_replaced = {one["replaced"]: one["version"] for one in history}
    chain = [by_replaced[None]]
    while chain[-1] in by_replaced:
        chain.append(by_replaced[chain[-1]])
    assert len(chain) == len(history) == 3
    assert active == [chain[-1]]


async def test_the_schema_is_published(cases: Cases) -> None:
    answer = await cases.call("GET", "/api/v1/plans/schema", OFFICE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json()["properties"]["schema"]["const"] == 1


async def test_what_differs_is_told_in_words(cases: Cases) -> None:
    changed = newer("2026.1", ("first_release: {within: 48 h", "first_release: {within: 36 h"))
    await store(cases, changed)
    stored = await cases.get("/api/v1/plans/2026.1/diff", against="2019.1")
    assert stored == await cases.get("/api/v1/plans/2026.1/diff")
    sent = await cases.call("POST", "/api/v1/plans/diff", OFFICE, content=changed.encode())
    assert sent.json() == stored
    assert (stored["from_version"], stored["to_version"], stored["count"]) == ("2019.1", "2026.1", 2)
    assert [(part["part"], part["name"]) for part in stored["parts"]] == [("meta", "预案信息"), ("clocks", "时限")]
    (change,) = stored["parts"][1]["changes"]
    line = TEXT[: TEXT.index("first_release: {within: 48 h")].count("\n") + 1
    assert change == {
        "kind": "changed",
        "path": "clocks.limits.III.first_release.within",
        "zh": "各级时限 · Ⅲ级 · 首次发布：时限由 48 小时 改为 36 小时",
        "en": "limits · level III · first_release: within changed from 48 h to 36 h",
        "old": "P2D",
        "new": "P1DT12H",
        "old_line": line,
        "new_line": line,
    }
    other = await cases.call("POST", "/api/v1/plans/diff?against=2026.1", OFFICE, content=WATER.read_bytes())
    assert {"levels", "grading", "clocks"} <= {part["part"] for part in other.json()["parts"]}
    broken = await cases.call("POST", "/api/v1/plans/diff", OFFICE, content=b"meta: 1")
    assert broken.status_code == 422
    assert broken.json()["findings"][0]["line"] == 1
    assert (await cases.call("GET", "/api/v1/plans/none/diff", OFFICE)).status_code == 404
    assert (await cases.call("GET", "/api/v1/plans/2026.1/diff?against=none", OFFICE)).status_code == 404


async def decided_case(cases: Cases, **metrics: Any) -> dict[str, Any]:
    """Open a case by an event and reject or approve its level, so that nothing is pending."""
    await cases.tell(event(at=cases.clock.now(), **metrics))
    case = await cases.the_case()
    proposal = await cases.pending(case["id"])
    url = f"/api/v1/cases/{case['id']}/approvals/{proposal['id']}"
    if case["level"] == "III":
        await cases.post(url, OFFICE, {"decision": "approve"})
    await cases.post(url, LEADER, {"decision": "approve"})
    return dict(await cases.get(f"/api/v1/cases/{case['id']}"))


async def test_a_case_stays_on_its_version_until_it_is_moved(cases: Cases) -> None:
    case = await decided_case(cases, **PROVINCIAL)
    path = f"/api/v1/cases/{case['id']}/plan"
    cases.clock.advance(timedelta(hours=2))
    await put_in_force(
        cases,
        newer(
            "2026.1",
            ("    name: 重大或较大\n", "    name: 较大\n"),
            ("first_release: {within: 5 h", "first_release: {within: 1 h"),
            ("report_up: {within: 1 h,", "report_up: {within: 50 min,"),
            ("first_release: {within: 5 h", "first_release: {within: 1 h"),
            ("executors: [propaganda, department, office]", "executors: [propaganda, department]"),
            ("informed: [county, city_leader]", "informed: [county, city_leader, office]"),
            ("shares: [0.5, 0.8]", "shares: [0.5, 0.9]"),
        ),
        "2026.1",
    )
    before = {one["kind"]: one for one in await cases.clocks(case["id"])}
    stays = await cases.get(path)
    assert (stays["version"], stays["in_force"], stays["moves"]) == ("2019.1", False, [])
    assert before["first_release"]["remaining"] == 3 * 3600

    moved = await cases.post(path, ADMIN, {"version": "2026.1", "reason": "按新版办理"})
    assert (moved["old_level_name"], moved["new_level_name"]) == ("Ⅱ级（重大或较大）", "Ⅱ级（较大）")
    clocks = {one["kind"]: one for one in moved["clocks"]}
    release = clocks["first_release"]
    assert (release["how"], release["old_limit"], release["new_limit"], release["overdue"]) == (
        "limit",
        18000,
        3600,
        True,
    )
    assert "首次发布时限由5 小时改为1 小时" in release["text"]
    assert release["text"].endswith("已超时）")
    assert any("执行" in words for words in moved["others"])
    now = {one["kind"]: one for one in await cases.clocks(case["id"])}
    assert now["first_release"]["started_at"] == before["first_release"]["started_at"]
    assert now["first_release"]["id"] == before["first_release"]["id"]
    assert now["press_conference"]["due_at"] == before["press_conference"]["due_at"]

    entry = (await cases.timeline(case["id"]))[-1]
    assert (entry["kind"], entry["sequence"]) == ("plan_moved", moved["sequence"])
    assert "改按预案 2026.1 版办理（原 2019.1 版）：按新版办理" in entry["text"]
    assert "Ⅱ级（重大或较大）现称Ⅱ级（较大）" in entry["text"]
    assert (await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify"))["intact"] is True
    assert "case.changed" in {
        "case.changed" for one in await cases.heard(CASES_CHANGED, "case.changed") if one["entry"] == "plan_moved"
    }
    notices = [one for one in await cases.heard(NOTIFICATIONS_REQUESTED) if "改按新版预案" in one["subject"]]
    assert notices
    assert "已超时" in notices[0]["body"]

    stays = await cases.get(path)
    assert (stays["version"], stays["in_force"], len(stays["moves"])) == ("2026.1", True, 1)
    assert stays["moves"][0]["clocks"] == moved["clocks"]
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert (shown["plan_version"], shown["level_name"]) == ("2026.1", "Ⅱ级（较大）")

    # the breach is told at the next look, not hidden by the move
    await cases.parts.deadlines.move_on()
    assert (await cases.clocks(case["id"], "first_release"))[0]["state"] == "breached"


async def test_a_longer_limit_gives_time_back_and_a_breach_stays_a_breach(cases: Cases) -> None:
    case = await decided_case(cases)
    cases.clock.advance(timedelta(hours=5))  # report_up (4 h) is late
    await cases.parts.deadlines.move_on()
    await put_in_force(
        cases,
        newer(
            "2026.1",
            ("report_up: {within: 4 h", "report_up: {within: 6 h"),
            ("acknowledge: {within: 30 min", "acknowledge: {within: 50 min"),
            ("first_release: {within: 48 h", "first_release: {within: 12 h"),
        ),
        "2026.1",
    )
    moved = await cases.post(f"/api/v1/cases/{case['id']}/plan", ADMIN, {"version": "2026.1", "reason": "新版"})
    assert [(one["kind"], one["overdue"]) for one in moved["clocks"]] == [("first_release", False)]
    late = await cases.running(case["id"], "report_up")
    assert late["state"] == "breached"
    assert (await cases.running(case["id"], "first_release"))["remaining"] == 7 * 3600


async def test_a_move_is_refused_by_name(cases: Cases) -> None:
    await store(cases, newer("2026.1"))
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    path = f"/api/v1/cases/{case['id']}/plan"
    body = {"version": "2026.1", "reason": "按新版办理"}
    await cases.post(path, OFFICE, body, status=403)
    assert (await cases.post(path, ADMIN, body, status=409))["rule"] == "plan_never_in_force"
    await cases.post("/api/v1/plans/2026.1/activate", ADMIN)
    pending = await cases.post(path, ADMIN, body, status=409)
    assert pending["rule"] == "proposal_pending"
    assert "级别建议（III 级）尚待审批" in pending["detail"]
    proposal = await cases.pending(case["id"])
    for who in (OFFICE, LEADER):
        await cases.post(f"/api/v1/cases/{case['id']}/approvals/{proposal['id']}", who, {"decision": "approve"})
    await cases.post(path, ADMIN, {"version": "2026.1"}, status=422)
    await cases.post(path, ADMIN, {**body, "version": "none"}, status=404)
    await cases.post("/api/v1/cases/none/plan", ADMIN, body, status=404)
    same = await cases.post(path, ADMIN, {**body, "version": "2019.1"}, status=409)
    assert same["rule"] == "plan_unchanged"
    stale = await cases.call("POST", path, ADMIN, json=body, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    await cases.post(path, ADMIN, body)


async def test_a_decision_is_shown_with_the_chain_that_made_it(cases: Cases) -> None:
    """All at one instant of the clock: the order of what happened decides, not the time alone."""
    case = await decided_case(cases)
    path = f"/api/v1/cases/{case['id']}"

    async def deciders() -> list[list[str]]:
        items = (await cases.get(f"{path}/approvals"))["items"]
        return [one["steps"][-1]["roles"] for one in items]

    by_both, by_leader, by_member = ["group_member", "group_leader"], ["group_leader"], ["group_member"]
    line = "- {kind: decide, roles: [group_member, group_leader]}"
    for version, roles in (("2026.1", "group_leader"), ("2026.2", "group_member")):
        await put_in_force(cases, newer(version, (line, f"- {{kind: decide, roles: [{roles}]}}")), version)
    assert await deciders() == [by_both]
    await cases.post(f"{path}/plan", ADMIN, {"version": "2026.1", "reason": "新版"})
    assert await deciders() == [by_both]
    lower = await cases.post(f"{path}/level", OFFICE, {"level": "IV", "reason": "热度回落"}, status=201)
    assert lower["steps"][-1]["roles"] == by_leader
    refused = {"decision": "reject", "comment": "仍有新帖"}
    shown = await cases.post(f"{path}/approvals/{lower['id']}", LEADER, refused)
    assert shown["steps"][-1]["roles"] == by_leader
    await cases.post(f"{path}/plan", ADMIN, {"version": "2026.2", "reason": "再修订"})
    again = await cases.post(f"{path}/level", OFFICE, {"level": "IV", "reason": "热度回落"}, status=201)
    assert again["steps"][-1]["roles"] == by_member
    assert await deciders() == [by_both, by_leader, by_member]


async def test_a_case_is_not_moved_while_a_correction_request_awaits_approval(cases: Cases) -> None:
    case = await decided_case(cases)
    path = f"/api/v1/cases/{case['id']}"
    await put_in_force(cases, newer("2026.1"), "2026.1")
    request = await cases.post(f"{path}/corrections", OFFICE, GOOD, status=201)
    await cases.post(f"{path}/corrections/{request['id']}/submit", OFFICE)
    body = {"version": "2026.1", "reason": "新版"}
    held = await cases.post(f"{path}/plan", ADMIN, body, status=409)
    assert held["rule"] == "correction_pending"
    assert "更正请求第 1 件尚待审批" in held["detail"]
    back = {"decision": "reject", "comment": "请补充银行回单"}
    await cases.post(f"{path}/corrections/{request['id']}/approve", LEADER, back)
    await cases.post(f"{path}/plan", ADMIN, body)


@pytest.mark.parametrize("plan", [SEED, WATER], ids=lambda path: path.stem)
async def test_either_plan_is_taken_in_at_the_first_start(start: StartCases, plan: Path) -> None:
    cases = await start(plan=plan)

    async def in_force() -> bool:
        return bool((await cases.get("/api/v1/plans/activations"))["items"])

    await until(in_force)
    shown = await cases.get("/api/v1/plan")
    assert shown["plan"]["schema"] == 1
    assert shown["version"] == load_plan(plan).version
