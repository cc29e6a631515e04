"""Which outlet a post comes from: by the name or id it gives, else by the host of its URL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
    """Finds outlets by name, id and host. What users made comes before the built-in list."""

    def __init__(self) -> None:
        self._names: dict[str, Outlet] = {}
        self._hosts: dict[str, Outlet] = {}

    @classmethod
    def built_in(cls) -> Registry:
        """Return the registry of well-known outlets."""
        registry = cls()
        for item in yaml.safe_load(_KNOWN.read_text(encoding="utf-8")):
            outlet = Outlet(item["name"], Tier(item["tier"]), Channel(item["channel"]))
            registry._add(outlet, (item["name"], *item["names"]), item["hosts"])
        return registry

    def with_sources(self, sources: Iterable[tuple[Outlet, str | None]]) -> Registry:
        """Return a registry that knows users' sources (with the host of their address) besides."""
        registry = Registry()
        registry._names, registry._hosts = dict(self._names), dict(self._hosts)
        for outlet, host in sources:
            names = (outlet.name, outlet.id) if outlet.id else (outlet.name,)
            registry._add(outlet, names, [host] if host else [])
        return registry

    def find(self, source: str | None, host: str | None) -> Outlet | None:
        """Return the outlet that a name, an id or a host belongs to; a host belongs to its parent domain's outlet."""
        if source and (named := self._names.get(_key(source))):
            return named
        while host:
            if found := self._hosts.get(host):
                return found
            host = host.partition(".")[2]
        return None

    def _add(self, outlet: Outlet, names: Iterable[str], hosts: Iterable[str]) -> None:
        for name in names:
            self._names[_key(name)] = outlet
        for host in hosts:
            self._hosts[host.lower()] = outlet


def _key(name: str) -> str:
    return name.strip().removeprefix("@").casefold()
