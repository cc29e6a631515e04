"""Every operation of every part, with every role: what docs/roles.md says is what the parts do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from contracts.permissions import ACTIONS, CONFINED, Reach, recorded
from contracts.words import Role
from gateway.routes import needs_login, service_for
from kit.auth import PUBLIC, Principal
from tests.integration.huiying.whole import PARTS, Operation, Part

_PAGE: Final = Path(__file__).parents[3] / "docs" / "roles.md"
_MARKS: Final = {"●": Reach.ALL, "◐": Reach.OWN, "": None}
_SAFE: Final = frozenset({"GET", "HEAD"})
#: operations that take no right of the table: who one is, coming in, and exports, which take the right to read what
#: is exported and show everyone their own
_NO_ACTION: Final = ("/api/v1/auth/", "/api/v1/me", "/public/", "/api/v1/exports")
#: what besides nobody may ask for who sees only their own: it would tell of every case
_OVERSEERS_ONLY: Final = frozenset({"/api/v1/plans/backtest"})
#: what is sent to be looked at, and leaves nothing behind
_LOOKS: Final = (*("/check", "/preview", "/test", "/sentiment", "/backtest", "/diff", "/dry-run", "/calendar-links"),)
#: what the pages of the gateway itself are
_PAGES: Final = frozenset({"/", "/docs", "/docs/{name}", "/openapi.json"})


def table() -> dict[tuple[str, Role], Reach | None]:
    """Read the table of docs/roles.md."""
    found: dict[tuple[str, Role], Reach | None] = {}
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and (named := re.search(r"`([a-z_]+\.[a-z_]+)`$", cells[0])):
            for role, mark in zip(Role, cells[1:], strict=False):
                found[named[1], role] = _MARKS[mark]
    return found


TABLE: Final = table()


def somebody(role: Role, unit: str | None) -> Principal:
    """Return somebody of one role."""
    name = f"{role}-{unit}"
    return Principal(id=name, name=name, roles=frozenset({role}), unit=unit)


def test_the_page_has_every_action_and_every_role() -> None:
    assert {action for action, _ in TABLE} == set(ACTIONS)
    assert len(TABLE) == len(ACTIONS) * len(Role)


async def test_every_operation_with_every_role_and_unit_is_as_the_page_says(one_part: Part) -> None:
    operations = [operation for operation in one_part.operations() if operation.actions]
    assert operations
    for operation in operations:
        for role in Role:
            may = all(TABLE[action, role] is not None for action in operation.actions)
            if operation.path in _OVERSEERS_ONLY:
                may = may and role not in CONFINED
            for unit in ("景谷县移民系统", "another unit") if may else ("景谷县移民系统",):
                if operation.path == "/api/v1/stream" and may:
                    continue  # an answer without end: tests/integration/gateway/test_gateway_stream.py
                answer = await one_part.call(operation, somebody(role, unit))
                said = (operation.method, operation.path, role, unit, answer.text[:300])
                assert answer.headers["x-huiying-route"] == operation.path, "the gateway is told what answers"
                assert answer.headers["x-huiying-actions"] == ",".join(sorted(operation.actions))
                if may:
                    assert answer.status_code != 401, said
                    assert answer.status_code != 403 or "/forbidden" not in answer.json()["type"], said
                    assert answer.status_code != 500, said
                else:
                    # to who sees only what is their own, another's is not there, whatever they would do with it
                    hidden = answer.status_code == 404 and role in CONFINED and "_id}" in operation.path
                    assert answer.status_code == 403 or hidden, said
                    assert hidden or answer.json()["type"].endswith("/forbidden"), said


async def test_nothing_but_what_is_public_answers_who_did_not_come_through_the_gateway(one_part: Part) -> None:
    for operation in one_part.operations():
        if not operation.actions:
            assert operation.path in _PAGES or operation.path.startswith(_NO_ACTION), operation
        answer = None if operation.path == "/openapi.json" else await one_part.call(operation, None)
        if answer is None or operation.public or operation.path in _PAGES or operation.path.startswith("/api/v1/auth/"):
            continue
        assert answer.status_code == 401, (operation, answer.text[:300])


async def test_a_stranger_whom_the_gateway_lets_through_may_do_nothing(one_part: Part) -> None:
    for operation in one_part.operations():
        if operation.actions:
            answer = await one_part.call(operation, PUBLIC)
            assert answer.status_code in (403, 404, 503), (operation, answer.text[:300])


async def test_the_gateway_asks_everyone_to_log_in_but_where_pages_are_public(one_part: Part) -> None:
    for operation in one_part.operations():
        path = operation.filled()
        opened = operation.public or operation.path in _PAGES or operation.path.startswith("/api/v1/auth/")
        assert needs_login(path) is not opened, operation
        assert service_for(operation.method, path) == one_part.name, operation


async def test_what_only_looks_needs_no_right_to_change_and_the_auditor_changes_nothing(one_part: Part) -> None:
    for operation in one_part.operations():
        if operation.method not in _SAFE and operation.actions:
            allowed = all(TABLE[action, Role.AUDITOR] is not None for action in operation.actions)
            looks = operation.path.endswith(
                ("/check", "/preview", "/test", "/sentiment", "/backtest", "/diff", "/calendar-links", "/dry-run")
            )
            assert not allowed or looks, operation


async def test_which_operations_the_audit_log_writes_down(one_part: Part) -> None:
    """Everything but what is public to read; a new route is written down unless its action is declared open."""
    for operation in one_part.operations():
        if operation.public or operation.path in _PAGES:
            continue
        changes = operation.method not in _SAFE
        written = recorded(operation.actions, changes=changes, exports=False)
        assert written is _to_be_written(operation, changes), operation


def _to_be_written(operation: Operation, changes: bool) -> bool:
    if changes:
        return not operation.path.startswith(("/api/v1/posts", "/api/v1/imports", "/api/v1/sentiment"))
    open_to_all = (
        *("/api/v1/posts", "/api/v1/sources", "/api/v1/coverage", "/api/v1/adapters", "/api/v1/retention"),
        *("/api/v1/topics", "/api/v1/events", "/api/v1/concerns", "/api/v1/trends", "/api/v1/overview"),
        *("/api/v1/exports", "/api/v1/plan", "/api/v1/alerts", "/api/v1/hooks", "/api/v1/imports", "/api/v1/watches"),
        *("/api/v1/me", "/api/v1/auth/", "/api/v1/templates"),
    )
    closed = "/evidence" in operation.path or operation.path == "/api/v1/plan/proposals"
    return closed or not operation.path.startswith(open_to_all)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_looked_at(name: str) -> None:
    assert name in ("gateway", "ingest", "analysis", "cases", "notify")
