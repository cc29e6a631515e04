"""Use cases of the registry of units: bureau, counties, departments, each with all its names and perhaps a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Message
from contracts.messages import PlanActivated, UnitsMoved
from contracts.words import Role
from kit.clock import Clock
from kit.database import Database, insert_ignoring
from kit.ids import new_id
from kit.inbox import Inbox
from kit.pages import PageRequest
from kit.problems import FieldError, Problem
from services.notify.people import store
from services.notify.people.models import Unit, UnitName
from services.notify.people.names import folded
from services.notify.people.schemas import UnitIn, UnitKind, UnitPatch
from services.notify.people.stored_ways import stored_way

_KINDS = {Role.COUNTY: UnitKind.COUNTY, Role.DEPARTMENT: UnitKind.DEPARTMENT}
_ROLES = {kind: role for role, kind in _KINDS.items()}


class Units:
    """The registry of units."""

    def __init__(self, database: Database, inbox: Inbox, clock: Clock) -> None:
        self._database, self._inbox, self._clock = database, inbox, clock

    async def page(self, page: PageRequest, kind: UnitKind | None) -> list[Unit]:
        """Return one row more than a page of units, by name."""
        async with self._database.reading() as session:
            return await store.units(session, kind=kind, after=page.after, limit=page.limit + 1)

    async def one(self, unit_id: str) -> Unit:
        """Return a unit; 404 where there is none."""
        async with self._database.reading() as session:
            return _found(await store.unit(session, unit_id))

    async def add(self, entered: UnitIn) -> Unit:
        """Enter a unit; 409 where another goes by one of its names, 422 where its way could not work."""
        now = self._clock.now()
        role = entered.role or _ROLES.get(entered.kind)
        unit = Unit(
            id=new_id(),
            name=entered.name,
            kind=entered.kind,
            role=role,
            aliases=_aliases(entered.name, entered.aliases),
            way=stored_way(entered.way, None, "/way") if entered.way else None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        try:
            async with self._database.writing() as session:
                session.add(unit)
                await session.flush()
                await self._name(session, unit)
        except IntegrityError:
            raise _taken([entered.name]) from None
        return unit

    async def change(self, unit_id: str, patch: UnitPatch, precondition: Callable[[int], None]) -> Unit:
        """Change the fields that `patch` names; contacts follow a new name. 409 where another goes by a name."""
        given = patch.model_fields_set
        try:
            async with self._database.writing() as session:
                unit = _found(await store.unit(session, unit_id, lock=True))
                precondition(unit.version)
                if patch.name is not None and patch.name != unit.name:
                    await store.rename(session, unit.name, patch.name)
                    unit.name = patch.name
                if patch.aliases is not None:
                    unit.aliases = _aliases(unit.name, patch.aliases)
                if patch.kind is not None:
                    unit.kind = patch.kind
                if "role" in given:
                    unit.role = patch.role
                if "way" in given:
                    unit.way = stored_way(patch.way, unit.way, "/way") if patch.way else None
                unit.version += 1
                unit.updated_at = self._clock.now()
                await session.flush()
                await self._name(session, unit)
        except IntegrityError:
            raise _taken([patch.name or ""]) from None
        return unit

    async def remove(self, unit_id: str, precondition: Callable[[int], None]) -> None:
        """Delete a unit, with its subscriptions; 409 while contacts are of it."""
        async with self._database.writing() as session:
            unit = _found(await store.unit(session, unit_id, lock=True))
            precondition(unit.version)
            if people := await store.contacts_of(session, unit.name):
                raise Problem(
                    409,
                    "unit.in-use",
                    zh=f"该单位还有 {people} 名联络员，请先调整",
                    en=f"{people} contact(s) are of this unit; move them first",
                )
            await session.delete(unit)

    async def heard(self, messages: Sequence[Message]) -> None:
        """Take in the units of a plan that is put in force, and those that the gateway knew.

        Units known by any name stay as they are; one without a role gets the plan's.
        """
        async with self._database.writing() as session:
            for message in await self._inbox.unseen(session, messages, self._clock.now()):
                if message.type == "plan.activated":
                    for unit in PlanActivated.model_validate(message.data).units:
                        kind = _KINDS.get(unit.role, UnitKind.BUREAU)
                        await self._take_in(session, unit.name, kind, unit.role)
                elif message.type == "units.moved":
                    for moved in UnitsMoved.model_validate(message.data).units:
                        kind = UnitKind(moved.kind) if moved.kind in frozenset(UnitKind) else UnitKind.DEPARTMENT
                        await self._take_in(session, moved.name, kind, _ROLES.get(kind))

    async def _take_in(self, session: AsyncSession, name: str, kind: UnitKind, role: Role | None) -> None:
        known = (await store.named(session, [name])).get(name)
        if known is not None:
            known.role = known.role or role
            return
        now = self._clock.now()
        row: dict[str, Any] = {
            "id": new_id(),
            "name": name,
            "kind": kind.value,
            "role": role.value if role else None,
            "aliases": [],
            "way": None,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        if await insert_ignoring(session, Unit, [row], returning=["id"]):
            await insert_ignoring(session, UnitName, [{"name": folded(name), "unit_id": row["id"]}])

    async def _name(self, session: AsyncSession, unit: Unit) -> None:
        taken = await store.set_names(session, unit.id, [unit.name, *unit.aliases])
        if taken:
            names = [name for name in (unit.name, *unit.aliases) if folded(name) in taken]
            raise _taken(names)


async def proper_name(session: AsyncSession, name: str, pointer: str = "/unit") -> str:
    """Return the proper name of a unit that is given by its name or an alias; a 422 problem with the nearest ones."""
    unit = (await store.named(session, [name])).get(name)
    if unit is not None:
        return unit.name
    zh, en = unknown_unit(name, await store.all_names(session))
    error = FieldError(pointer=pointer, detail=en, zh=zh)
    raise Problem(422, "unit.unknown", zh=zh, en=en, errors=[error])


def unknown_unit(name: str, names: dict[str, str]) -> tuple[str, str]:
    """Return what is said of a name that no unit has, with the nearest of `names` (proper by folded), zh and en."""
    near = list(dict.fromkeys(names[fold] for fold in get_close_matches(folded(name), names, n=3, cutoff=0.5)))
    zh = f"单位名录中没有“{name}”" + (f"，是否为：{'、'.join(near)}" if near else "，请先在单位名录中登记")
    en = f"no unit is called {name!r}" + (f"; perhaps {', '.join(near)}" if near else "; enter it first")
    return zh, en


def _aliases(name: str, aliases: Iterable[str]) -> list[str]:
    """Return aliases, each once, without the name itself."""
    by_fold = {folded(alias): alias for alias in reversed(list(aliases))}
    by_fold.pop(folded(name), None)
    return list(reversed(by_fold.values()))


def _found(unit: Unit | None) -> Unit:
    if unit is None:
        raise Problem(404, "not-found", zh="没有这个单位", en="There is no such unit")
    return unit


def _taken(names: Sequence[str]) -> Problem:
    shown = "、".join(names)
    return Problem(
        409, "unit.name", zh=f"另一单位已用此名称或别称：{shown}", en=f"Another unit goes by this name: {shown}"
    )
