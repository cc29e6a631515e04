"""What the tests of escalation and of communication checks share."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from contracts.envelope import Publication
from contracts.messages import EscalationChanged
from contracts.streams import NOTIFICATIONS_CHANGED
from contracts.words import Role
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.clock import ManualClock
from tests.integration.notify.harness import SECRET, Notify, Receiver, until


class Paging:
    """A notify service with people who are reached by webhook, each at a path of their own, and a clock to be moved."""

    def __init__(self, notify: Notify, receiver: Receiver, clock: ManualClock) -> None:
        self.notify, self.receiver, self.clock = notify, receiver, clock
        receiver.any_time = True
        self.ids: dict[str, str] = {}

    async def person(self, name: str, *roles: str, **values: Any) -> str:
        """Enter somebody who logs in by their own name."""
        way = {"channel": "webhook", "address": f"{self.receiver.base}/{name}", "secret": SECRET}
        ways = values.pop("ways", [way])
        self.ids[name] = await self.notify.add(name, *roles, ways=ways, username=name, **values)
        return self.ids[name]

    async def policy(self, *steps: dict[str, Any], **values: Any) -> dict[str, Any]:
        """Enter a policy for alerts at level II."""
        body = {
            "name": "值班",
            "kinds": ["alert_raised"],
            "levels": ["II"],
            "steps": list(steps),
            "repeat": 0,
            "repeat_after_minutes": 10,
            **values,
        }
        answer = await self.notify.admin("POST", "/api/v1/escalation-policies", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def step(self, delay: int, *names: str, **values: Any) -> dict[str, Any]:
        """Return a step that tells people by name."""
        targets = [{"kind": "contact", "contact_id": self.ids[name]} for name in names]
        return {"delay_minutes": delay, "targets": targets, **values}

    async def forward(self, minutes: float) -> None:
        """Let time pass; the passes look every second."""
        self.clock.advance(timedelta(minutes=minutes))

    async def escalation(self, notification_id: str) -> dict[str, Any]:
        """Return the escalation of a notification; empty while there is none."""
        answer = await self.notify.admin("GET", f"/api/v1/notifications/{notification_id}/escalation")
        return dict(answer.json()) if answer.status_code == 200 else {}

    async def came_to(self, notification_id: str, state: str, *calls: list[str]) -> dict[str, Any]:
        """Wait until an escalation is in `state` and has made just these calls (the names of each), and return it."""
        found: dict[str, Any] = {}

        async def there() -> bool:
            nonlocal found
            found = await self.escalation(notification_id)
            return bool(found) and found["state"] == state and self.calls(found) == [sorted(one) for one in calls]

        await until(there, describe=lambda: f"wanted {state} {calls}, found {found}")
        return found

    @staticmethod
    def calls(escalation: dict[str, Any]) -> list[list[str]]:
        """Return whom each call told, by name."""
        return [sorted(one["contact_name"] for one in call["people"] if one["told"]) for call in escalation["calls"]]

    async def heard(self, name: str, count: int) -> list[dict[str, Any]]:
        """Wait until somebody has got `count` letters in all, and return what stood in each."""

        async def there() -> bool:
            return len({call.id for call in self.receiver.to(f"/{name}")}) >= count

        await until(there, describe=lambda: f"{name} got {len(self.receiver.to(f'/{name}'))}, wanted {count}")
        letters = {call.id: call.data["data"] for call in self.receiver.to(f"/{name}")}
        assert len(letters) == count, [letter["subject"] for letter in letters.values()]
        return list(letters.values())

    async def acknowledge(self, name: str, notification_id: str, role: Role = Role.OFFICE) -> None:
        """Acknowledge as somebody who logs in."""
        path = f"/api/v1/notifications/{notification_id}/acknowledge"
        answer = await self.notify.call("POST", path, roles={role}, name=name)
        assert answer.status_code == 200, answer.text

    async def changes(self) -> list[EscalationChanged]:
        """Return what the bus was told of escalations."""

        async def relayed() -> bool:
            return await self.notify.runtime.outbox.waiting() == 0

        await until(relayed)
        entries = await self.notify.runtime.redis.xrange(NOTIFICATIONS_CHANGED)
        messages = [decode(fields[FIELD]) for _, fields in entries]
        return [EscalationChanged.model_validate(one.data) for one in messages if one.type == "escalation.changed"]

    async def publish(self, stream: str, type_: str, payload: Any) -> None:
        """Put a message of cases on the bus."""
        message = envelope(type_, payload.model_dump().get("id", "x"), payload, source="cases", at=self.clock.now())
        await self.notify.runtime.bus.publish([Publication(stream=stream, message=message)])

    def told_once(self) -> None:
        """Nobody has got two letters with the same note of the same notification."""
        letters = {call.id: (call.path, call.data["data"]) for call in self.receiver.calls}
        said = Counter((path, one["notification_id"], one["note"]) for path, one in letters.values())
        assert [what for what, count in said.items() if count > 1] == []
