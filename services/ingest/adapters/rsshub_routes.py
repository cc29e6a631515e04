"""RSSHub's routes by name: their paths, parameters and channels. The table is rsshub_routes.yaml; no I/O beyond it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.words import Channel

_TABLE: Final = Path(__file__).with_name("rsshub_routes.yaml")
_PLACE: Final = re.compile(r"\{(\w+)(\??)\}")


class Parameter(BaseModel):
    """One parameter of a route: what officers call it, and an example."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    example: str


class Route(BaseModel):
    """One route: `{name}` in its path is a parameter, `{name?}` one that may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str
    channel: Channel
    path: str
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    #: the parameter that a keyword takes the place of, where the route searches
    search: str | None = None

    @model_validator(mode="after")
    def _agree(self) -> Route:
        if [place[0] for place in _PLACE.findall(self.path)] != list(self.parameters):
            raise ValueError(f"the parameters of {self.path} do not agree with its path")
        if self.search is not None and self.search not in self.parameters:
            raise ValueError(f"{self.search} is no parameter of {self.path}")
        return self

    @property
    def required(self) -> tuple[str, ...]:
        """Return the parameters that must be given."""
        return tuple(name for name, optional in _PLACE.findall(self.path) if not optional)

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the path with its parameters in place, percent-encoded; it ends at the first that is left out."""
        path = self.path
        for place in _PLACE.finditer(self.path):
            value = values.get(place[1], "").strip()
            if not value:
                return path[: path.index(place[0])].rstrip("/")
            path = path.replace(place[0], quote(value, safe=""))
        return path


@cache
def routes() -> dict[str, Route]:
    """Return the routes by their names."""
    table = yaml.safe_load(_TABLE.read_text(encoding="utf-8"))
    return {name: Route.model_validate(route) for name, route in table.items()}
