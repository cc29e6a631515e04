"""People of the identity provider as users here: linked by issuer and subject, and by nothing else."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from contracts.words import Role
from gateway import store as users
from gateway.models import SIGN_ONS, USERS
from gateway.oidc import refusals, store
from gateway.oidc.mapping import Person
from gateway.oidc.settings import OidcSettings
from gateway.passwords import hash_password
from kit.ids import new_id
from kit.runtime import Runtime

_log = structlog.get_logger(__name__)


class People:
    """Makes and keeps users of people whom the provider vouches for."""

    def __init__(self, runtime: Runtime, settings: OidcSettings) -> None:
        self._runtime, self._settings = runtime, settings

    async def known(self, person: Person) -> str:
        """Return the id of the user that `person` is, made at the first login, with roles as the provider says now.

        Raises the problems of :mod:`gateway.oidc.refusals`: no role, disabled here, or a login name that is another's.
        """
        row = await self._follow(person)
        if row is not None:
            return str(row)
        if not person.roles:
            raise refusals.no_role(person.name)
        try:
            return await self._make(person)
        except IntegrityError:
            row = await self._follow(person)  # made meanwhile by another login of the same person
            if row is not None:
                return str(row)
            raise refusals.name_taken(_username(person)) from None

    async def _follow(self, person: Person) -> str | None:
        """Bring a linked user to what the provider says; None where nobody is linked."""
        now = self._runtime.clock.now()
        async with self._runtime.database.writing() as session:
            row = await store.user_of(session, person.issuer, person.subject)
            if row is None:
                return None
            if not row.enabled:
                raise refusals.disabled()
            changes = self._changes(row, person)
            if changes:
                await users.change_user(session, row.id, row.version, changes)
            if {"roles", "unit"} & changes.keys():
                await users.end_logins(session, row.id)
                _log.info("oidc.roles_changed", user=row.id, roles=changes.get("roles", row.roles))
            await store.note_login(session, person.issuer, person.subject, now)
        if not person.roles:  # after the change, so that what is gone there is gone here too
            raise refusals.no_role(person.name)
        return str(row.id)

    def _changes(self, row: Any, person: Person) -> dict[str, Any]:
        wanted: dict[str, Any] = {"roles": _names(person.roles), "name": person.name}
        if self._settings.unit_claim:
            wanted["unit"] = person.unit
        return {name: value for name, value in wanted.items() if _plain(getattr(row, name)) != _plain(value)}

    async def _make(self, person: Person) -> str:
        now, id_ = self._runtime.clock.now(), new_id()
        values = {
            "id": id_,
            "username": _username(person),
            "name": person.name,
            # a password that nobody knows: this user comes by the provider alone until somebody sets one
            "password_hash": await hash_password(secrets.token_urlsafe(32)),
            "roles": _names(person.roles),
            "unit": person.unit,
            "enabled": True,
            "version": 1,
            "created_at": now,
        }
        link = {"issuer": person.issuer, "subject": person.subject, "user_id": id_, "created_at": now}
        async with self._runtime.database.writing() as session:
            await users.add(session, USERS, values)
            await store.add(session, SIGN_ONS, {**link, "last_login_at": now})
        _log.info("oidc.user_made", user=id_, username=values["username"])
        return id_


def _username(person: Person) -> str:
    digest = hashlib.sha256(f"{person.issuer}\0{person.subject}".encode()).hexdigest()
    return person.username or f"sso.{digest[:12]}"


def _names(roles: frozenset[Role]) -> list[str]:
    return sorted(role.value for role in roles)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
