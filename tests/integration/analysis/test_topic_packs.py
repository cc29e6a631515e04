"""Topic packs over HTTP, on both databases: listing, loading again and again, and taking one out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from contracts.messages import PlanActivated, PlanTopic
from contracts.words import Role
from language.places import find
from services.analysis.enrich.folding import fold
from services.analysis.service import take_over_plan
from services.analysis.topic_watch import TopicWatch
from tests.integration.analysis.harness import NOW, Analysis, Api

PACKS = "/api/v1/topics/packs"
PACK = """\
pack: water
title: 水库
version: "1"
topics:
  - {key: dams, name: 大坝, query: 大坝, matches: [大坝], misses: [河堤]}
  - {key: lakes, name: 库区, query: 库区 NOT 钓鱼, matches: [库区], misses: [库区钓鱼]}
"""


@pytest.fixture
def folder(analysis: Analysis, tmp_path: Path) -> Path:
    """Give the folder that packs are read from, with one of them."""
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "water.yaml").write_text(PACK, encoding="utf-8")
    cast("Any", analysis.settings).topic_packs = folder
    return folder


async def loaded(api: Api) -> dict[str, int]:
    """Load the pack; returns what that did."""
    done = (await api.call("POST", f"{PACKS}/water/load")).json()
    return {what: done[what] for what in ("added", "changed", "removed", "unchanged")}


async def stored(api: Api) -> dict[str, dict[str, Any]]:
    """Return the stored topics by key."""
    return {topic["key"]: topic for topic in await api.items("/api/v1/topics")}


async def test_the_shipped_pack_is_offered_and_not_loaded(api: Api) -> None:
    (pack,) = (await api.get(PACKS))["items"]
    assert (pack["name"], pack["topics"], pack["loaded"], pack["problems"]) == ("puer-resettlement", 11, None, [])
    assert await api.items("/api/v1/topics") == []


async def test_loading_is_safe_to_repeat(analysis: Analysis, api: Api, folder: Path) -> None:
    watch = TopicWatch(analysis.runtime)
    await watch.refresh()
    assert await loaded(api) == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0}
    assert await watch.refresh()
    assert watch.matcher.match("", fold("库区的大坝"), find("")) == ["water.dams", "water.lakes"]
    assert watch.matcher.families == {"water.dams": "plan", "water.lakes": "plan"}
    assert await loaded(api) == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}
    assert not await watch.refresh()
    topic = (await stored(api))["water.dams"]
    assert (topic["origin"], topic["family"], topic["pack_version"], topic["version"]) == ("pack", "water", "1", 1)
    (pack,) = (await api.get(PACKS))["items"]
    assert pack["loaded"] == {"version": "1", "topics": 2, "enabled": 2}


async def test_what_was_switched_off_stays_off(api: Api, folder: Path) -> None:
    await loaded(api)
    off = (await stored(api))["water.dams"]["id"]
    await api.call("PATCH", f"/api/v1/topics/{off}", json={"enabled": False})
    new = PACK.replace('version: "1"', 'version: "2"').replace("query: 大坝", "query: 大坝 OR 坝体")
    (folder / "water.yaml").write_text(new, encoding="utf-8")
    assert await loaded(api) == {"added": 0, "changed": 2, "removed": 0, "unchanged": 0}
    topic = (await stored(api))["water.dams"]
    assert (topic["enabled"], topic["query"], topic["pack_version"]) == (False, "大坝 OR 坝体", "2")
    (pack,) = (await api.get(PACKS))["items"]
    assert pack["loaded"] == {"version": "2", "topics": 2, "enabled": 1}


async def test_topics_that_a_pack_no_longer_has_go(api: Api, folder: Path) -> None:
    await loaded(api)
    (folder / "water.yaml").write_text(PACK[: PACK.index("  - {key: lakes")], encoding="utf-8")
    assert await loaded(api) == {"added": 0, "changed": 0, "removed": 1, "unchanged": 1}
    assert set(await stored(api)) == {"water.dams"}


async def test_a_pack_is_taken_out_also_when_its_file_is_gone(api: Api, folder: Path) -> None:
    await loaded(api)
    (folder / "water.yaml").unlink()
    (pack,) = (await api.get(PACKS))["items"]
    assert (pack["name"], pack["title"], pack["loaded"]["topics"]) == ("water", None, 2)
    await api.call("DELETE", f"{PACKS}/water", status=204)
    assert await stored(api) == {}
    await api.call("DELETE", f"{PACKS}/water", status=404)
    await api.call("POST", f"{PACKS}/water/load", status=404)
    await api.call("POST", f"{PACKS}/..%2Fwater/load", status=404)


async def test_a_pack_that_cannot_be_used_says_why(api: Api, folder: Path) -> None:
    (folder / "water.yaml").write_text(PACK.replace("misses: [河堤]", "misses: [大坝]"), encoding="utf-8")
    (pack,) = (await api.get(PACKS))["items"]
    assert (pack["title"], pack["problems"][0]["line"]) == (None, 5)
    problem = (await api.call("POST", f"{PACKS}/water/load", status=422)).json()
    assert problem["errors"][0]["pointer"] == "line 5: topics[0].misses[0]"
    assert await stored(api) == {}


async def test_topics_of_a_pack_are_changed_in_the_pack(api: Api, folder: Path) -> None:
    await loaded(api)
    path = f"/api/v1/topics/{(await stored(api))['water.dams']['id']}"
    await api.call("PATCH", path, json={"query": "x"}, status=409)
    problem = (await api.call("DELETE", path, status=409, headers={"Accept-Language": "zh"})).json()
    assert "该专题来自专题包" in problem["detail"]
    await api.call("POST", f"{PACKS}/water/load", role=Role.AUDITOR, status=403)


async def test_loading_twice_at_once_adds_each_topic_once(api: Api, folder: Path) -> None:
    done = await asyncio.gather(*(loaded(api) for _ in range(4)))
    assert sum(each["added"] for each in done) == 2
    assert set(await stored(api)) == {"water.dams", "water.lakes"}


async def test_a_pack_and_the_plan_leave_each_other_alone(analysis: Analysis, api: Api, folder: Path) -> None:
    await loaded(api)
    plan = PlanActivated(
        version="1", name="预案", topics=[PlanTopic(key="dams", name="坝", query="大坝")], activated_at=NOW
    )
    async with analysis.runtime.database.writing() as session:
        await take_over_plan(analysis.runtime, session, plan)
    topics = await stored(api)
    assert {key: (topic["origin"], topic["family"], topic["enabled"]) for key, topic in topics.items()} == {
        "dams": ("plan", "plan", True),
        "water.dams": ("pack", "water", True),
        "water.lakes": ("pack", "water", True),
    }


async def test_a_users_topic_has_a_family(api: Api) -> None:
    body = {"name": "水库", "query": "水库"}
    assert (await api.call("POST", "/api/v1/topics", json=body, status=201)).json()["family"] == "plan"
    made = await api.call("POST", "/api/v1/topics", json=body | {"family": "water"}, status=201)
    assert made.json()["family"] == "water"
    changed = await api.call("PATCH", made.headers["location"], json={"family": "plan"})
    assert changed.json()["family"] == "plan"
    await api.call("POST", "/api/v1/topics", json=body | {"family": "No Spaces"}, status=422)
