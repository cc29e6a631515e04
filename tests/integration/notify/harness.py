"""A whole notify service on a real bus and database, with a real mail server and a real webhook receiver beside it."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import httpx
from aiohttp import web
from standardwebhooks import Webhook

from contracts.envelope import Message, Publication
from contracts.messages import NotificationChanged, NotificationRequested
from contracts.streams import NOTIFICATIONS_CHANGED, NOTIFICATIONS_REQUESTED
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.bus import envelope
from kit.bus.envelope import FIELD, decode
from kit.ids import new_id
from kit.runtime import Runtime
from kit.testing import INTERNAL_KEY
from services.notify.api.parts import Parts

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class Received:
    """One webhook call whose signature was right."""

    path: str
    id: str
    data: dict[str, Any]
    at: float


@dataclass
class Receiver:
    """A webhook receiver that verifies every call and answers by script; without one, 204.

    `any_time`: calls that were signed at another time than the machine's are right too, where a test moves the clock.
    """

    base: str
    calls: list[Received] = field(default_factory=list)
    forged: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    any_time: bool = False
    script: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    hanging: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def to(self, path: str) -> list[Received]:
        """Return the calls of one path."""
        return [call for call in self.calls if call.path == path]

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            data = self._verified(body, request)
        except Exception:
            self.forged += 1
            return web.Response(status=401)
        path = request.path
        self.headers.append(dict(request.headers))
        self.bodies.append(body)
        self.calls.append(Received(path, request.headers["webhook-id"], data, time.monotonic()))
        if path in self.hanging:
            await self.released.wait()
        status, headers = self.script[path].pop(0) if self.script[path] else (204, {})
        return web.Response(status=status, headers=headers)

    def _verified(self, body: bytes, request: web.Request) -> Any:
        headers = dict(request.headers)
        if not self.any_time:
            return Webhook(SECRET).verify(body, headers)
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert headers["webhook-signature"] == Webhook(SECRET).sign(headers["webhook-id"], at, body.decode())
        return json.loads(body)


@dataclass
class Mailbox:
    """A mail server that keeps what it accepts and answers RCPT by script; without one, it accepts."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    script: list[str] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.script:
            return self.script.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.recipients.append(list(envelope.rcpt_tos))
        self.letters.append(letter)
        return "250 OK"


@dataclass
class Notify:
    """A running notify service, and the means to talk to it as its neighbours do."""

    runtime: Runtime
    parts: Parts
    http: httpx.AsyncClient

    async def request(self, *, message_id: str | None = None, **values: Any) -> str:
        """Publish a request as cases would; returns the notification's id."""
        wanted = NotificationRequested.model_validate(
            {
                "id": new_id(),
                "kind": "alert_raised",
                "level": "II",
                "subject": "澜沧县移民安置点饮水问题",
                "body": "一小时内 35 条信息，负面占八成。",
                "case_number": "YQ-2026-0001",
                "case_id": "case-1",
                "alert_id": "alert-1",
                "requires_acknowledgement": True,
                "requested_at": self.runtime.clock.now(),
                **values,
            }
        )
        message = envelope(
            "notification.requested", wanted.id, wanted, source="cases", at=datetime.now(UTC), id_=message_id
        )
        await self.publish(message)
        return wanted.id

    async def publish(self, message: Message) -> None:
        """Put a message on the request stream."""
        await self.runtime.bus.publish([Publication(stream=NOTIFICATIONS_REQUESTED, message=message)])

    async def runtime_pass(self) -> None:
        """Let the dispatcher look at once, after the clock has been moved."""
        self.parts.dispatcher.wake.set()

    async def told(self) -> list[NotificationChanged]:
        """Return what the service has published, all that is committed included."""

        async def relayed() -> bool:
            return await self.runtime.outbox.waiting() == 0

        await until(relayed)
        entries = await self.runtime.redis.xrange(NOTIFICATIONS_CHANGED)
        return [NotificationChanged.model_validate(decode(fields[FIELD]).data) for _, fields in entries]

    async def call(
        self, method: str, path: str, *, roles: set[Role], name: str = "admin", unit: str | None = None, **options: Any
    ) -> Any:
        """Call the service as the gateway would on behalf of `name`."""
        context = ContextSigner(INTERNAL_KEY).sign(Principal(f"user-{name}", name, frozenset(roles), unit))
        headers = {CONTEXT_HEADER: context, "Accept-Language": "zh-CN", **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def admin(self, method: str, path: str, **options: Any) -> Any:
        """Call the service as the administrator."""
        return await self.call(method, path, roles={Role.ADMIN}, **options)

    async def add(self, name: str, *roles: str, ways: list[dict[str, Any]], **values: Any) -> str:
        """Enter a contact, and their unit where there is none such; returns the contact's id."""
        if values.get("unit"):
            made = await self.admin("POST", "/api/v1/units", json={"name": values["unit"], "kind": "county"})
            assert made.status_code in (201, 409), made.text
        answer = await self.admin(
            "POST", "/api/v1/contacts", json={"name": name, "roles": list(roles), "ways": ways, **values}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def desk(self) -> dict[str, Any]:
        """Return the duty desk."""
        items = (await self.admin("GET", "/api/v1/contacts")).json()["items"]
        return next(item for item in items if item["desk"])

    async def bare_desk(self) -> str:
        """Take every role from the duty desk, so that only named people are told; returns its id."""
        desk_id = (await self.desk())["id"]
        assert (await self.admin("PATCH", f"/api/v1/contacts/{desk_id}", json={"roles": []})).status_code == 200
        return str(desk_id)

    async def deliveries(self, notification_id: str) -> list[dict[str, Any]]:
        """Return a notification's deliveries, oldest first (none while it is not there yet)."""
        answer = await self.admin("GET", f"/api/v1/notifications/{notification_id}")
        return list(answer.json()["deliveries"]) if answer.status_code == 200 else []

    async def settled(self, notification_id: str, *states: str, within: float = 60) -> list[dict[str, Any]]:
        """Wait until the deliveries are in just these states (in order of creation) and return them."""
        found: list[dict[str, Any]] = []

        async def check() -> bool:
            nonlocal found
            found = await self.deliveries(notification_id)
            return [item["state"] for item in found] == list(states)

        await until(check, within, lambda: f"wanted {states}, found {found}")
        return found

    async def settled_any(self, notification_id: str, count: int, within: float = 60) -> list[dict[str, Any]]:
        """Wait until so many deliveries are there and none of them is pending, and return them."""
        found: list[dict[str, Any]] = []

        async def check() -> bool:
            nonlocal found
            found = await self.deliveries(notification_id)
            return len(found) == count and all(item["state"] != "pending" for item in found)

        await until(check, within, lambda: f"wanted {count}, found {found}")
        return found

    async def written(self, notification_id: str) -> list[dict[str, Any]]:
        """Wait until a notification is there; return its deliveries, with when each was first due as `first_due`."""

        async def check() -> bool:
            return bool(await self.deliveries(notification_id))

        await until(check)
        found = await self.deliveries(notification_id)
        for item in found:
            item["first_due"] = item["next_attempt_at"] if item["note"].count("静默时段") else item["created_at"]
        return found


async def until(
    check: Callable[[], Awaitable[bool]], within: float = 60, describe: Callable[[], str] = lambda: ""
) -> None:
    """Return as soon as `check` holds; fail when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not await check():
        assert time.monotonic() < deadline, f"not within {within} s: {describe()}"
        await asyncio.sleep(0.03)


StartNotify = Callable[..., Awaitable[Notify]]
