"""A case's whole life on two replicas that die at every step of it: nothing is lost, and nothing is done twice.

The life is led twice on one database: first undisturbed, then with a replica killed (SIGKILL) in the middle of every
call. Both must leave the same: entries, clocks, tasks, notices, messages, published texts.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import redis.asyncio as aioredis

from contracts.streams import (
    ALERTS_RAISED,
    CASES_CHANGED,
    NOTIFICATIONS_REQUESTED,
    STATEMENTS_PUBLISHED,
    WATCH_CHANGED,
)
from contracts.words import Role
from kit.auth import Principal
from kit.clock import ShiftedClock
from kit.leases import TERM
from kit.testing import INTERNAL_KEY
from tests.integration.cases.aftermath import PROPAGANDA, asked, with_concerns
from tests.integration.cases.harness import CITY, LEADER, OFFICE, OFFICE_TWO, PROVINCIAL, event, until
from tests.integration.cases.holding import Hold, PostgresHold, SqliteHold
from tests.integration.cases.killing import Way, World
from tests.integration.cases.replicas import Forge, Replica

JINGGU = Principal("user-jinggu", "刀联络员", frozenset({Role.COUNTY}), "景谷县移民系统")
SEED = 20190601


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    """Give the process that forks replicas."""
    made = Forge()
    try:
        yield made
    finally:
        made.close()


@pytest_asyncio.fixture
async def world(forge: Forge, database_url: str, valkey_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Give two running replicas on an empty database."""
    clock_file = tmp_path / "clock"
    environment = {
        "HUIYING_DATABASE_URL": database_url,
        "HUIYING_REDIS_URL": valkey_url,
        "HUIYING_INTERNAL_KEY": INTERNAL_KEY,
        "HUIYING_CLOCK_PASS": "0.2",
        "HUIYING_CLOCK_FILE": str(clock_file),
        "HUIYING_BUS_CLAIM_IDLE": "1",
        "HUIYING_BUS_BLOCK": "0.1",
        "HUIYING_LOG_LEVEL": "warning",
        "HUIYING_SUPERVISED": "1",
    }
    # a connection to a process that has been killed is of no use to the next under its name
    no_pool = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=no_pool, timeout=60) as http, aioredis.Redis.from_url(valkey_url) as redis:
        replicas = tuple(Replica(f"cases-{n}", forge, http, environment, tmp_path / f"{n}.log") for n in "ab")
        assert len(replicas) == 2
        hold: Hold | None = None
        try:
            for replica in replicas:
                replica.start()
                await replica.ready()
            if database_url.startswith("sqlite"):
                hold = SqliteHold(tmp_path / "cases.db")
            else:
                hold = await PostgresHold.open(database_url)
            yield World(replicas, hold, redis, ShiftedClock(clock_file), clock_file, random.Random(SEED))
        finally:
            for replica in replicas:
                replica.kill()
            if hold is not None:
                await hold.close()


CORRECTION: dict[str, Any] = {
    "outlet": "某网",
    "title": "补偿款去哪了",
    "url": "https://news.example.com/a/1.html",
    "claim": "县移民局把2000万元补偿款挪作他用",
    "evidence": [{"kind": "document", "description": "国库支付凭证", "reference": "景财支〔2026〕18号"}],
    "fact": "2000万元补偿款已全部发放到213户移民的账户",
    "fact_source": "县财政局、县移民局联合核查",
}


