"""A login under way: only its own browser reads it, in time, and nobody is sent elsewhere."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oidc.under_way import PURPOSE, TERM, UnderWay, challenge_of, may_return_to
from kit.sealing import Sealer

SEALER = Sealer("k" * 32, PURPOSE)


def test_a_cookie_is_read_by_its_own_state_in_time_and_by_nobody_else() -> None:
    under_way = UnderWay.begin("/", 1000.0, "c" * 43)
    value = under_way.sealed(SEALER)
    assert UnderWay.opened(value, under_way.state, 1000.0 + TERM, SEALER) == under_way
    assert UnderWay.opened(value, under_way.state, 1001.0 + TERM, SEALER) is None
    assert UnderWay.opened(value, under_way.state, 900.0, SEALER) is None
    assert UnderWay.opened(value, "other", 1000.0, SEALER) is None
    assert UnderWay.opened(value, under_way.state, 1000.0, Sealer("l" * 32, PURPOSE)) is None
    for spoilt in ("", "a.b.c", value[:-2] + "AA", "ü"):
        assert UnderWay.opened(spoilt, under_way.state, 1000.0, SEALER) is None
    assert under_way.verifier not in value


def test_the_challenge_is_that_of_the_specification() -> None:
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    "target", ["/", "/console/?tab=1", "/a//b", "https://front.example/x?y=1", "https://front.example"]
)
def test_paths_and_known_front_ends_are_gone_back_to(target: str) -> None:
    assert may_return_to(target, "https://front.example/, http://127.0.0.1:5173")


@pytest.mark.parametrize(
    "target",
    [
        "", "x", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
        "https://evil.example", "https://front.example.evil.example", "https://front.example@evil.example/",
        "https://front.example:444/", "http://front.example/", "javascript:alert(1)", "data:text/html,x", "/x#y",
        "https:evil.example", "https:///evil.example", "ftp://front.example", "https://front.example:x/", " /x",
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(target: str) -> None:
    assert not may_return_to(target, "https://front.example")


@given(st.text(alphabet="/\\.:@ax?#%\t\n\r \x00é", max_size=12))
def test_whatever_is_let_through_stays_here(target: str) -> None:
    if may_return_to(target, ""):
        assert urlsplit(urljoin("https://here.example/login", target)).netloc == "here.example"
