"""Acknowledgement links: only ours, only in time, only for their delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from services.notify.links import AcknowledgementLinks, LinkError, LinkExpired

KEY = "an-internal-key-of-the-tests-0123456789"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
LINKS = AcknowledgementLinks(KEY, "https://huiying.example/")


def test_link_reads_back_until_it_expires() -> None:
    url = LINKS.url("delivery-1", LATER)
    prefix = "https://huiying.example/public/v1/acknowledgements/"
    assert url.startswith(prefix)
    token = url.removeprefix(prefix)
    assert LINKS.read(token, NOW) == "delivery-1"
    assert LINKS.read(token, LATER - timedelta(seconds=1)) == "delivery-1"
    with pytest.raises(LinkExpired):
        LINKS.read(token, LATER + timedelta(seconds=1))


def test_same_link_at_every_attempt() -> None:
    assert LINKS.url("d", LATER) == LINKS.url("d", LATER)


def test_other_keys_are_refused() -> None:
    theirs = AcknowledgementLinks("another-internal-key-of-somebody-0123456", "").token("d", LATER)
    with pytest.raises(LinkError):
        LINKS.read(theirs, NOW)


def test_tokens_of_the_internal_key_for_other_uses_are_refused() -> None:
    context = jwt.encode({"alg": "HS256"}, {"sub": "d", "exp": int(LATER.timestamp())}, OctKey.import_key(KEY))
    with pytest.raises(LinkError):
        LINKS.read(context, NOW)


def test_unsigned_tokens_are_refused() -> None:
    body = LINKS.token("d", LATER).split(".")[1]
    with pytest.raises(LinkError):
        LINKS.read(f"eyJhbGciOiJub25lIn0.{body}.", NOW)


@given(st.integers(min_value=0), st.characters(codec="ascii"))
def test_changing_any_character_of_the_content_breaks_the_link(position: int, character: str) -> None:
    token = LINKS.token("d", LATER)
    signed = token.rpartition(".")[0]
    at = position % len(signed)
    changed = signed[:at] + character + signed[at + 1 :] + token[len(signed) :]
    if changed != token:
        with pytest.raises(LinkError):
            LINKS.read(changed, NOW)


@given(st.text(max_size=60))
def test_rubbish_is_refused(rubbish: str) -> None:
    with pytest.raises(LinkError):
        LINKS.read(rubbish, NOW)
