"""Who may come near a case or an alert at all: one dependency before every route, so that none can forget it.

Routes say what they do with :func:`kit.auth.require`. Where the table of rights says that the caller may do it to
their own only, the guard looks at the case or alert that the path names, before the body is looked at:

- one that the caller may not know of is not there (404, the same as for an id that nothing has);
- one that they may read but not change is refused (403), with the reason.

A participant who is released while a change of theirs is under way still makes that one change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.permissions import ACTIONS
from kit.auth import Principal, actions_of, principal_of
from kit.problems import Problem
from services.cases import store
from services.cases.access import Own, own_alerts, own_of
from services.cases.api.parts import Parts
from services.cases.service.desk import missing
from services.cases.store import participants

#: What is open to everyone, in or out.
_PUBLIC: Final = "/public/"

_Check = Callable[[Parts, Principal, str, frozenset[str]], Awaitable[None]]


async def known_case(parts: Parts, caller: Principal, case_id: str, actions: frozenset[str]) -> None:
    """Refuse a caller a case that is not their own, as far as they may only read or do `actions` to their own."""
    read = own_of(caller, "cases.read")
    limited = {action: own for action in actions if (own := own_of(caller, action)) is not None}
    if read is None and not limited:
        return
    async with parts.desk.database.reading() as session:
        if read is not None and not await participants.part_in(session, read, case_id):
            raise missing("case", case_id)
        for action, own in limited.items():
            if caller.may(action) and not await participants.part_in(session, own, case_id):
                raise _not_own(action)


async def known_alert(parts: Parts, caller: Principal, alert_id: str, _actions: frozenset[str] = frozenset()) -> None:
    """Refuse a caller an alert that is not their own, as far as they may only read their own."""
    if own_of(caller, "alerts.read") is None:
        return
    async with parts.desk.database.reading() as session:
        own = await alerts_of(parts, session, caller)
        alert = await store.alert(session, alert_id)
        if own is not None and (alert is None or not await participants.sees_alert(session, own, alert)):
            raise missing("alert", alert_id)


async def alerts_of(parts: Parts, session: AsyncSession, caller: Principal) -> Own | None:
    """Return which alerts are the caller's own, by the plan in force; None where they see all."""
    if own_of(caller, "alerts.read") is None:
        return None
    return own_alerts(caller, await parts.desk.plans.in_force(session))


#: What a path may name, and what keeps it.
_CHECKS: Final[dict[str, _Check]] = {"case_id": known_case, "alert_id": known_alert}


async def _guard(request: Request) -> None:
    route: APIRoute = request.scope["route"]
    named = [name for name in _CHECKS if name in request.path_params]
    if not named:
        return
    caller = principal_of(request)
    for name in named:
        check = _CHECKS[name]
        await check(request.app.state.cases, caller, request.path_params[name], actions_of(route.dependant))


def guarded(routers: Sequence[APIRouter]) -> APIRouter:
    """Return the routers as one, with the guard before each of their routes.

    Raises RuntimeError where a route would be open by mistake. A route requires an action, or is public; and where its
    action goes for some roles to their own only, the first thing that its path names is one that the guard looks at:
    what hangs on a case has its route under the case.
    """
    whole = APIRouter(dependencies=[Depends(_guard)])
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise RuntimeError(f"{route} is no route of the router's own: the guard cannot see what it requires")
            _hold(route)
        whole.include_router(router)
    return whole


def _hold(route: APIRoute) -> None:
    if route.path.startswith(_PUBLIC):
        return
    actions = actions_of(route.dependant)
    if not actions:
        raise RuntimeError(f"{route.path} requires no action: anyone might call it")
    named = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
    if named and named[0] not in _CHECKS and any(ACTIONS[action].own for action in actions):
        raise RuntimeError(f"{route.path} names no case or alert at which the guard could look")


def _not_own(action: str) -> Problem:
    return Problem(
        403,
        "not-own",
        zh=f"您的单位未参与此处置单，只能查看，不能{ACTIONS[action].zh}",
        en=f"Your unit takes no part in this case: you may read it, but not {action}",
        action=action,
    )
