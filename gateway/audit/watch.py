"""Seeing what is asked and answered, as plain ASGI: what counts is written down before the answer begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import structlog
from starlette.types import Message, Scope, Send

from contracts.permissions import recorded
from gateway.answers import address_of, problem
from gateway.audit.entry import UNKNOWN, Entry, Kind
from gateway.audit.log import AuditAway, AuditLog
from kit.auth import Principal
from kit.clock import Clock
from kit.service import ACTIONS_HEADER, ROUTE_HEADER

_log = structlog.get_logger(__name__)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: what the services and the gateway tell each other, and nobody else
_INTERNAL: Final = b"x-huiying-"
#: where people log in: the one thing that is written down of somebody who is nobody yet
_AUTH: Final = "/api/v1/auth/"
#: key of a request's scope under which the gateway's own routes may name what a stranger says that they are
CLAIMED: Final = "huiying.claimed"


class Watch:
    """Stands between the door and whoever answers.

    Reading and files are held back until the entry is safe in the database; where it cannot be written, nothing leaves
    (503). A change has happened by then: its entry is tried again until it is written, and while entries cannot be
    written no further change is let in (:meth:`closed`).
    """

    def __init__(self, log: AuditLog, clock: Clock) -> None:
        self._log, self._clock = log, clock

    async def closed(self, scope: Scope) -> bool:
        """Tell whether a request has to wait because it would change something that could not be written down."""
        if scope["method"] in _SAFE or scope["path"].startswith(_AUTH):
            return False
        return not await self._log.writable()

    def over(self, scope: Scope, send: Send, caller: Principal, request_id: str) -> Send:
        """Return a `send` that writes down what counts, and keeps back what is no business of callers."""
        answer = _Answer(self._log, self._clock, scope, send, caller, request_id)
        return answer.send


class _Answer:
    def __init__(
        self, log: AuditLog, clock: Clock, scope: Scope, send: Send, caller: Principal, request_id: str
    ) -> None:
        self._log, self._clock, self._scope, self._send = log, clock, scope, send
        self._caller, self._request_id = caller, request_id
        self._withheld = False
        #: the file whose bytes are counted because its size was not known before
        self._counted: Entry | None = None
        self._size = 0

    async def send(self, message: Message) -> None:
        """Pass a message on, or not."""
        if self._withheld:
            return
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if not await self._noted(message["status"], _told(headers)):
                self._withheld = True
                await _away(self._scope, self._send)
                return
            shown = [pair for pair in headers if not pair[0].lower().startswith(_INTERNAL)]
            message = {**message, "headers": shown}
        elif self._counted is not None:
            self._size += len(message.get("body", b""))
            if not message.get("more_body", False):
                await self._sent(self._counted)
        await self._send(message)

    async def _noted(self, status: int, told: _Told) -> bool:
        """Write the request down where it counts; tells whether the answer may leave."""
        scope = self._scope
        changes = scope["method"] not in _SAFE
        known = told.route is not None
        if self._caller.kind == "public":
            if not (changes and scope["path"].startswith(_AUTH)):
                return True
        elif known and not recorded(frozenset(told.actions), changes=changes, exports=told.file):
            return True
        elif not known and (status >= 400 or not scope["path"].startswith("/api/")):
            return True  # nobody's answer, or a page of ours
        entry = self._entry(status, told, "export" if told.file else "change" if changes else "read")
        try:
            await self._log.record(entry, keep=changes)
        except AuditAway as error:
            _log.error("audit.away", route=entry.route, error=str(error))
            return changes
        if told.file and told.size is None and scope["method"] != "HEAD":
            self._counted = entry
        return True

    def _entry(self, status: int, told: _Told, kind: Kind) -> Entry:
        scope = self._scope
        route = told.route or scope["path"]
        objects = _named(route, scope["path"])
        if status == 201 and told.location:
            objects["made"] = told.location.rstrip("/").rsplit("/", 1)[-1][:100]
        claimed = scope.get(CLAIMED)
        if self._caller.kind == "public" and claimed:
            objects["claimed"] = str(claimed[-1])
        return Entry(
            at=self._clock.now(),
            kind=kind,
            who=self._caller,
            client=address_of(scope),
            request_id=self._request_id,
            method=scope["method"],
            route=route,
            status=status,
            query=unquote(scope["query_string"].decode("latin-1"), errors="replace"),
            actions=told.actions if told.route is not None else (UNKNOWN,),
            objects=objects,
            bytes=told.size if told.file else None,
        )

    async def _sent(self, entry: Entry) -> None:
        self._counted = None
        done = Entry(
            at=self._clock.now(),
            kind="sent",
            who=entry.who,
            client=entry.client,
            request_id=entry.request_id,
            method=entry.method,
            route=entry.route,
            status=entry.status,
            actions=entry.actions,
            objects=entry.objects,
            bytes=self._size,
        )
        try:
            await self._log.record(done, keep=True)
        except AuditAway as error:
            _log.error("audit.away", route=entry.route, error=str(error))


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer's headers say."""

    route: str | None
    actions: tuple[str, ...]
    file: bool
    size: int | None
    location: str


def _told(headers: list[tuple[bytes, bytes]]) -> _Told:
    found: dict[bytes, str] = {key.lower(): value.decode("latin-1") for key, value in headers}
    length = found.get(b"content-length", "")
    return _Told(
        found.get(ROUTE_HEADER),
        tuple(action for action in found.get(ACTIONS_HEADER, "").split(",") if action),
        found.get(b"content-disposition", "").lower().startswith("attachment"),
        int(length) if length.isdigit() else None,
        found.get(b"location", ""),
    )


def _named(route: str, path: str) -> dict[str, str]:
    """Return the values that `path` has for the parameters of `route`."""
    names, values = route.split("/"), path.split("/")
    found: dict[str, str] = {}
    for name, value in zip(names, values, strict=False):
        if name.startswith("{"):
            found[name.strip("{}").partition(":")[0]] = value[:100]
    return found


async def _away(scope: Scope, send: Send) -> None:
    await problem(
        scope,
        send,
        503,
        "audit-away",
        zh="审计日志暂不可写，此内容不能提供，请稍后重试",
        en="The audit log cannot be written just now, and this is not shown unrecorded; try again",
        headers={"Retry-After": "5"},
    )


async def refuse(scope: Scope, send: Send) -> None:
    """Answer a change that could not be written down."""
    await problem(
        scope,
        send,
        503,
        "audit-away",
        zh="审计日志暂不可写，未作任何更改，请稍后重试",
        en="The audit log cannot be written just now; nothing was changed; try again",
        headers={"Retry-After": "5"},
    )


def claim(scope: Scope, login: str) -> None:
    """Note whom a stranger says that they are, for the entry of their login."""
    scope.setdefault(CLAIMED, []).append(login[:64])
