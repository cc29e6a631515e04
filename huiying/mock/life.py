"""After the story: posts, events, alerts and receipts keep coming, so that live pages have something to show."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from huiying.errors import CommandError
from huiying.mock.desk import Desk
from huiying.mock.events import EVENTS, Event
from huiying.mock.posts import compose, invent

#: seconds between two things that happen, least and most
_PAUSE: Final = (2.0, 9.0)
#: seconds between two new events, and between two acts of an officer
_NEW_EVENT: Final = 75.0
_ACT: Final = 40.0


class Life:
    """Pushes posts now and then until it is told to end. What fails is said and tried again later."""

    def __init__(self, desk: Desk, seed: int, stopping: threading.Event) -> None:
        self._desk, self._rng, self._stopping = desk, random.Random(f"{seed}/{time.time_ns()}"), stopping
        # of the story, what is still going on
        self._going: list[Event] = [event for event in EVENTS if event.ended < 3]
        self._made = 0

    def run(self) -> None:
        """Go on until `stopping` is set."""
        next_event, next_act = time.monotonic() + 20, time.monotonic() + _ACT
        while not self._stopping.wait(self._rng.uniform(*_PAUSE)):
            try:
                if time.monotonic() >= next_event:
                    next_event += _NEW_EVENT
                    self._begin()
                elif time.monotonic() >= next_act:
                    next_act += _ACT
                    self._act()
                else:
                    self._push(self._rng.choice(self._going), 1)
            except (CommandError, httpx.HTTPError) as error:
                print(f"mock     | {error}", flush=True)

    def _begin(self) -> None:
        """Let something new happen; the oldest of it is talked of no longer."""
        self._made += 1
        event = invent(self._rng, time.time_ns())
        self._going = [*self._going[-5:], event]
        self._push(event, 4)

    def _push(self, event: Event, count: int) -> None:
        bodies: list[dict[str, Any]] = []
        for number in range(count):
            source = event.sources[number % len(event.sources)] if count > 1 else self._rng.choice(event.sources)
            body = compose(event, source, number, self._rng)
            body["url"] = f"https://{body['channel']}.example.com/{event.key}/{time.time_ns()}-{number}"
            bodies.append({**body, "published_at": datetime.now(UTC).isoformat()})
        self._desk["office"].post("/api/v1/posts", {"posts": bodies})

    def _act(self) -> None:
        """Let somebody take receipt of the oldest alert that is open."""
        waiting = [
            one
            for one in self._desk["office"].get("/api/v1/alerts", status="open", limit=50)["items"]
            if one["event_title"]
        ]
        if len(waiting) > 6:  # leaves some for whoever builds a page
            self._desk["office"].post(f"/api/v1/alerts/{waiting[-1]['id']}/acknowledge")