async def life(world: World, event_id: str) -> None:
    """Lead a case of level II, raised to I, from its event to its end and back again."""
    act, yes = world.act, {"decision": "approve"}
    concerns = (asked("compensation", "补偿标准与兑现", 6, "unpaid"),)
    world.course = []
    await world.tell(with_concerns(event(event_id, at=world.clock.now(), **PROVINCIAL), *concerns))
    await until(lambda: _opened(world, event_id), 30)
    world.case = (await world.get("/api/v1/cases", event_id=event_id))["items"][0]["id"]

    # received, assessed, the level activated; a raise refused, and another approved
    alert = (await world.get("/api/v1/alerts", event_id=event_id))["items"][0]
    alert_path = f"/api/v1/alerts/{alert['id']}"
    await act("POST", f"{alert_path}/acknowledge", OFFICE, seen=alert_path)
    await act("POST", "{case}/transitions", OFFICE, {"to": "assessing"})
    await act("POST", await world.newest("approvals"), LEADER, yes)
    await act("POST", "{case}/level", LEADER, {"level": "I", "reason": "中央媒体转载"}, status=201)
    await act("POST", await world.newest("approvals"), CITY, {"decision": "reject", "comment": "系转载旧闻"})
    await act("POST", "{case}/level", OFFICE, {"level": "I", "reason": "现场聚集"}, status=201)
    await act("POST", await world.newest("approvals"), LEADER, yes)  # requests
    await act("POST", await world.newest("approvals"), CITY, yes)  # decides
    await act("POST", "{case}/transitions", OFFICE, {"to": "responding"})
    await act("POST", "{case}/reports", OFFICE, {"to": "city_leader", "text": "初报"}, status=201)

    # one voice
    await act("POST", "{case}/statements", OFFICE, {"title": "情况通报", "text": "涉及移民213户。"}, status=201)
    await _released(world, await world.newest("statements"))
    first = await world.newest("statements")
    correction = {"title": "更正", "text": "涉及移民231户。", "reason": "统计遗漏"}
    await act("POST", f"{first}/correct", OFFICE, correction, status=201)
    await _released(world, await world.newest("statements"))

    # work, departments, media
    tasks = (await world.get(f"/api/v1/cases/{world.case}/tasks"))["items"]
    for key in ("verify_facts", "answer_concerns"):
        task = next(one["id"] for one in tasks if one["key"] == key)
        await act("POST", f"{{case}}/tasks/{task}", OFFICE, {"action": "complete", "text": "见附件"})
    at = (world.clock.now() + timedelta(hours=1)).isoformat()
    finance = [{"role": "department", "unit": "市财政局"}]
    called = {"subject": "应对口径", "planned_at": at, "units": finance}
    await act("POST", "{case}/consultations", OFFICE, called, status=201)
    consultation = await world.newest("consultations")
    held = {"attended": ["局办公室"], "conclusions": ["三日内完成核查"]}
    await act("POST", f"{consultation}/held", OFFICE, held)
    await act("POST", f"{consultation}/conclusions/1/task", OFFICE, finance[0], status=201)
    county = [{"role": "county", "unit": "景谷县移民系统"}]
    await act("POST", "{case}/information", OFFICE, {"text": "请核实", "units": county}, status=201)
    await act("POST", f"{await world.newest('information')}/acknowledge", JINGGU, {})
    await act("POST", "{case}/corrections", OFFICE, CORRECTION, status=201)
    request = await world.newest("corrections")
    await act("POST", f"{request}/submit", OFFICE)
    await act("POST", f"{request}/approve", OFFICE_TWO, yes)
    await act("POST", f"{request}/approve", PROPAGANDA, yes)
    await act("POST", f"{request}/sent", OFFICE, {"way": "挂号信", "to": "总编室"})
    settled = {"outcome": "refused", "answer": "不予更正"}
    await act("POST", f"{request}/outcome", OFFICE, settled)
    await act("POST", "{case}/press-conferences", OFFICE, {"decision": "hold", "reason": "关注度高"}, status=201)
    conference = await world.newest("press-conferences")
    await act("POST", f"{conference}/spokesperson", CITY, {"name": "李副秘书长"})
    paper = {"questions": [{"question": "何时发放？", "answer": "本周内"}]}
    await act("PUT", f"{conference}/questions", OFFICE, paper)
    await act("POST", f"{conference}/questions/1", CITY, yes)
    await act("POST", f"{conference}/announce", OFFICE, {"at": at, "place": "新闻发布厅"})
    await act("POST", f"{conference}/held", OFFICE, {"record": "通报了核查情况"})
    concern = await world.newest("concerns")
    await act("POST", f"{concern}/answer", OFFICE, {"text": "补偿款已于2月20日全部到账"})

    # the end, and back
    await act("POST", "{case}/transitions", OFFICE, {"to": "monitoring", "reason": "已平息"})
    await act("POST", "{case}/transitions", OFFICE, {"to": "reviewing", "reason": "情况平稳"})
    await act("POST", "{case}/review", OFFICE, status=201)
    sections = (await world.get(f"/api/v1/cases/{world.case}/review"))["sections"]
    texts = {one["title"]: one["text"] or "无" for one in sections}
    whole = {"sections": texts, "conclusion": "处置及时"}
    await act("PATCH", "{case}/review", OFFICE, whole, seen="{case}/review")
    await act("POST", "{case}/review/submit", OFFICE, seen="{case}/review")
    await act("POST", "{case}/review/finish", LEADER, yes, seen="{case}/review")
    await act("POST", "{case}/transitions", LEADER, {"to": "closed", "reason": "办结"})
    await act("POST", "{case}/transitions", OFFICE, {"to": "responding", "reason": "再次出现同类投诉"})


