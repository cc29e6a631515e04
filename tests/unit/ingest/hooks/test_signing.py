"""Signatures, secrets at rest, and what is made of bodies."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.ingest.hooks.keeping import SecretKeeper, SecretLost
from services.ingest.hooks.signing import Refused, Signing, check_secret, new_secret, verify

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@given(st.text(max_size=200), st.text("abc_-123", min_size=1, max_size=30), st.integers(-300, 300))
def test_what_the_standard_s_own_library_signs_is_good(body: str, id_: str, seconds: int) -> None:
    secret = new_secret("standard")
    at = NOW + timedelta(seconds=seconds)
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, at, body),
    }
    key = verify(Signing(), [new_secret("standard"), secret], headers, body.encode(), NOW)
    assert key == verify(Signing(), [secret], headers, body.encode(), NOW)
    with pytest.raises(Refused, match="does not match"):
        verify(Signing(), [secret], headers, body.encode() + b"x", NOW)


@pytest.mark.parametrize("form", ["hex", "prefixed", "base64", "upper"])
def test_an_hmac_is_read_in_any_writing(form: str) -> None:
    body = b"\xff\x00 not text at all"
    digest = hmac.new(b"a secret of sixteen", body, hashlib.sha256).digest()
    given_ = {
        "hex": digest.hex(),
        "prefixed": f"sha256={digest.hex()}",
        "base64": base64.b64encode(digest).decode(),
        "upper": digest.hex().upper(),
    }[form]
    signing = Signing("hmac", "X-Hub-Signature-256")
    assert len(verify(signing, ["a secret of sixteen"], {"x-hub-signature-256": given_}, body, NOW)) == 64
    with pytest.raises(Refused):
        verify(signing, ["another secret of ours"], {"x-hub-signature-256": given_}, body, NOW)
    for nonsense in ("", "sha256=", "é" * 64, "=" * 64, "0" * 63):
        with pytest.raises(Refused):
            verify(signing, ["a secret of sixteen"], {"x-hub-signature-256": nonsense}, body, NOW)


def test_secrets_are_checked() -> None:
    for scheme in ("standard", "hmac"):
        check_secret(scheme, new_secret(scheme))  # type: ignore[arg-type]
    for secret in ("", "whsec_", "whsec_AAAA", "A" * 44, "whsec_" + "!" * 44):
        with pytest.raises(ValueError, match="whsec_"):
            check_secret("standard", secret)


def test_secrets_at_rest_open_with_one_key_alone() -> None:
    keeper = SecretKeeper("k" * 32)
    stored = keeper.sealed("whsec_abc")
    assert "abc" not in stored
    assert keeper.opened(stored) == "whsec_abc"
    for other in (stored, stored[:-4] + "AAAA", "none"):
        with pytest.raises(SecretLost):
            (SecretKeeper("x" * 32) if other == stored else keeper).opened(other)
