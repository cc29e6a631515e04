"""How the service behaved, from the site's own log: politeness, nothing fetched twice, what was abandoned."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bench.soak_parts.plan import Plan

#: what the machine's own hold-ups may take off a delay between two requests, seconds
_TOLERANCE: Final = 0.05
#: shares of the cadence: the shortest interval that the service may come to, and what it leaves to chance
_SOONEST: Final = 0.25 * 0.9
#: passes after which an adapter leaves an article alone
_ATTEMPTS: Final = 3
_CUT: Final = frozenset({"dead", "closed"})
_GOOD: Final = frozenset({"ok", "304"})


@dataclass
class Conduct:
    """What the log shows."""

    requests: Counter[str] = field(default_factory=Counter)
    too_soon: list[dict[str, Any]] = field(default_factory=list)
    sent_again: int = 0
    across: int = 0
    twice: list[dict[str, Any]] = field(default_factory=list)
    again_after_kill: int = 0
    entries_too_soon: list[dict[str, Any]] = field(default_factory=list)
    against_robots: list[dict[str, Any]] = field(default_factory=list)
    #: by article, in how many passes it went wrong
    damaged: Counter[str] = field(default_factory=Counter)
    held_up: float = 0.0
    entry_fetches: int = 0
    entries_not_modified: int = 0


def read(log: Path) -> tuple[list[dict[str, Any]], float]:
    """Return the requests in the order of their coming, and how long the site itself was held up at most."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    asked = sorted((line for line in lines if "path" in line), key=lambda line: line["at"])
    return asked, max((line["held_up"] for line in lines if "held_up" in line), default=0.0)


def conduct(
    log: Path, plan: Plan, *, delay: float, deaths: Mapping[str, float], hastened_from: float, port: int
) -> Conduct:
    """Judge the log. `deaths`: by who asked, when that process died; from `hastened_from` on sources are hastened."""
    asked, held_up = read(log)
    found = Conduct(held_up=held_up)
    found.requests = Counter(one["got"] for one in asked)
    _polite(asked, delay, found)
    _robots(asked, found)
    kills = sorted(deaths.values())
    entries: dict[str, set[str]] = defaultdict(set)
    for source in plan.planned:
        entries[source.host].add(source.entry)
    by_page: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in asked:
        by_page[one["host"], one["path"]].append(one)
    for (host, path), fetches in by_page.items():
        if path == "/robots.txt":
            continue
        if "/news/" in path:
            _article(fetches, kills, f"http://{host}:{port}{path}", found, plan)
        elif path.removesuffix("?page=1") in entries[host]:
            _entry(fetches, kills, plan, hastened_from, found)
    return found


def _polite(asked: Sequence[dict[str, Any]], delay: float, found: Conduct) -> None:
    """A process leaves the delay between the end of one request to a host and the next, and asks one at a time."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    anyone: dict[str, dict[str, Any]] = {}
    for one in asked:
        before = last.get((one["who"], one["host"]))
        if before is not None and one["at"] < before["at"] + delay - _TOLERANCE:
            if before["got"] in _CUT and before["path"] == one["path"]:
                # the server closed a kept connection in the request's face: HTTP has it sent again (RFC 9110, 9.2.2)
                found.sent_again += 1
            else:
                found.too_soon.append({"gap": round(one["at"] - before["at"], 3), "first": before, "then": one})
        elif before is not None and one["at"] < before["ended"] + before.get("retry_after", 0.0) - 0.1:
            found.too_soon.append({"retry_after": before["retry_after"], "first": before, "then": one})
        other = anyone.get(one["host"])
        if other is not None and other["who"] != one["who"] and one["at"] < other["at"] + delay - _TOLERANCE:
            found.across += 1
        last[one["who"], one["host"]] = anyone[one["host"]] = one


def _robots(asked: Sequence[dict[str, Any]], found: Conduct) -> None:
    """A process that read a robots.txt which forbids all asks for nothing else there."""
    shut: set[tuple[str, str]] = set()
    for one in asked:
        place = one["who"], one["host"]
        if one["path"] == "/robots.txt":
            if one["got"] in ("ok", "shut"):
                (shut.add if one["got"] == "shut" else shut.discard)(place)
        elif place in shut:
            found.against_robots.append(one)


def _article(fetches: Sequence[dict[str, Any]], kills: Sequence[float], url: str, found: Conduct, plan: Plan) -> None:
    """An article that was had is not asked for again, but for a process's death before it was stored."""
    # repetitions within one pass follow each other within a second or so
    apart = max(1.0, 0.5 * _SOONEST * 60 / plan.speed)
    at = float("-inf")
    for one in fetches:
        if one["got"] not in _GOOD:
            found.damaged[url] += one["at"] - at > apart
            at = one["at"]
    had = [one for one in fetches if one["got"] == "ok"]
    for first, then in pairwise(had):
        if any(first["at"] <= kill <= then["at"] for kill in kills):
            found.again_after_kill += 1
        else:
            found.twice.append({"url": url, "first": first, "then": then})


def _entry(
    fetches: Sequence[dict[str, Any]], kills: Sequence[float], plan: Plan, hastened_from: float, found: Conduct
) -> None:
    """A source is not looked at sooner than its cadence allows, unless the look before failed."""
    soonest = _SOONEST * 60 / plan.speed
    found.entry_fetches += len(fetches)
    found.entries_not_modified += sum(one["got"] == "304" for one in fetches)
    for first, then in pairwise(fetches):
        excused = (
            first["got"] not in _GOOD
            or then["at"] >= hastened_from
            or any(first["at"] <= kill <= then["at"] for kill in kills)
        )
        if not excused and then["at"] - first["at"] < soonest - 0.2:
            found.entries_too_soon.append({"gap": round(then["at"] - first["at"], 2), "first": first, "then": then})


def abandoned(found: Conduct) -> set[str]:
    """Return the articles that went wrong so often that the service may leave them alone, which it says as misses."""
    return {url for url, times in found.damaged.items() if times >= _ATTEMPTS}


def published(plan: Plan, port: int, now: float) -> set[str]:
    """Return the addresses of all posts that there are at `now` (seconds since the epoch)."""
    return {
        f"http://{one.host}:{port}{one.article(number)}"
        for one in plan.planned
        for number in range(one.there(now, plan.until))
    }
