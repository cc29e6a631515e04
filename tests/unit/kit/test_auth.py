"""The context that the gateway signs: who calls, as people are shown and as they are told apart."""

from __future__ import annotations

import time

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from contracts.words import Role
from kit.auth import ContextSigner, Principal
from kit.testing import INTERNAL_KEY

SIGNER = ContextSigner(INTERNAL_KEY)


@pytest.mark.parametrize(
    "who",
    [
        Principal("u-1", "王建国", frozenset({Role.OFFICE}), "景东县移民系统", login="wang.jg"),
        Principal("k-1", "县里的系统", frozenset({Role.COUNTY}), kind="api_key"),
    ],
)
def test_a_context_carries_name_and_login(who: Principal) -> None:
    assert SIGNER.read(SIGNER.sign(who)) == who


def test_without_a_login_name_the_name_identifies() -> None:
    assert Principal("u-1", "wang.jg").login == "wang.jg"


def test_a_context_of_an_older_gateway_is_read() -> None:
    now = int(time.time())
    claims = {"sub": "u-1", "name": "wang.jg", "roles": ["office"], "unit": None, "kind": "user", "iat": now}
    token = jwt.encode({"alg": "HS256"}, {**claims, "exp": now + 60}, OctKey.import_key(INTERNAL_KEY))
    assert SIGNER.read(token) == Principal("u-1", "wang.jg", frozenset({Role.OFFICE}))
