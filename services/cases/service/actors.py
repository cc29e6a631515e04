"""Who did something, as the timeline names them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from contracts.words import Role
from kit.auth import Principal


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the machine, or the plan that lets something happen by itself.

    `name` is what people are shown; who a person is goes by `id`, or by `login`, the name they log in by.
    """

    kind: str
    name: str
    id: str | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    unit: str | None = None
    login: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the actor as a timeline entry holds it."""
        said = {"kind": self.kind, "id": self.id, "name": self.name, "roles": sorted(self.roles)}
        return {**said, "login": self.login} if self.login else said

    @classmethod
    def of(cls, principal: Principal) -> Actor:
        """Return the actor on whose behalf a call is made."""
        return cls("person", principal.name, principal.id, principal.roles, principal.unit, principal.login)


#: What grades events and proposes.
MACHINE: Final = Actor("machine", "系统研判")
#: What happens by itself because the plan says so.
PLAN: Final = Actor("plan", "预案")
