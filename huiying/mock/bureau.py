"""Sets the fictional bureau up: users, contacts, rosters, sources, topics, webhooks; everything by the API."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any, Final

from contracts.words import Role
from huiying.mock.desk import Desk
from huiying.mock.people import CAST, PASSWORD, SOURCES, TOPICS

#: signs what the mock's own webhooks receive, so that a receiver can be tried with it
WEBHOOK_SECRET: Final = "whsec_" + base64.b64encode(b"huiying mock, an open secret!!!!").decode()


def set_up(desk: Desk, site: str) -> None:
    """Make the bureau as it stood before the story. `site` is where the mock's own web site is reached."""
    contacts = _people(desk, site)
    _rosters(desk, contacts)
    for name, channel, tier in SOURCES.values():
        desk["admin"].post("/api/v1/sources", {"name": name, "channel": channel, "tier": tier})
    for name, path, tier in (
        ("普洱示例网订阅", "feed.xml", "municipal"),
        ("县区示例网订阅", "empty.xml", "county"),
        ("行业示例站订阅", "gone.xml", "industry"),
    ):
        source = {
            "name": name,
            "channel": "news",
            "tier": tier,
            "url": f"{site}/{path}",
            "adapter": "feed",
            "cadence_minutes": 60,
        }
        desk["admin"].post("/api/v1/sources", source)
    off = {"name": "停用的示例源", "channel": "forum", "tier": "social", "enabled": False}
    desk["admin"].post("/api/v1/sources", off)
    for name, query, places, family in TOPICS:
        desk["office"].post("/api/v1/topics", {"name": name, "query": query, "places": places, "family": family})
    for name, path, kinds in (
        ("示例门户", "sink/portal", ["statement_published"]),
        ("示例大屏", "sink/wall", []),
        ("示例坏掉的系统", "broken", ["case_opened", "level_changed"]),
    ):
        hook = {"name": name, "url": f"{site}/{path}", "kinds": kinds, "secret": WEBHOOK_SECRET}
        desk["admin"].post("/api/v1/webhooks", hook)


def _people(desk: Desk, site: str) -> dict[str, str]:
    """Make users and contacts; returns each contact's id by key."""
    for unit in sorted({person.unit for person in CAST.values() if person.unit}):
        answer = desk["admin"].http.post("/api/v1/units", json={"name": unit})
        if answer.status_code != 409:  # those of the plan are known already
            answer.raise_for_status()
    contacts = {}
    for key, person in CAST.items():
        user = {
            "username": key,
            "name": person.name,
            "password": PASSWORD,
            "roles": list(person.roles),
            "unit": person.unit,
        }
        desk["admin"].post("/api/v1/users", user)
        if Role.AUDITOR not in person.roles:
            body = {
                "name": person.name,
                "roles": list(person.roles),
                "unit": person.unit,
                "username": key,
                "ways": [_way(way, key, site) for way in person.ways],
            }
            contacts[key] = desk["admin"].post("/api/v1/contacts", body)["id"]
    return contacts


def _way(way: str, key: str, site: str) -> dict[str, Any]:
    if way == "log":
        return {"channel": "log"}
    path = f"sink/{key}" if way == "sink" else f"broken/{key}"
    return {"channel": "webhook", "address": f"{site}/{path}", "secret": WEBHOOK_SECRET}


def _rosters(desk: Desk, contacts: dict[str, str]) -> None:
    """Set up the office's roster round the clock, the leaders' by the week, and one of a county with gaps."""
    began = (desk.now() - timedelta(days=3)).date().isoformat()
    day_and_night = {"kind": "daily", "handovers": ["08:00", "20:00"]}
    weekly = {"kind": "weekly", "weekday": 1, "at": "08:00"}
    for name, role, unit, always, keys, turns in (
        ("局办公室值班表（示例）", "office", None, True, ("office", "night", "chief"), day_and_night),
        ("带班领导（示例）", "group_leader", None, True, ("leader", "member"), weekly),
        (
            "澜沧县值班表（示例）",
            "county",
            "澜沧县移民系统",
            True,
            ("lancang",),
            {"kind": "daily", "handovers": ["08:00"]},
        ),
    ):
        rotation: dict[str, Any] = {
            "name": name.removesuffix("（示例）"),
            "participants": [contacts[key] for key in keys],
            "starts_on": began,
            "turns": turns,
        }
        if unit:
            rotation["days"] = "workdays"
        roster = {"name": name, "role": role, "unit": unit, "round_the_clock": always, "rotations": [rotation]}
        desk["office"].post("/api/v1/rosters", roster)
