"""Keys that change while the system runs, and the contexts that are signed with them."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from contracts.words import Role
from kit.auth import CONTEXT_REUSE, CONTEXT_TERM, ContextSigner, Principal
from kit.keyring import KeyRing, due, public_part, rotated
from kit.testing import INTERNAL_KEY

NOW = datetime.now(UTC)
AHEAD, KEPT = timedelta(minutes=5), timedelta(hours=1)
WHO = Principal("u-1", "王建国", frozenset({Role.OFFICE}), login="wang.jg", scopes=frozenset({"cases.read"}))


def keys(count: int = 1, before: dict[str, Any] | None = None, at: datetime = NOW) -> dict[str, Any]:
    for _ in range(count):
        before = rotated(before, "Ed25519", at, ahead=timedelta(0), kept=KEPT)
    assert before is not None
    return before


def ring(jwks: dict[str, Any]) -> KeyRing:
    return KeyRing.of_text(json.dumps(jwks), "Ed25519")


def put(path: Path, jwks: dict[str, Any], tick: int) -> None:
    path.write_text(json.dumps(jwks))
    os.utime(path, (tick, tick))


def test_a_new_key_signs_when_its_time_has_come_and_the_old_one_goes_when_nothing_rests_on_it() -> None:
    first = rotated(None, "Ed25519", NOW, ahead=AHEAD, kept=KEPT)
    second = rotated(first, "Ed25519", NOW + timedelta(days=7), ahead=AHEAD, kept=KEPT)
    old, new = (entry["kid"] for entry in second["keys"])
    at = (NOW + timedelta(days=7)).timestamp()
    assert ring(second).signing(at).id == old
    assert ring(second).signing(at + 301).id == new
    third = rotated(second, "Ed25519", NOW + timedelta(days=14), ahead=AHEAD, kept=KEPT)
    assert third["keys"][0]["kid"] == new
    assert len(third["keys"]) == 2
    assert due(second, NOW + timedelta(days=14, minutes=6), timedelta(days=7))
    assert not due(second, NOW + timedelta(days=14), timedelta(days=7))
    assert due(None, NOW, timedelta(days=7))


def test_services_hold_nothing_that_signs() -> None:
    public = public_part(keys(2))
    assert all("d" not in entry for entry in public["keys"])
    with pytest.raises(ValueError, match="no private key"):
        ContextSigner(ring(public), "cases").sign(WHO, "cases")
    with pytest.raises(ValueError, match="no public part"):
        public_part(rotated(None, "HS256", NOW, ahead=AHEAD, kept=KEPT))


def test_a_context_opens_the_service_that_it_names_and_no_other() -> None:
    made = keys()
    token = ContextSigner(ring(made)).sign(WHO, "cases")
    assert ContextSigner(ring(public_part(made)), "cases").read(token) == WHO
    with pytest.raises(ValueError, match="is for cases"):
        ContextSigner(ring(public_part(made)), "notify").read(token)
    with pytest.raises(ValueError, match="one service"):
        ContextSigner(ring(made)).sign(WHO)
    shared = ContextSigner(INTERNAL_KEY).sign(WHO, "cases")
    with pytest.raises(ValueError, match="is for cases"):
        ContextSigner(INTERNAL_KEY, "notify").read(shared)


def test_with_keys_of_the_gateway_alone_the_internal_key_signs_nothing() -> None:
    made = keys()
    service = ContextSigner(ring(public_part(made)), "cases")
    x = made["keys"][0]["x"]
    forged = [
        ContextSigner(INTERNAL_KEY).sign(WHO, "cases"),
        ContextSigner(ring(keys())).sign(WHO, "cases"),
        # the public key as a shared secret
        jwt.encode({"alg": "HS256", "kid": made["keys"][0]["kid"]}, {"iat": int(time.time())}, OctKey.import_key(x)),
        "", "a.b.c", "e30.e30.", "ü",
    ]  # fmt: skip
    for token in forged:
        with pytest.raises(ValueError, match=r"."):
            service.read(token)


def test_a_stale_context_is_refused_even_where_it_was_read_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made = keys()
    gateway, service = ContextSigner(ring(made)), ContextSigner(ring(public_part(made)), "cases")
    token = gateway.sign(WHO, "cases")
    assert service.read(token) == WHO
    began = time.time()
    assert gateway.sign(WHO, "cases") == token, "signed once"
    monkeypatch.setattr(time, "time", lambda: began + CONTEXT_REUSE + 1)
    assert gateway.sign(WHO, "cases") != token
    monkeypatch.setattr(time, "time", lambda: began + CONTEXT_TERM + 10)
    for _ in range(2):
        with pytest.raises(ValueError, match="expired"):
            service.read(token)
    monkeypatch.setattr(time, "time", lambda: began - 3600)
    with pytest.raises(ValueError, match="expired"):
        service.read(token)


def test_keys_change_under_way_and_nothing_good_is_refused(tmp_path: Path) -> None:
    private, public = tmp_path / "private", tmp_path / "public"
    made = keys()
    put(public, public_part(made), 1)
    put(private, made, 1)
    gateway = ContextSigner(KeyRing.of_file(private, "Ed25519"))
    service = ContextSigner(KeyRing.of_file(public, "Ed25519"), "cases")
    earlier = gateway.sign(WHO, "cases")
    for tick in range(2, 6):
        made = keys(1, made)
        put(public, public_part(made), tick)
        put(private, made, tick)
        fresh = ContextSigner(KeyRing.of_file(private, "Ed25519")).sign(WHO, "cases")
        assert service.read(fresh) == WHO, "an unknown key is looked for at once"
        assert service.read(earlier) == WHO
    assert len({entry["kid"] for entry in made["keys"]}) == 5


def test_a_key_that_is_taken_away_signs_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, leaked = tmp_path / "public", keys()
    put(public, public_part(leaked), 1)
    service = ContextSigner(KeyRing.of_file(public, "Ed25519"), "cases")
    token = ContextSigner(ring(leaked)).sign(WHO, "cases")
    assert service.read(token) == WHO
    put(public, public_part(keys()), 2)
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 2)
    with pytest.raises(ValueError, match="not known here"):
        service.read(token)


def test_a_file_half_written_changes_nothing_and_one_that_is_no_ring_stops_the_start(tmp_path: Path) -> None:
    path, made = tmp_path / "keys", keys()
    put(path, made, 1)
    found = KeyRing.of_file(path, "Ed25519")
    path.write_text('{"keys": [')
    assert found.named("of-nobody") == ()
    assert found.signing(time.time() + 1).id == made["keys"][0]["kid"]
    mixed = [OctKey.generate_key(256).as_dict(private=True), OKPKey.generate_key("X25519").as_dict(private=True)]
    for wrong in ("", "{}", '{"keys": []}', "[]", *(json.dumps({"keys": [{**key, "kid": "1"}]}) for key in mixed)):
        path.write_text(wrong)
        with pytest.raises(ValueError, match=r"keys|JWK|curve"):
            KeyRing.of_file(path, "Ed25519")
    with pytest.raises(ValueError, match="No such file"):
        KeyRing.of_file(tmp_path / "none", "Ed25519")
