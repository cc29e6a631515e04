"""What the provider's claims mean here: which roles, which unit, which name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.words import Role
from gateway.oidc.settings import OidcSettings

_USERNAME: Final = re.compile(r"[A-Za-z0-9._@-]{2,64}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the provider describes them. `username` is empty where it names none that can be used here."""

    issuer: str
    subject: str
    username: str
    name: str
    roles: frozenset[Role]
    unit: str | None
    #: whether the provider has checked a second factor that counts here
    second_factor: bool


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """Return whom `claims` describe. Groups that the settings do not list give nothing."""
    groups = _texts(_at(claims, settings.roles_claim))
    units = [settings.units.get(one, one) for one in _texts(_at(claims, settings.unit_claim))]
    wanted = {one.strip() for one in settings.second_factor.split(",") if one.strip()}
    factors = {*_texts(claims.get("amr")), *_texts(claims.get("acr"))}
    username = next(iter(_texts(_at(claims, settings.username_claim))), "")
    name = next(iter(_texts(_at(claims, settings.name_claim))), "").strip()
    return Person(
        issuer=settings.issuer,
        subject=str(claims["sub"]),
        username=username if _USERNAME.fullmatch(username) else "",
        name=(name or username or str(claims["sub"]))[:100],
        roles=frozenset(role for group in groups for role in settings.roles.get(group, ())),
        unit=units[0][:100] if units else None,
        second_factor=bool(wanted & factors),
    )


def lacks(claims: Mapping[str, Any], settings: OidcSettings) -> bool:
    """Tell whether claims that the mapping needs are not there, so that the userinfo endpoint is worth asking."""
    names = (settings.roles_claim, settings.unit_claim, settings.username_claim, settings.name_claim)
    return any(name and _at(claims, name) is None for name in names)


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its name or, where no claim has that name, by a dotted path."""
    if not path or path in claims:
        return claims.get(path)
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]
