"""No service answers a call that went around the gateway, whatever the route and whatever it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import services.analysis.app
import services.cases.app
import services.ingest.app
import services.notify.app
from contracts.words import Role
from kit.auth import CONTEXT_HEADER, ContextSigner, Principal
from kit.keyring import KeyRing, public_part, rotated

APPS = {
    "ingest": services.ingest.app.build,
    "analysis": services.analysis.app.build,
    "cases": services.cases.app.build,
    "notify": services.notify.app.build,
}
INTERNAL = "k" * 32
ADMIN = Principal("u-1", "admin", frozenset(Role))
KEYS = rotated(None, "Ed25519", datetime.now(UTC), ahead=timedelta(0), kept=timedelta(0))
OTHERS = rotated(None, "Ed25519", datetime.now(UTC), ahead=timedelta(0), kept=timedelta(0))


def signer(keys: dict[str, Any]) -> ContextSigner:
    return ContextSigner(KeyRing.of_text(json.dumps(keys), "Ed25519"))


@pytest.fixture(scope="module", params=APPS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["keys of its own", "the internal key"])
def service(
    request: pytest.FixtureRequest, name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Any]]:
    """Give a service's app behind a gateway that signs with one or the other; nothing behind it is there."""
    with pytest.MonkeyPatch.context() as patch:
        for key in ("INTERNAL_KEY", "AUTHOR_KEY"):
            patch.setenv(f"HUIYING_{key}", INTERNAL)
        if request.param == "keys of its own":
            patch.setenv("HUIYING_CONTEXT_KEYS", json.dumps(public_part(KEYS)))
        patch.setenv("HUIYING_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("HUIYING_REDIS_URL", "redis://127.0.0.1:1/0")
        patch.setenv("HUIYING_LOG_LEVEL", "error")
        yield request.param, APPS[name]()


async def test_every_route_refuses_it(service: tuple[str, Any], name: str) -> None:
    how, app = service
    own = how == "keys of its own"
    elsewhere = next(other for other in APPS if other != name)
    shown = {
        "nothing": "",
        "signed with another word": ContextSigner(INTERNAL if own else "o" * 32).sign(ADMIN, name),
        "signed with another ring": signer(OTHERS).sign(ADMIN, name),
        "signed for another service": (signer(KEYS) if own else ContextSigner(INTERNAL)).sign(ADMIN, elsewhere),
        "changed": signer(KEYS).sign(ADMIN, name)[:-4] + "AAAA",
    }
    # what is public is refused only where the gateway alone can sign
    paths = {path: item for path, item in app.openapi()["paths"].items() if own or not path.startswith("/public/")}
    assert len(paths) > 5
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        for path, item in paths.items():
            for method in item:
                for what, context in shown.items():
                    headers = {CONTEXT_HEADER: context} if context else {}
                    answer = await http.request(method, re.sub(r"\{\w+\}", "x", path), headers=headers)
                    assert answer.status_code == 401, (method, path, what, answer.text)
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.json()["type"].endswith("/unauthenticated")
        assert (await http.get("/livez")).status_code == 200
        word = (signer(KEYS) if own else ContextSigner(INTERNAL)).sign(ADMIN, name)
        known = await http.get("/api/v1/nothing-here", headers={CONTEXT_HEADER: word})
        assert known.status_code == 404, "the gateway's word is taken"