async def _opened(world: World, event_id: str) -> bool:
    return bool((await world.get("/api/v1/cases", event_id=event_id))["items"])


async def _released(world: World, statement: str) -> None:
    await world.act("POST", f"{statement}/submit", OFFICE)
    await world.act("POST", f"{statement}/approve", CITY)
    await world.act("POST", f"{statement}/publish", OFFICE)


def alike(text: str) -> str:
    """Return a text without the figures, numbers and times by which two lives differ."""
    return re.sub(r"[0-9a-f]{32,}|\d+", "#", text)


async def legacy(world: World) -> dict[str, Counter[Any]]:
    """Return all that a case leaves, without what is its own: ids, numbers, times."""
    path = f"/api/v1/cases/{world.case}"
    clocks = (await world.get(f"{path}/clocks"))["items"]
    tasks = (await world.get(f"{path}/tasks"))["items"]
    people = (await world.get(f"{path}/participants"))["items"]
    approvals = (await world.get(f"{path}/approvals"))["items"]
    statements = (await world.get(f"{path}/statements"))["items"]
    changed = [one for one in await world.heard(CASES_CHANGED) if one.subject == world.case]
    told = [one.data for one in await world.heard(NOTIFICATIONS_REQUESTED) if one.data["case_id"] == world.case]
    texts = {one["id"] for one in statements}
    published = [one for one in await world.heard(STATEMENTS_PUBLISHED) if one.subject in texts]
    watched = [one for one in await world.heard(WATCH_CHANGED) if one.subject == world.case]
    alerts = [one for one in await world.heard(ALERTS_RAISED) if one.data["case_id"] == world.case]
    rows = await world.hold.rows(f"SELECT id FROM notices WHERE case_id = '{world.case}'")

    # of each once: an open clock of a kind, a message of an entry, a message of a notice
    timeline = await world.timeline()
    numbers = [one.data["sequence"] for one in changed if one.type == "case.changed"]
    assert sorted(numbers) == [one["sequence"] for one in timeline] == list(range(1, len(timeline) + 1))
    assert sorted(one["id"] for one in told) == sorted(row[0] for row in rows)
    duties = Counter((one["kind"], one["task_id"]) for one in clocks if one["state"] in ("running", "breached"))
    assert set(duties.values()) <= {1}, duties
    assert len({(one.subject, one.type) for one in published}) == len(published)
    verdict = await world.get(f"{path}/timeline/verify")
    assert (verdict["intact"], verdict["entries"]) == (True, len(timeline)), verdict

    return {
        "entries": Counter((one["kind"], alike(one["text"]), one["actor"]["name"]) for one in timeline),
        "clocks": Counter((one["kind"], one["level"], one["state"]) for one in clocks),
        "tasks": Counter(
            (one["key"] if one["origin"] == "playbook" else "", one["title"], one["state"]) for one in tasks
        ),
        "people": Counter((one["role"], one["unit"], one["part"]) for one in people),
        "approvals": Counter((one["kind"], one["to_level"], one["state"], len(one["signatures"])) for one in approvals),
        "statements": Counter((one["state"], one["revision"]) for one in statements),
        "messages": Counter((one.type, one.data.get("entry")) for one in changed),
        "notices": Counter((one["kind"], one["level"], alike(one["subject"]), str(one["recipients"])) for one in told),
        "published": Counter(one.type for one in published),
        "watched": Counter(one.data["mode"] for one in watched),
        "alerts": Counter(one.data["level"] for one in alerts),
    }


