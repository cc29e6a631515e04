"""What an adapter is: it knows one way in which the web offers posts, and nothing of storing them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

from contracts.words import Channel, Tier
from services.ingest.fetching.page import HTML, Page


class Config(BaseModel):
    """Base of an adapter's settings, which lie in a source's `config`: unknown names are errors."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source as its adapter sees it. `url` is where collecting begins (for RSSHub: its base, where one is given)."""

    id: str
    name: str
    url: str | None
    channel: Channel
    tier: Tier


@dataclass(frozen=True, slots=True)
class Draft:
    """A post as an adapter found it: not yet masked, its author still by name; it is stored by intake alone.

    `evidence` is the :attr:`Page.digest` of the page that shows it.
    """

    text: str
    url: str | None = None
    title: str = ""
    published_at: datetime | None = None
    author: str | None = None
    #: name of the outlet that the page itself gives (转载自 …), where it is not the source
    outlet: str | None = None
    repost_of: str | None = None
    #: reads, likes, comments, reposts: totals since publication; only those that the page shows
    counters: Mapping[str, int] = field(default_factory=dict)
    evidence: str | None = None
    #: where it was published, for adapters that read several platforms; None: the source's channel
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that should have become a post and did not, and why: in the words of an officer."""

    url: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """Where an entry stood on a hot list at one moment. `rank` counts from 1; `heat` is the list's own figure."""

    list: str
    url: str | None
    title: str
    rank: int
    heat: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Collected:
    """What one pass over a source brought.

    `state` is handed back at the next pass (validators, ranks, the last seen entry): JSON, at most some kilobytes.
    `seen` counts the entries that the source listed, known ones included: 0 where the page did not change.
    """

    drafts: Sequence[Draft]
    state: Mapping[str, Any]
    seen: int = 0
    misses: Sequence[Miss] = ()
    unchanged: bool = False
    #: for hot lists: every entry of the list as it stands, whether its post is new or not
    rankings: Sequence[Ranking] = ()


class OutOfTime(Exception):
    """The time of the pass is up: what was found so far is to be returned, the rest comes with the next."""


class Surroundings(Protocol):
    """What a pass may use."""

    @property
    def source(self) -> SourceSpec: ...

    @property
    def state(self) -> Mapping[str, Any]:
        """What the pass before left; empty at the first."""

    @property
    def now(self) -> datetime: ...

    @property
    def limit(self) -> int:
        """Posts at most that this pass should bring."""

    @property
    def keywords(self) -> Sequence[str]:
        """What cases in surge watch want searched besides, for sources that can be searched."""

    async def fetch(
        self,
        url: str,
        *,
        accept: str = HTML,
        validators: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Return a page (status 200, or 304 where validators were given); raises FetchFailed and OutOfTime."""

    def half_spent(self) -> bool:
        """Tell whether half of the pass's time is over: no more lists are to be read then."""

    async def known(self, urls: Collection[str]) -> set[str]:
        """Return those of the addresses whose posts are stored already."""


class Adapter(Protocol):
    """One way in which the web offers posts. A module of this package that holds `ADAPTER` is one."""

    #: the word in a source's `adapter`
    name: ClassVar[str]
    #: what officers read
    label: ClassVar[str]
    #: the settings it takes, a subclass of :class:`Config`
    config: ClassVar[type[Config]]

    async def collect(self, config: Any, around: Surroundings) -> Collected:
        """Return what is there now. Raises FetchFailed where the source itself cannot be had or read."""
