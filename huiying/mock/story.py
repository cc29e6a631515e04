"""Plays the story: posts and cases in the order of their hours, the system's clock moved along."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from huiying.mock.bureau import set_up
from huiying.mock.cases import SCRIPTS, Script
from huiying.mock.desk import Desk, Shift, StoryError, eventually
from huiying.mock.events import EVENTS
from huiying.mock.posts import Planned, plan_posts

#: hours before the present at which everything is set up: a day before the first post
BEGINNING: Final = 360.0
_BATCH: Final = 500

Progress = Callable[[float, str], None]


class Story:
    """The fortnight before the present. The same `seed` plays the same story; `small` with a third of its posts."""

    def __init__(self, desk: Desk, shift: Shift, site: str, *, seed: int, small: bool, tell: Progress) -> None:
        self._desk, self._shift, self._site, self._tell = desk, shift, site, tell
        self._posts = plan_posts(EVENTS, seed, 0.34 if small else 1.0)
        self._pushed = 0
        #: what could not be told, and why
        self.missed: list[str] = []

    def play(self) -> None:
        """Play everything; at its end the clock is the machine's again. Raises :class:`StoryError`."""
        self._tell(BEGINNING, "人员、值班表、信源、专题")
        set_up(self._desk, self._site)
        queue: list[tuple[float, int, Script]] = []
        for number, script in enumerate((_ticks(self), *(write(self._desk) for write in SCRIPTS), _office(self._desk))):
            heapq.heappush(queue, (-next(script), number, script))
        while queue:
            due, number, script = heapq.heappop(queue)
            self.move_to(-due)
            try:
                heapq.heappush(queue, (-next(script), number, script))
            except StopIteration:
                pass
            except StoryError as error:
                # one case less is no reason to have none; who starts the mock is told
                self.missed.append(error.line)
        self.move_to(0.0)
        self._settle()

    def move_to(self, hours: float) -> None:
        """Move the clock to `hours` before the present, and push the posts of up to then."""
        self._shift.hours_ago(hours)
        due = []
        while self._pushed < len(self._posts) and self._posts[self._pushed].hours >= hours:
            due.append(self._posts[self._pushed])
            self._pushed += 1
        self._push(due)
        self._tell(hours, f"{self._pushed} / {len(self._posts)} 条信息")

    @property
    def hours_of_posts(self) -> list[float]:
        """Return when each event is first seen, for the clock to stop there."""
        seen: dict[str, float] = {}
        for post in self._posts:
            seen.setdefault(post.event, post.hours)
        return list(seen.values())

    def _push(self, due: list[Planned]) -> None:
        present = datetime.now(UTC)
        for start in range(0, len(due), _BATCH):
            bodies = [one.at(present) for one in due[start : start + _BATCH]]
            told = self._desk["office"].post("/api/v1/posts", {"posts": bodies})
            if told["rejected"]:
                raise StoryError(f"示例信息被拒 / posts of the story were refused: {told['rejected'][:3]}", 1)

    def _settle(self) -> None:
        """Wait until everything pushed has been analysed."""
        newest = self._posts[-1].body["url"]
        auditor = self._desk["auditor"]

        def analysed() -> bool:
            found: list[dict[str, Any]] = auditor.get("/api/v1/posts", limit=50)["items"]
            return any(one["url"] == newest for one in found)

        eventually(analysed, "the last posts to be analysed", 180)


def _ticks(story: Story) -> Script:
    """Let the clock stop where an event begins, and every so often: half a day, later an hour."""
    stops = {hours - 0.01 for hours in story.hours_of_posts}
    stops |= {float(hours) for hours in range(340, 24, -12)} | {float(hours) for hours in range(24, 0, -3)} | {0.5}
    yield from sorted((hours for hours in stops if hours >= 0), reverse=True)


def _office(desk: Desk) -> Iterator[float]:
    """What the office does beside the cases: checks of the network, receipts, hand-overs, exports, deputies."""
    yield 200
    body = {"scope": "network", "text": "通信检查，请签收（示例）", "minutes": 60}
    check = desk["office"].post("/api/v1/communication-checks", body)
    for key in ("leader", "member", "propaganda", "lancang", "jinggu"):
        mine = eventually(lambda key=key: _mine(desk, key, "communication_check"), f"the check of {key}")  # type: ignore[misc]
        desk[key].post(f"/api/v1/notifications/{mine['id']}/acknowledge")
    desk["office"].get(f"/api/v1/communication-checks/{check['id']}")
    yield 198
    desk["office"].post(
        "/api/v1/communication-checks/schedules",
        {"name": "每月通信检查（示例）", "day": 5, "time": "09:30", "text": "每月通信检查（示例）", "minutes": 60},
    )
    yield 2
    desk["night"].post("/api/v1/handovers", {"person": "示例·王干事"})
    yield 1
    for what in ("posts", "events"):
        desk["office"].post("/api/v1/exports", {"what": what, "format": "xlsx"})
    desk["office"].post("/api/v1/communication-checks", {"scope": "county", "unit": "澜沧县", "minutes": 120})
    for key in ("leader", "jinggu", "finance"):
        for one in desk[key].get("/api/v1/notifications", mine="true", limit=10)["items"]:
            if one["requires_acknowledgement"]:
                desk[key].http.post(f"/api/v1/notifications/{one['id']}/acknowledge")


def _mine(desk: Desk, key: str, kind: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = desk[key].get("/api/v1/notifications", mine="true", kind=kind)["items"]
    return found[0] if found else None
