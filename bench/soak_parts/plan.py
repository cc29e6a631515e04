"""What the site publishes, and what goes wrong with it when: all of it decided beforehand, from the run's length alone.

Times are seconds since the run's epoch. The service's clock may run faster than the machine's (`speed`); cadences and
what is published are then as much closer together, while delays between requests stay seconds of the machine.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

#: what a source's list shows at most; no source publishes more than this in a run
SHOWN: Final = 60
#: entries of one page of a list or an API
PER_PAGE: Final = 20
#: parts of the run: warming up, the windows of long faults, and the end of all faults
WARM: Final = 0.15
LONG: Final = (0.25, 0.58)
CALM: Final = 0.8
#: when sources that fall quiet are made to look as though they had been so for hours
AGED: Final = 0.4


class Kind(StrEnum):
    """How a source offers its posts."""

    FEED = "feed"
    FEED_PAGES = "feed_pages"
    LIST = "list_page"
    API = "json_api"
    SITEMAP = "sitemap"
    HOT = "hot_list"


class Fault(StrEnum):
    """What goes wrong."""

    STORM = "storm"
    LIMITED = "limited"
    SLOW = "slow"
    CLOSED = "closed"
    GARBAGE = "garbage"
    BOMB = "bomb"
    LOOP = "loop"
    ROBOTS = "robots"
    #: for long: nothing answers, pages without text, nothing new
    DEAD = "dead"
    EMPTY = "empty"
    QUIET = "quiet"


#: the silence that the service must tell of, by what was done to a source
SILENCES: Final = {Fault.DEAD: "fetch", Fault.EMPTY: "extraction", Fault.QUIET: "quiet"}
_KINDS: Final = (
    *(Kind.FEED, Kind.LIST, Kind.FEED_PAGES, Kind.LIST, Kind.API),
    *(Kind.SITEMAP, Kind.LIST, Kind.FEED, Kind.HOT, Kind.FEED),
)
_WITH_PAGES: Final = frozenset({Kind.FEED_PAGES, Kind.LIST, Kind.SITEMAP})
#: of how many hosts in a hundred each fault befalls one, and how long it lasts, in parts of the run
_SHORT: Final = (
    (Fault.STORM, 8, 0.03),
    (Fault.LIMITED, 6, 0.03),
    (Fault.SLOW, 6, 0.08),
    (Fault.CLOSED, 6, 0.03),
    (Fault.GARBAGE, 5, 0.04),
    (Fault.BOMB, 4, 0.06),
    (Fault.LOOP, 4, 0.05),
    (Fault.ROBOTS, 4, 0.10),
    (Fault.DEAD, 4, 0.0),
)


@dataclass(frozen=True, slots=True)
class Window:
    """A fault and when it holds."""

    fault: Fault
    begins: float
    ends: float


@dataclass(frozen=True)
class Planned:
    """One source: which adapter reads it at which host, how often it publishes, and what befalls it alone."""

    index: int
    kind: Kind
    host: str
    first: float
    period: float
    count: int
    windows: tuple[Window, ...] = ()
    #: whether its habit is put into the database: of a source that falls quiet, and of some that do not
    habit: bool = False

    @property
    def name(self) -> str:
        """Return its name in the service."""
        return f"长跑信源{self.index:04d}"

    @property
    def entry(self) -> str:
        """Return the path that the service is given."""
        ends = {Kind.LIST: "list/", Kind.API: "api", Kind.SITEMAP: "sitemap.xml", Kind.HOT: "hot.json"}
        return f"/s{self.index}/{ends.get(self.kind, 'feed.xml')}"

    def article(self, number: int) -> str:
        """Return the path of a post, counted from 0."""
        return f"/s{self.index}/news/t20261124_{10000 + number}.html"

    def published(self, number: int) -> float:
        """Return when a post is published, counted from 0."""
        at = self.first + number * self.period
        quiet = next((one for one in self.windows if one.fault is Fault.QUIET), None)
        # what would fall into the quiet comes after it
        return at if quiet is None or at < quiet.begins else at + (quiet.ends - quiet.begins)

    def there(self, now: float, until: float) -> int:
        """Return how many posts there are at `now`; nothing is published after `until`."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.published(middle) <= min(now, until):
                low = middle + 1
            else:
                high = middle
        return low

    def config(self) -> dict[str, Any]:
        """Return its adapter's settings."""
        if self.kind is Kind.FEED_PAGES:
            return {"full_text": True}
        if self.kind is Kind.LIST:
            return {"pages": -(-SHOWN // PER_PAGE)}
        if self.kind is Kind.API:
            turning = {"kind": "page", "pages": -(-SHOWN // PER_PAGE)}
            expressions = {"items": "data.list", "url": "url", "title": "title", "text": "content", "ok": "code == `0`"}
            return {**expressions, "published_at": "time", "counters": {"reads": "reads"}, "pagination": turning}
        return {}

    @property
    def adapter(self) -> str:
        """Return the name of its adapter."""
        return "feed" if self.kind is Kind.FEED_PAGES else self.kind.value


@dataclass(frozen=True)
class Plan:
    """The whole run: its length in seconds, how much faster the service's clock runs, how many sources there are."""

    seconds: float
    speed: float
    sources: int
    epoch: float
    seed: int = 1
    hosts: dict[str, tuple[Window, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def planned(self) -> tuple[Planned, ...]:
        """Return every source; the faults of hosts are put into :attr:`hosts` with it."""
        chance = random.Random(self.seed)
        made: list[Planned] = []
        host = ""
        number = 0
        befallen: Counter[str] = Counter()
        for index in range(self.sources):
            # every fifth source shares its predecessor's host, as a site's two columns do
            if index % 5 != 4 or not host:
                host = f"127.0.{2 + number // 250}.{1 + number % 250}"
                self.hosts[host] = self._faults(number, chance)
                number += 1
            made.append(self._source(index, host, chance, befallen))
        return tuple(made)

    @property
    def until(self) -> float:
        """Return the seconds after which nothing more is published."""
        return 0.9 * self.seconds

    def at(self, part: float) -> float:
        """Return the seconds at a part of the run."""
        return part * self.seconds

    def _faults(self, number: int, chance: random.Random) -> tuple[Window, ...]:
        lot = number * 37 % 100
        for fault, share, length in _SHORT:
            if lot < share:
                if fault is Fault.DEAD:
                    return (Window(fault, self.at(LONG[0]), self.at(LONG[1])),)
                count = 2 if fault is Fault.STORM else 1
                begins = sorted(chance.uniform(WARM, CALM - length) for _ in range(count))
                return tuple(Window(fault, self.at(begin), self.at(begin + length)) for begin in begins)
            lot -= share
        return ()

    def _source(self, index: int, host: str, chance: random.Random, befallen: Counter[str]) -> Planned:
        kind = _KINDS[index % len(_KINDS)]
        period = chance.uniform(90, 180) / self.speed
        windows: tuple[Window, ...] = ()
        habit = False
        long = self.at(LONG[0]), self.at(LONG[1])
        if any(one.fault is Fault.DEAD for one in self.hosts[host]):
            period = 45 / self.speed
        elif not self.hosts[host]:
            # every sixth of the hosts without a fault of their own
            group = "pages" if kind in _WITH_PAGES else "others"
            turn = befallen[group] % 6
            befallen[group] += 1
            if turn == 1 and kind in _WITH_PAGES:
                windows = (Window(Fault.EMPTY, *long),)
                period = 45 / self.speed
            elif turn == 1:
                windows = (Window(Fault.QUIET, *long),)
            habit = turn in (1, 4) and not (turn == 1 and kind in _WITH_PAGES)
        first = chance.uniform(-2 * period, 0)
        return Planned(index, kind, host, first, period, SHOWN, windows, habit)
