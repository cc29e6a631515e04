"""Input that no officer means: it is told what is wrong, and nothing breaks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.analysis.harness import OTHER, REPORT, Analysis, Api, a_post, collected

V1 = "/api/v1"
TIMES = (
    "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
    "1989-12-31T00:00:00Z",
    "2100-01-02T00:00:00Z",
    "2026-03-01T00:00:00",
)


async def seeded(analysis: Analysis) -> tuple[str, str]:
    await analysis.track([collected(a_post(REPORT, minutes=60)), collected(a_post(OTHER, minutes=30))])
    one, other = (event["id"] for event in await analysis.events())
    return one, other


@pytest.mark.parametrize("at", TIMES)
async def test_a_time_out_of_the_calendar_is_refused(analysis: Analysis, api: Api, at: str) -> None:
    event, _ = await seeded(analysis)
    for path in ("posts", "posts/counts", f"events/{event}/series", "trends", "concerns"):
        for name in ("since", "until") if path != "concerns" else ("since",):
            response = await api.call("GET", f"{V1}/{path}", params={name: at}, status=422)
            assert response.json()["errors"][0]["pointer"] == f"query.{name}", (path, name)
    body = {"what": "posts", "filter": {"since": at}}
    await api.call("POST", f"{V1}/exports", json=body, status=422)


async def test_a_nul_is_refused_wherever_it_stands(analysis: Analysis, api: Api) -> None:
    event, _ = await seeded(analysis)
    asked = {
        "posts": ("q", "topic", "place", "source", "event"),
        "posts/counts": ("q", "topic", "place", "source", "event"),
        "events": ("topic", "place"),
        "concerns": ("topic", "place"),
        "trends": ("topic",),
    }
    for path, names in asked.items():
        for name in names:
            response = await api.call("GET", f"{V1}/{path}", params={name: "a\x00b"}, status=422)
            assert response.json()["errors"][0]["detail"] == "must not hold the character NUL", (path, name)
    await api.call("GET", f"{V1}/trends", params={"by": "place", "key": "a\x00b"}, status=422)
    for path in ("posts/%00", "topics/%00", "exports/%00", "exports/%00/file", "events/a%00b"):
        await api.call("GET", f"{V1}/{path}", status=422)
    for part in ("posts", "series", "forecast", "spread", "concerns"):
        await api.call("GET", f"{V1}/events/a%00b/{part}", status=422)
    bodies: dict[str, dict[str, Any]] = {
        "merge": {"events": ["a\x00b"], "reason": "同一件事"},
        "split": {"posts": ["a\x00b"], "reason": "两件事"},
        "restore": {"reason": "两\x00件事"},
    }
    for name, body in bodies.items():
        await api.call("POST", f"{V1}/events/{event}/{name}", json=body, status=422)
        await api.call("POST", f"{V1}/events/%00/{name}", json=body | {"reason": "同一件事"}, status=422)
    await api.call("DELETE", f"{V1}/topics/packs/a%00b", status=422)
    await api.call("POST", f"{V1}/topics", json={"name": "a\x00b", "query": "移民"}, status=422)


async def test_a_cursor_serves_the_sort_that_gave_it(analysis: Analysis, api: Api) -> None:
    await seeded(analysis)
    cursors = {
        sort: (await api.get(f"{V1}/events", sort=sort, limit=1))["next_cursor"] for sort in ("-heat", "-last_seen")
    }
    for sort, cursor in cursors.items():
        for other in cursors:
            params = {"sort": other, "cursor": cursor}
            response = await api.call("GET", f"{V1}/events", params=params, status=200 if sort == other else 400)
            if sort != other:
                assert response.json()["type"].endswith("bad-cursor")
    topics = (await api.call("GET", f"{V1}/events", params={"cursor": "W10"}, status=400)).json()
    assert topics["type"].endswith("bad-cursor")
