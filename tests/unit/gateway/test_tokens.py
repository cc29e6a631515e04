"""Access tokens and the secrets that are kept as hashes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from contracts.words import Role
from gateway.tokens import AccessTokens, TokenError, fingerprint, new_secret
from kit.auth import ContextSigner, Principal
from kit.keyring import KeyRing, rotated

_KEY = "a-token-key-of-forty-characters-in-all-xx"
_NOW = datetime(2026, 3, 2, tzinfo=UTC)
_WHO = Principal("u-1", "zhang.wei", frozenset({Role.OFFICE, Role.EXPERT}), "澜沧县")


def _tokens(key: str = _KEY) -> AccessTokens:
    return AccessTokens(key, timedelta(minutes=15))


def test_a_token_names_whom_it_was_given_to_until_its_term_ends() -> None:
    token = _tokens().issue(_WHO, _NOW)
    assert _tokens().read(token, _NOW + timedelta(minutes=14)) == _WHO
    with pytest.raises(TokenError):
        _tokens().read(token, _NOW + timedelta(minutes=15, seconds=1))


def test_tokens_of_another_key_or_kind_open_nothing() -> None:
    other = _tokens("b" * 40).issue(_WHO, _NOW)
    context = ContextSigner(_KEY).sign(_WHO)
    unsigned = jwt.encode({"alg": "HS256"}, {"iss": "somebody"}, OctKey.import_key(_KEY))
    for token in (other, context, unsigned, "", "a.b.c"):
        with pytest.raises(TokenError):
            _tokens().read(token, _NOW)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="HUIYING_TOKEN_KEY"):
        _tokens("short")


def test_a_new_word_logs_nobody_out() -> None:
    token = _tokens().issue(_WHO, _NOW)
    assert _tokens(f"{'n' * 40}\n{_KEY}").read(token, _NOW) == _WHO
    fresh = _tokens(f"{'n' * 40} {_KEY}").issue(_WHO, _NOW)
    assert _tokens("n" * 40).read(fresh, _NOW) == _WHO
    with pytest.raises(TokenError):
        _tokens("n" * 40).read(token, _NOW)


def test_a_ring_signs_and_words_go_on_being_believed() -> None:
    first = rotated(None, "HS256", _NOW, ahead=timedelta(0), kept=timedelta(days=1))
    second = rotated(first, "HS256", _NOW, ahead=timedelta(0), kept=timedelta(days=1))
    ringed, later = (
        AccessTokens(_KEY, timedelta(minutes=15), KeyRing.of_text(json.dumps(jwks), "HS256"))
        for jwks in (first, second)
    )
    for token in (_tokens().issue(_WHO, _NOW), ringed.issue(_WHO, _NOW), later.issue(_WHO, _NOW)):
        assert later.read(token, _NOW) == _WHO
    with pytest.raises(TokenError):
        ringed.read(later.issue(_WHO, _NOW + timedelta(seconds=1)), _NOW)


def test_secrets_are_long_all_different_and_known_by_their_hash() -> None:
    made = {new_secret("hyk") for _ in range(100)}
    assert len(made) == 100
    assert all(secret.startswith("hyk_") and len(secret) > 40 for secret in made)
    assert len({fingerprint(secret) for secret in made}) == 100
