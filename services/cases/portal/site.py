"""The site that statements are published on: its name and bodies from the plan, its addresses from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from services.cases.plan import Plan
from services.cases.plan.disclosure import Site as SiteWords

LIST: Final = "/public/v1/statements"


@dataclass(frozen=True, slots=True)
class Site:
    """A site. `base` is where it is reached from outside, without a slash at its end."""

    base: str
    title: str
    publisher: str
    catalogue: str
    host_unit: str
    words: SiteWords

    @classmethod
    def of(cls, plan: Plan, base: str) -> Site:
        """Return the site of the plan in force."""
        told = plan.disclosure
        return cls(
            base=base,
            title=told.site.title or f"{told.publisher}信息发布",
            publisher=told.publisher,
            catalogue=told.catalogue,
            host_unit=told.site.host_unit or told.publisher,
            words=told.site,
        )

    @property
    def domain(self) -> str:
        """Return the host that the site is reached at."""
        return urlsplit(self.base).netloc

    def url(self, path: str = LIST, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return a whole address, for other programs."""
        written = urlencode(list(query))
        return f"{self.base}{path}?{written}" if written else self.base + path

    def href(self, path: str = LIST, query: Iterable[tuple[str, str]] = ()) -> str:
        """Return an address for links between pages: without scheme and host, so that it holds behind any name."""
        written = urlencode(list(query))
        place = urlsplit(self.base).path + path
        return f"{place}?{written}" if written else place

    def statement(self, id_: str) -> str:
        """Return the whole address of a statement."""
        return self.url(f"{LIST}/{id_}")
