"""Which outlet a post comes from: by the name or id it gives, else by the host of its URL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import yaml

from contracts.words import Channel, Tier

_KNOWN: Final = Path(__file__).with_name("known_sources.yaml")


@dataclass(frozen=True, slots=True)
class Outlet:
    """A source as far as a post needs it. `id` is None for one of the built-in list."""

    name: str
    tier: Tier | None
    channel: Channel | None
    id: str | None = None


class Registry:
    """Finds outlets by name, id and address. What users made comes before the built-in list."""

    def __init__(self) -> None:
        self._names: dict[str, Outlet] = {}
        #: by host, the outlets with the path that each holds, the longest path first
        self._hosts: dict[str, list[tuple[str, Outlet]]] = {}

    @classmethod
    def built_in(cls) -> Registry:
        """Return the registry of well-known outlets."""
        registry = cls()
        for item in yaml.safe_load(_KNOWN.read_text(encoding="utf-8")):
            outlet = Outlet(item["name"], Tier(item["tier"]), Channel(item["channel"]))
            registry._add(outlet, (item["name"], *item["names"]), [(host, "") for host in item["hosts"]])
        return registry

    def with_sources(self, sources: Iterable[tuple[Outlet, str | None]]) -> Registry:
        """Return a registry that knows users' sources besides, each with its address.

        A source with a path holds that part of its host alone: an account on a platform is not the platform.
        """
        registry = Registry()
        registry._names = dict(self._names)
        registry._hosts = {host: list(held) for host, held in self._hosts.items()}
        for outlet, url in sources:
            names = (outlet.name, outlet.id) if outlet.id else (outlet.name,)
            parts = urlsplit(url) if url else None
            places = [(parts.hostname, parts.path.rstrip("/"))] if parts and parts.hostname else []
            registry._add(outlet, names, places)
        return registry

    def find(self, source: str | None, url: str | None) -> Outlet | None:
        """Return the outlet that a name, an id or an address belongs to; subdomains belong to their parent's outlet."""
        if source and (named := self._names.get(_key(source))):
            return named
        parts = urlsplit(url) if url else None
        host, path = (parts.hostname, parts.path) if parts else (None, "")
        while host:
            for prefix, outlet in self._hosts.get(host, ()):
                if path == prefix or path.startswith(prefix + "/") or not prefix:
                    return outlet
            host = host.partition(".")[2]
        return None

    def _add(self, outlet: Outlet, names: Iterable[str], places: Iterable[tuple[str, str]]) -> None:
        for name in names:
            self._names[_key(name)] = outlet
        for host, path in places:
            held = self._hosts.setdefault(host.lower(), [])
            held.insert(0, (path, outlet))
            held.sort(key=lambda pair: -len(pair[0]))


def _key(name: str) -> str:
    return name.strip().removeprefix("@").casefold()