@pytest.mark.timeout(900)
async def test_a_life_led_by_replicas_that_die_at_every_step_is_the_same_life(world: World) -> None:
    await life(world, "event-calm")
    calm, course = await legacy(world), world.course
    assert len(course) > 40

    other = itertools.cycle((Way.UNHEARD, None, None, Way.AT_RANDOM, None, None, Way.BEFORE, None, None))

    def ways() -> list[Way]:
        more = next(other)
        return [Way.HALF_WAY] if more is None else [Way.HALF_WAY, more]

    world.ways = ways
    await life(world, "event-killed")
    world.ways = tuple
    assert world.course == course
    killed = await legacy(world)
    for what, left in calm.items():
        assert killed[what] == left, what
    assert world.deaths[Way.HALF_WAY] == len(course) + 1
    assert min(world.deaths[way] for way in Way) >= 4
    assert world.caught > 0.8 * world.deaths[Way.HALF_WAY], "hardly any of them died in the middle"

    items = (await world.get("/api/v1/cases"))["items"]
    assert sorted(one["number"][-4:] for one in items) == ["0001", "0002"]
    numbers = await world.hold.rows("SELECT index_number FROM statements ORDER BY index_number")
    assert [row[0][-3:] for row in numbers] == ["001", "002", "003", "004"]
    await _a_stale_writer_is_told(world)
    await _what_a_dead_replica_held_goes_to_the_other(world)


async def _a_stale_writer_is_told(world: World) -> None:
    """Two people who have seen the same case write by different replicas: one of them has seen too little."""
    path = f"/api/v1/cases/{world.case}"
    for replica in world.replicas:
        await replica.ready()
    tag = await world.tag(path)

    def report(n: int) -> dict[str, str]:
        return {"to": "city_leader", "text": f"续报{n}"}

    answers = await asyncio.gather(
        *(
            replica.call("POST", f"{path}/reports", OFFICE, json=report(n), if_match=tag)
            for n, replica in enumerate(world.replicas)
        )
    )
    assert sorted(one.status_code for one in answers) == [201, 412]
    late = [
        await replica.call("POST", f"{path}/reports", OFFICE_TWO, json=report(9), if_match=tag)
        for replica in world.replicas
    ]
    assert [one.status_code for one in late] == [412, 412]
    newest = await world.tag(path)
    assert [one.json()["current"] for one in late] == [newest, newest]
    assert sum("续报" in one["text"] for one in await world.timeline()) == 1


async def _what_a_dead_replica_held_goes_to_the_other(world: World) -> None:
    """The replica that moves the clocks dies over it and stays dead: the other says everything, once, after a term."""
    clock = next(
        one
        for one in (await world.get(f"/api/v1/cases/{world.case}/clocks"))["items"]
        if one["kind"] == "next_update" and one["state"] == "running"
    )
    holder = (await world.hold.rows("SELECT holder FROM lease WHERE name = 'pass:clocks'"))[0][0]
    victim = next(one for one in world.replicas if one.name == holder)
    async with world.hold.before(world.case):
        shifted = timedelta(seconds=clock["remaining"] + 1)
        world.clock_file.write_text(str(shifted.total_seconds()), encoding="ascii")
        await asyncio.sleep(0.5)
        world.kill(victim)
    assert await _said(world, clock["id"]) == []

    async def all_said() -> bool:
        return "clock_breached" in await _said(world, clock["id"])

    await until(all_said, 3 * TERM)
    await until(world.told_all, 3 * TERM)
    assert Counter(await _said(world, clock["id"]))["clock_breached"] == 1
    told = [one.data["clock_id"] for one in await world.heard(CASES_CHANGED) if one.type == "clock.breached"]
    assert told.count(clock["id"]) == 1
    victim.start()
    await victim.ready()
    assert Counter(await _said(world, clock["id"]))["clock_breached"] == 1
    assert (await world.get(f"/api/v1/cases/{world.case}/timeline/verify"))["intact"]


async def _said(world: World, clock_id: str) -> list[str]:
    return [one["kind"] for one in await world.timeline() if one["data"].get("clock_id") == clock_id]
