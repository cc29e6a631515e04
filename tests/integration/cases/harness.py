"""What the tests of cases work with: a running service, events told over the bus, and people who call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from contracts.envelope import Message, Publication
from contracts.messages import EventMetrics, EventUpdated, NotificationChanged
from contracts.streams import EVENTS_UPDATED, NOTIFICATIONS_CHANGED
from contracts.words import DeliveryState, IncidentType, NotificationKind, Role, Tier
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.bus.envelope import decode, envelope
from kit.clock import ManualClock
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY
from services.cases.api.parts import Parts

StartCases = Callable[..., Awaitable["Cases"]]

_SIGNER = ContextSigner(INTERNAL_KEY)


def person(name: str, *roles: Role) -> Principal:
    """Return somebody who is logged in."""
    return Principal(id=f"user-{name}", name=name, roles=frozenset(roles))


OFFICE = person("王办", Role.OFFICE)
OFFICE_TWO = person("李办", Role.OFFICE)
LEADER = person("赵局长", Role.GROUP_LEADER)
MEMBER = person("钱科长", Role.GROUP_MEMBER)
CITY = person("孙市长", Role.CITY_LEADER)
AUDITOR = person("审计员", Role.AUDITOR)
ADMIN = person("admin", Role.ADMIN)


def event(
    id_: str = "event-1",
    version: int = 1,
    *,
    at: datetime,
    topics: tuple[str, ...] = ("resettlement",),
    incident_type: IncidentType = IncidentType.SOCIAL_SECURITY,
    **metrics: Any,
) -> EventUpdated:
    """Return a resettlement story with two sources: level III unless the metrics say otherwise."""
    values: dict[str, Any] = {
        "posts_total": 6,
        "posts_1h": 6,
        "posts_24h": 6,
        "negative_share": 0.8,
        "sources": 2,
        "interactions": 40,
        **metrics,
    }
    return EventUpdated(
        id=id_,
        version=version,
        title="景谷县移民安置点补偿款迟迟未发",
        summary="多名网民反映补偿款未到账",
        first_seen=at - timedelta(hours=1),
        last_seen=at,
        incident_type=incident_type,
        topics=list(topics),
        places=["景谷县"],
        keywords=["移民", "补偿款"],
        metrics=EventMetrics.model_validate(values),
        new_posts=["post-1"],
    )


PROVINCIAL: dict[str, Any] = {"top_tier": Tier.PROVINCIAL}
CENTRAL: dict[str, Any] = {"top_tier": Tier.CENTRAL}


@dataclass
class Cases:
    """A running cases service."""

    runtime: Runtime
    parts: Parts
    http: httpx.AsyncClient
    clock: ManualClock

    async def tell(self, *events: EventUpdated) -> list[Message]:
        """Publish events as analysis would; returns the messages."""
        messages = [envelope("event.updated", one.id, one, source="analysis", at=self.clock.now()) for one in events]
        await self.publish(EVENTS_UPDATED, messages)
        return messages

    async def publish(self, stream: str, messages: list[Message]) -> None:
        """Put messages on the bus."""
        await self.runtime.bus.publish([Publication(stream=stream, message=message) for message in messages])

    async def acknowledge(
        self, notice: dict[str, Any], *, name: str = "王办", role: Role = Role.OFFICE, login: str | None = None
    ) -> Message:
        """Tell, as notify would, that somebody acknowledged a notification."""
        payload = NotificationChanged(
            notification_id=notice["id"],
            kind=NotificationKind(notice["kind"]),
            case_id=notice["case_id"],
            alert_id=notice["alert_id"],
            contact_id="contact-1",
            contact_name=name,
            contact_login=login,
            role=role,
            channel="log",
            state=DeliveryState.ACKNOWLEDGED,
            at=self.clock.now(),
            acknowledged_via="link",
        )
        message = envelope("notification.changed", notice["id"], payload, source="notify", at=self.clock.now())
        await self.publish(NOTIFICATIONS_CHANGED, [message])
        return message

    async def heard(self, stream: str, type_: str | None = None) -> list[dict[str, Any]]:
        """Return the data of everything that is on a stream, once the outbox is empty."""
        await until(self._told_all)
        entries = await self.runtime.redis.xrange(stream)
        messages = [decode(fields[b"m"]) for _, fields in entries]
        return [message.data for message in messages if type_ is None or message.type == type_]

    async def _told_all(self) -> bool:
        return await self.runtime.outbox.waiting() == 0

    async def get(self, path: str, who: Principal = AUDITOR, **params: Any) -> Any:
        """GET a path and return the JSON; fails unless it answers 200."""
        answer = await self.call("GET", path, who, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, who: Principal, body: Any = None, status: int = 200) -> Any:
        """POST a body and return the JSON; fails unless it answers `status`."""
        answer = await self.call("POST", path, who, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def call(self, method: str, path: str, who: Principal | None, **more: Any) -> httpx.Response:
        """Call the API on somebody's behalf."""
        headers = {"accept-language": "zh-CN", **more.pop("headers", {})}
        if who is not None:
            headers[CONTEXT_HEADER] = _SIGNER.sign(who)
        return await self.http.request(method, path, headers=headers, **more)

    async def the_case(self) -> dict[str, Any]:
        """Wait for the one case there is and return it."""

        async def there() -> bool:
            return bool((await self.get("/api/v1/cases"))["items"])

        await until(there)
        items = (await self.get("/api/v1/cases"))["items"]
        assert len(items) == 1
        return dict(items[0])

    async def clocks(self, case_id: str, *kinds: str) -> list[dict[str, Any]]:
        """Return a case's clocks of the kinds given (all but tasks where none is)."""
        items = (await self.get(f"/api/v1/cases/{case_id}/clocks"))["items"]
        return [one for one in items if (one["kind"] in kinds if kinds else one["kind"] != "task")]

    async def running(self, case_id: str, kind: str) -> dict[str, Any]:
        """Return the one open clock of a kind."""
        found = [one for one in await self.clocks(case_id, kind) if one["state"] in ("running", "breached")]
        assert len(found) == 1, found
        return found[0]

    async def timeline(self, case_id: str) -> list[dict[str, Any]]:
        """Return a case's whole timeline."""
        return list((await self.get(f"/api/v1/cases/{case_id}/timeline", limit=200))["items"])

    async def pending(self, case_id: str) -> dict[str, Any]:
        """Return the proposal that awaits its decision."""
        items = (await self.get(f"/api/v1/cases/{case_id}/approvals"))["items"]
        found = [one for one in items if one["state"] == "pending"]
        assert len(found) == 1, items
        return dict(found[0])


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 90.0) -> None:
    """Wait until something holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.02)
