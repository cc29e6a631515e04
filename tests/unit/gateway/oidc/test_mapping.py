"""What the provider's claims mean here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.words import Role
from gateway.oidc.mapping import lacks, person_of
from gateway.oidc.settings import OidcSettings

CLAIMS = {"sub": "s-1", "preferred_username": "li.na", "name": "李娜", "groups": ["a", "b", "c"]}


def settings(**more: Any) -> OidcSettings:
    return OidcSettings(
        issuer="https://id.example", roles={"a": [Role.OFFICE], "b": [Role.EXPERT, Role.COUNTY]}, **more
    )


def test_every_listed_group_gives_its_roles_and_no_other_gives_any() -> None:
    person = person_of(CLAIMS, settings())
    assert person.roles == {Role.OFFICE, Role.EXPERT, Role.COUNTY}
    assert (person.username, person.name, person.unit, person.second_factor) == ("li.na", "李娜", None, False)
    for groups in ([], ["c"], "c", {"a": 1}, None, [1, None], ["A"]):
        assert person_of({**CLAIMS, "groups": groups}, settings()).roles == frozenset()
    assert person_of({**CLAIMS, "groups": "a"}, settings()).roles == {Role.OFFICE}


def test_claims_are_found_inwards_and_by_names_with_dots() -> None:
    inward = settings(roles_claim="realm_access.roles")
    assert person_of({**CLAIMS, "realm_access": {"roles": ["a"]}}, inward).roles == {Role.OFFICE}
    assert person_of({**CLAIMS, "realm_access": "a"}, inward).roles == frozenset()
    dotted = settings(roles_claim="https://id.example/roles")
    assert person_of({**CLAIMS, "https://id.example/roles": ["a"]}, dotted).roles == {Role.OFFICE}


@pytest.mark.parametrize("username", ["赵六", "a", "x" * 65, "a b", "../x", None, 7])
def test_a_name_that_cannot_be_a_login_name_is_none(username: Any) -> None:
    assert person_of({**CLAIMS, "preferred_username": username}, settings()).username == ""


def test_units_are_translated_or_taken_as_they_are() -> None:
    mapped = settings(unit_claim="dept", units={"jd": "景东县移民系统"})
    assert person_of({**CLAIMS, "dept": "jd"}, mapped).unit == "景东县移民系统"
    assert person_of({**CLAIMS, "dept": "市水务局"}, mapped).unit == "市水务局"
    assert person_of(CLAIMS, mapped).unit is None
    assert lacks(CLAIMS, mapped)
    assert not lacks(CLAIMS, settings())


def test_a_second_factor_counts_only_where_it_is_named() -> None:
    named = settings(second_factor="mfa, urn:acr:2")
    for claims, counts in (({"amr": ["pwd"]}, False), ({"amr": ["pwd", "mfa"]}, True), ({"acr": "urn:acr:2"}, True)):
        assert person_of({**CLAIMS, **claims}, named).second_factor is counts
        assert not person_of({**CLAIMS, **claims}, settings()).second_factor


def test_settings_come_from_the_environment_and_the_secret_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("geheim\n")
    for name, value in {
        "ISSUER": "https://id.example/realms/city",
        "CLIENT_SECRET_FILE": str(tmp_path / "secret"),
        "ROLES": json.dumps({"a": "office", "b": ["county", "expert"]}),
    }.items():
        monkeypatch.setenv(f"HUIYING_OIDC_{name}", value)
    found = OidcSettings()
    assert found.configured
    assert found.client_secret.get_secret_value() == "geheim"
    assert found.roles == {"a": [Role.OFFICE], "b": [Role.COUNTY, Role.EXPERT]}
    monkeypatch.setenv("HUIYING_OIDC_ROLES", json.dumps({"a": "emperor"}))
    with pytest.raises(ValidationError, match="emperor"):
        OidcSettings()
    with pytest.raises(ValidationError, match="https"):
        OidcSettings(issuer="http://id.example", roles={})
    for trick in ("http://127.0.0.1.evil.example", "http://localhost.evil.example"):
        with pytest.raises(ValidationError, match="https"):
            OidcSettings(issuer=trick, roles={})
