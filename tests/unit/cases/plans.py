"""The plans that are shipped, each of another kind of body, for tests that must hold for any plan.

A test that takes the fixture `shipped` runs once for each of them; one that needs all at once takes `plans`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.messages import EventUpdated
from contracts.words import Level, Tier
from services.cases.plan import Plan, parse_plan
from services.cases.plan.loader import Document
from tests.unit.cases.seed import story

ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True)
class Shipped:
    """A plan that is shipped; `topic` is one of its own, which its events are about."""

    path: Path
    topic: str
    text: str = field(repr=False)
    #: the plan with the document that it was read from
    read: tuple[Plan, Document] = field(repr=False)

    @classmethod
    def of(cls, name: str, topic: str) -> Shipped:
        """Read a plan of the folder `plans`."""
        path = ROOT / "plans" / name
        text = path.read_text(encoding="utf-8")
        return cls(path, topic, text, parse_plan(text, name))

    @property
    def plan(self) -> Plan:
        """Return the plan."""
        return self.read[0]

    @property
    def name(self) -> str:
        """Return the file's name without its ending."""
        return self.path.stem

    def story(self, **metrics: Any) -> EventUpdated:
        """Return an event of the plan's scope: one negative story, level IV unless the metrics say otherwise."""
        return story(topics=(self.topic,), **metrics)

    def reaching(self, level: Level) -> EventUpdated:
        """Return an event that reaches a level by the tier of the media that report it, as in every shipped plan."""
        tiers = {Level.IV: None, Level.III: Tier.MUNICIPAL, Level.II: Tier.PROVINCIAL, Level.I: Tier.CENTRAL}
        return self.story(top_tier=tiers[level])


PUER: Final = Shipped.of("puer-resettlement-2019.yaml", "resettlement")
WATER: Final = Shipped.of("yunshan-water-2025.yaml", "quality")
SHIPPED: Final = (PUER, WATER)


@pytest.fixture(params=SHIPPED, ids=lambda one: one.name)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    """Give each shipped plan in turn."""
    one: Shipped = request.param
    return one


@pytest.fixture
def plans() -> tuple[Shipped, ...]:
    """Give all shipped plans."""
    return SHIPPED
