"""The HTTP face of cases: rights, entity tags, lists, plans, the public portal, and the timeline's seal."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.streams import PLANS_ACTIVATED, STATEMENTS_PUBLISHED, WATCH_CHANGED
from contracts.words import Role
from services.cases.models import TimelineRow
from services.cases.plan import PlanError
from tests.integration.cases.chains import unguard
from tests.integration.cases.harness import (
    ADMIN,
    AUDITOR,
    LEADER,
    OFFICE,
    OFFICE_TWO,
    Cases,
    StartCases,
    event,
    person,
    until,
)

SEED = Path(__file__).parents[3] / "plans" / "puer-resettlement-2019.yaml"


async def open_by_hand(cases: Cases, level: str = "IV", **more: object) -> dict[str, object]:
    body = {"title": "安置点停水", "level": level, "reason": "来电反映", **more}
    return dict(await cases.post("/api/v1/cases", OFFICE, body, status=201))


async def test_without_a_context_nothing_but_the_portal_answers(cases: Cases) -> None:
    for path in ("/api/v1/cases", "/api/v1/alerts", "/api/v1/plan"):
        assert (await cases.call("GET", path, None)).status_code == 401
    assert (await cases.call("GET", "/public/v1/statements", None)).status_code == 200
    refused = await cases.call("POST", "/api/v1/cases", AUDITOR, json={"title": "x", "level": "IV"})
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_stale_writer_is_told(cases: Cases) -> None:
    case = await open_by_hand(cases)
    path = f"/api/v1/cases/{case['id']}"
    first = await cases.call("GET", path, OFFICE)
    tag = first.headers["etag"]
    body = {"to": "assessing"}
    moved = await cases.call("POST", f"{path}/transitions", OFFICE, json=body, headers={"if-match": tag})
    assert moved.status_code == 200
    assert moved.headers["etag"] != tag
    stale = await cases.call(
        "POST", f"{path}/level", OFFICE, json={"level": "II", "reason": "x"}, headers={"if-match": tag}
    )
    assert stale.status_code == 412
    assert "修改" in stale.json()["detail"]


async def test_lists_filter_and_page(cases: Cases) -> None:
    made = []
    for level in ("IV", "III", "IV"):
        made.append(await open_by_hand(cases, level))
        cases.clock.advance(timedelta(seconds=1))
    assert [one["number"] for one in made] == ["YQ-2026-0001", "YQ-2026-0002", "YQ-2026-0003"]
    await cases.post(f"/api/v1/cases/{made[0]['id']}/transitions", OFFICE, {"to": "dismissed", "reason": "误报"})
    page = await cases.get("/api/v1/cases", limit=2)
    assert [one["number"] for one in page["items"]] == ["YQ-2026-0003", "YQ-2026-0002"]
    await open_by_hand(cases)
    rest = await cases.get("/api/v1/cases", limit=2, cursor=page["next_cursor"])
    assert [one["number"] for one in rest["items"]] == ["YQ-2026-0001"]
    assert rest["next_cursor"] is None
    assert [one["level"] for one in (await cases.get("/api/v1/cases", level="III"))["items"]] == ["III"]
    assert len((await cases.get("/api/v1/cases", open=True))["items"]) == 3
    assert [one["number"] for one in (await cases.get("/api/v1/cases", state="dismissed"))["items"]] == ["YQ-2026-0001"]
    assert (await cases.call("GET", "/api/v1/cases", OFFICE, params={"cursor": "bad!"})).status_code == 400
    assert (await cases.call("GET", "/api/v1/cases/none", OFFICE)).status_code == 404


async def test_lists_of_several_states_are_merged_by_time(cases: Cases) -> None:
    """Pages of any two states, with and without a level, are what sorting all cases gives."""
    levels = ["IV", "III", "II", "IV", "III", "IV", "II"]
    opened = []
    for index, level in enumerate(levels):
        opened.append(await open_by_hand(cases, level))
        if index % 2:  # those of one instant are told apart by their ids
            cases.clock.advance(timedelta(seconds=1))
    moves = [("assessing",), (), ("assessing", "dismissed"), (), ("assessing",), ("dismissed",), ()]
    for case, states in zip(opened, moves, strict=True):
        for state in states:
            step = {"to": state, "reason": "不属职责范围"}
            await cases.post(f"/api/v1/cases/{case['id']}/transitions", OFFICE, step)
    every = (await cases.get("/api/v1/cases", OFFICE, limit=200))["items"]
    assert len(every) == len(levels)
    for states in (["reported"], ["reported", "assessing"], ["reported", "dismissed", "assessing"], ["closed"]):
        for asked in ([], ["II"], ["III", "IV"]):
            found: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = await cases.get("/api/v1/cases", OFFICE, limit=2, state=states, level=asked, **cursor)
                found += [one["id"] for one in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            wanted = [one for one in every if one["state"] in states and (not asked or one["level"] in asked)]
            assert found == [one["id"] for one in wanted], (states, asked)


async def test_two_writers_at_once_keep_one_chain(cases: Cases, start: StartCases) -> None:
    case = await open_by_hand(cases)
    other = await start()
    path = f"/api/v1/cases/{case['id']}/reports"
    body = {"to": "group_leader", "text": "续报"}
    both = [one.post(path, OFFICE, body, status=201) for _ in range(10) for one in (cases, other)]
    numbers = [answer["sequence"] for answer in await asyncio.gather(*both)]
    first = min(numbers)
    assert sorted(numbers) == list(range(first, first + 20))
    verdict = await cases.get(f"/api/v1/cases/{case['id']}/timeline/verify")
    assert (verdict["intact"], verdict["entries"]) == (True, first + 19)


async def test_two_openers_at_once_make_one_case(cases: Cases, start: StartCases) -> None:
    other = await start()
    await cases.tell(event(at=cases.clock.now(), sources=1))

    async def there() -> bool:
        return bool((await cases.get("/api/v1/alerts"))["items"])

    await until(there)
    alert = (await cases.get("/api/v1/alerts"))["items"][0]["id"]
    answers = await asyncio.gather(
        *(one.call("POST", "/api/v1/cases", OFFICE, json={"alert_id": alert}) for one in (cases, other, cases, other))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_changed_entry_is_found(cases: Cases) -> None:
    case = await open_by_hand(cases)
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/reports", OFFICE, {"to": "group_leader", "text": "初报"}, status=201)
    proposed = next(one["sequence"] for one in await cases.timeline(case["id"]) if one["kind"] == "level_proposed")
    await unguard(cases)
    async with cases.runtime.database.writing() as session:
        await session.execute(
            sa.update(TimelineRow)
            .where(TimelineRow.case_id == case["id"], TimelineRow.sequence == proposed)  # type: ignore[arg-type]
            .values(body=sa.func.replace(TimelineRow.body, "建议", "决定"))
        )
    verdict = await cases.get(f"{path}/timeline/verify")
    assert (verdict["intact"], verdict["broken_at"]) == (False, proposed)


async def test_facts_that_people_establish_are_graded(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    body = {"mass_incident": True, "reason": "县里来电"}
    graded = await cases.post(f"/api/v1/cases/{case['id']}/facts", OFFICE, body)
    assert graded["level"] == "I"
    proposal = await cases.pending(case["id"])
    assert (proposal["to_level"], proposal["by_machine"]) == ("I", True)


async def test_plans_are_checked_stored_and_put_in_force(cases: Cases) -> None:
    text = SEED.read_text(encoding="utf-8")
    checked = (await cases.call("POST", "/api/v1/plans/check", OFFICE, content=text)).json()
    assert checked == {"ok": True, "version": "2019.1", "findings": []}
    bad = text.replace("within: 24 h, source", "within: 30 h, source", 1)
    checked = (await cases.call("POST", "/api/v1/plans/check", OFFICE, content=bad)).json()
    assert checked["ok"] is False
    assert "国办发〔2016〕61号" in checked["findings"][0]["message"]
    refused = await cases.call("POST", "/api/v1/plans", ADMIN, content=bad)
    assert refused.status_code == 422
    line = text.splitlines().index("      press_conference: {within: 24 h, source: 国办发〔2016〕61号}") + 1
    assert refused.json()["findings"][0]["line"] == line
    # the same text is the same version
    assert (await cases.call("POST", "/api/v1/plans", ADMIN, content=text)).status_code == 200
    other = text.replace("within: 30 min", "within: 25 min", 1)
    assert (await cases.call("POST", "/api/v1/plans", ADMIN, content=other)).status_code == 409
    assert (await cases.call("POST", "/api/v1/plans", OFFICE, content=text)).status_code == 403
    assert (await cases.call("POST", "/api/v1/plans", ADMIN, content=b"\xff\xfe")).status_code == 400
    assert (await cases.call("POST", "/api/v1/plans", ADMIN, content="#" * 600_000)).status_code == 413

    newer = text.replace('version: "2019.1"', 'version: "2026.1"').replace(
        "levels: [I, II, III]\n  clause", "levels: [I]\n  clause"
    )
    stored = await cases.call("POST", "/api/v1/plans", ADMIN, content=newer)
    assert (stored.status_code, stored.json()["active"]) == (201, False)
    await cases.post("/api/v1/plans/2026.1/activate", ADMIN)
    assert (await cases.get("/api/v1/plan"))["version"] == "2026.1"
    assert [one["active"] for one in (await cases.get("/api/v1/plans"))["items"]].count(True) == 1
    assert [one["version"] for one in await cases.heard(PLANS_ACTIVATED)] == ["2019.1", "2026.1"]
    assert (await cases.call("POST", "/api/v1/plans/none/activate", ADMIN)).status_code == 404


async def test_statements_reach_the_portal_without_names_and_say_so_when_withdrawn(cases: Cases) -> None:
    case = await open_by_hand(cases)
    path = f"/api/v1/cases/{case['id']}/statements"
    draft = await cases.post(path, OFFICE, {"title": "关于供水", "text": "已恢复供水"}, status=201)
    said = f"{path}/{draft['id']}"
    await cases.post(f"{said}/submit", OFFICE)
    same = await cases.post(f"{said}/approve", OFFICE, status=409)
    assert same["rule"] == "two_people"
    await cases.post(f"{said}/approve", OFFICE_TWO)
    assert (await cases.call("GET", f"/public/v1/statements/{draft['id']}", None)).status_code == 404
    await cases.post(f"{said}/publish", OFFICE)
    feed = await cases.call("GET", "/public/v1/statements", None)
    assert feed.headers["content-type"] == "application/feed+json"
    body = feed.json()
    assert body["version"] == "https://jsonfeed.org/version/1.1"
    assert [(one["title"], one["_disclosure"]["publisher"]) for one in body["items"]] == [("关于供水", "市搬迁安置办")]
    assert OFFICE.name not in feed.text
    unchanged = await cases.call("GET", "/public/v1/statements", None, headers={"if-none-match": feed.headers["etag"]})
    assert unchanged.status_code == 304
    one = (await cases.call("GET", f"/public/v1/statements/{draft['id']}", None)).json()
    assert one["disclosure"]["index_number"].startswith("1042-/2026-")
    assert "author" not in one
    await cases.post(f"{said}/withdraw", OFFICE, {"reason": "数据有误"})
    gone = (await cases.call("GET", "/public/v1/statements", None)).json()["items"]
    assert [(one["_state"], one["_withdrawn"]["reason"]) for one in gone] == [("withdrawn", "数据有误")]
    assert len(await cases.heard(STATEMENTS_PUBLISHED, "statement.published")) == 1
    assert len(await cases.heard(STATEMENTS_PUBLISHED, "statement.withdrawn")) == 1


async def test_a_drill_stays_inside(cases: Cases) -> None:
    case = await open_by_hand(cases, drill=True)
    path = f"/api/v1/cases/{case['id']}/statements"
    draft = await cases.post(path, OFFICE, {"title": "演练", "text": "演练"}, status=201)
    await cases.post(f"{path}/{draft['id']}/submit", OFFICE)
    await cases.post(f"{path}/{draft['id']}/approve", OFFICE_TWO)
    await cases.post(f"{path}/{draft['id']}/publish", OFFICE)
    assert (await cases.call("GET", "/public/v1/statements", None)).json()["items"] == []
    assert await cases.heard(STATEMENTS_PUBLISHED) == []


async def test_a_level_that_one_desk_may_start_alone_needs_no_second_person(cases: Cases) -> None:
    case = await open_by_hand(cases)
    proposal = await cases.pending(str(case["id"]))
    url = f"/api/v1/cases/{case['id']}/approvals/{proposal['id']}"
    await cases.post(url, LEADER, {"decision": "approve"}, status=403)
    assert (await cases.post(url, OFFICE, {"decision": "approve"}))["state"] == "approved"
    raised = await cases.post(
        f"/api/v1/cases/{case['id']}/level", LEADER, {"level": "II", "reason": "升温"}, status=201
    )
    url = f"/api/v1/cases/{case['id']}/approvals/{raised['id']}"
    same = await cases.post(url, LEADER, {"decision": "approve"}, status=409)
    assert same["rule"] == "two_people"
    decided = await cases.post(url, person("另一位组长", Role.GROUP_LEADER), {"decision": "approve"})
    assert decided["state"] == "approved"
    shown = await cases.get(f"/api/v1/cases/{case['id']}")
    assert (shown["level"], shown["watch_mode"]) == ("II", "surge")
    lower = {"level": "II", "reason": "再来"}
    assert (await cases.post(f"/api/v1/cases/{case['id']}/level", LEADER, lower, status=409))[
        "rule"
    ] == "level_unchanged"


REFUSED: list[tuple[str, str, dict[str, object] | None, int]] = [
    ("POST", "/api/v1/cases", {"title": "没有级别"}, 422),
    ("POST", "/api/v1/cases", {"title": "x", "level": "V"}, 422),
    ("POST", "/api/v1/cases", {"title": "a\x00b", "level": "IV"}, 422),
    ("POST", "/api/v1/cases", {"title": "   ", "level": "IV"}, 422),
    ("POST", "/api/v1/cases", {"event_id": "a", "alert_id": "b"}, 422),
    ("POST", "/api/v1/cases", {"title": "x", "level": "IV", "detected_at": "2030-01-01T00:00:00+08:00"}, 422),
    ("POST", "/api/v1/cases", {"title": "x", "level": "IV", "detected_at": "2020-01-01T00:00:00"}, 422),
    ("POST", "/api/v1/cases", {"title": "x", "level": "IV", "detected_at": "0001-01-01T00:00:00+14:00"}, 422),
    ("POST", "/api/v1/cases", {"event_id": "no-such-event"}, 404),
    ("POST", "/api/v1/cases", {"alert_id": "no-such-alert"}, 404),
    ("GET", "/api/v1/cases/a%00b", None, 422),
    ("GET", "/api/v1/cases?cursor=W10", None, 400),
    ("GET", "/api/v1/cases?cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgImEiXQ", None, 400),
    ("GET", "/api/v1/alerts?cursor=WzEsMl0", None, 400),
    ("GET", "/api/v1/alerts?event_id=%00", None, 422),
    ("GET", "/api/v1/plans?cursor=WzFd", None, 400),
    ("GET", "/public/v1/statements?cursor=WzFd", None, 400),
    ("POST", "/api/v1/alerts/none/dismiss", {"reason": "x"}, 404),
    ("POST", "/api/v1/cases/none/transitions", {"to": "assessing"}, 404),
    ("POST", "/api/v1/cases/none/approvals/none", {"decision": "approve"}, 404),
    ("POST", "/api/v1/cases/none/statements", {"title": "x", "text": "y"}, 404),
]


async def test_what_cannot_be_is_refused_by_name(cases: Cases) -> None:
    for method, path, body, status in REFUSED:
        answer = await cases.call(method, path, OFFICE, json=body)
        assert answer.status_code == status, (method, path, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_timeline_is_read_page_by_page(cases: Cases) -> None:
    case = await open_by_hand(cases)
    path = f"/api/v1/cases/{case['id']}"
    for i in range(4):
        await cases.post(f"{path}/reports", OFFICE, {"to": "group_leader", "text": f"续报{i}"}, status=201)
    whole = await cases.timeline(str(case["id"]))
    found, cursor = [], None
    while True:
        page = await cases.get(f"{path}/timeline", limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == whole
    assert [one["sequence"] for one in whole] == list(range(1, len(whole) + 1))
    assert (await cases.call("GET", f"{path}/timeline?cursor=Wy01XQ", OFFICE)).status_code == 400


async def test_a_mass_incident_starts_the_round_the_clock_watch(cases: Cases) -> None:
    await cases.tell(event(at=cases.clock.now()))
    case = await cases.the_case()
    assert case["watch_mode"] == "routine"
    path = f"/api/v1/cases/{case['id']}"
    await cases.post(f"{path}/facts", OFFICE, {"mass_incident": True, "reason": "县里来电"})
    assert (await cases.get(path))["watch_mode"] == "surge"
    again = await cases.post(f"{path}/watch", OFFICE, {"mode": "routine", "reason": "人员已散去"})
    assert again["watch_mode"] == "routine"
    told = await cases.heard(WATCH_CHANGED)
    assert [one["mode"] for one in told] == ["surge", "routine"]
    assert "补偿款" in told[0]["keywords"]
    assert told[1]["keywords"] == []


async def test_a_plan_that_cannot_be_read_stops_the_start_at_once(start: StartCases, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="预案无法读取"):
        await start(plan=tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("meta: [", encoding="utf-8")
    with pytest.raises(PlanError, match=r"broken.yaml:1: YAML"):
        await start(plan=broken)
