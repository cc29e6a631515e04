"""A real OpenID Connect provider as a process of its own, and a relay before it that can spoil what it says.

The provider (oidc-provider-mock, on Authlib's server) does not look at PKCE, so that the relay does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI, Request, Response
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey

from kit.embedded import free_port
from tests.integration.gateway.harness import serving

CLIENT = "huiying-of-the-tests"
SECRET = "a-client-secret-of-the-tests"
#: what people are like at the provider
PEOPLE = (
    {"sub": "p-1", "preferred_username": "li.na", "name": "李娜", "groups": ["yq-office", "staff"], "dept": "办公室"},
    {"sub": "p-2", "preferred_username": "wang.wu", "name": "王五", "groups": ["staff"]},
    {"sub": "p-3", "preferred_username": "admin", "name": "冒名", "groups": ["yq-office"], "amr": ["pwd"]},
    {"sub": "p-4", "preferred_username": "赵六", "name": "赵六", "groups": ["yq-county"], "dept": "jd"},
)


@dataclass
class Provider:
    """The relay, whose address is the issuer. `spoil` changes what the token endpoint answers."""

    issuer: str
    port: int
    process: subprocess.Popen[bytes]
    spoil: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    #: keys that the relay publishes besides the provider's
    more_keys: list[RSAKey] = field(default_factory=list)
    #: nothing answers while this is set
    away: bool = False
    challenges: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def set_claims(self, sub: str, **claims: Any) -> None:
        """Change what somebody is like at the provider."""
        answer = httpx.put(f"http://127.0.0.1:{self.port}/users/{sub}", json=claims, trust_env=False)
        assert answer.status_code == 204

    def restart(self) -> None:
        """Let the provider begin anew, with new keys."""
        self.process.kill()
        self.process.wait()
        self.process = _started(self.port)

    def log_in(self, url: str, sub: str) -> str:
        """Log in as `sub` at the address that a browser was sent to; returns where it is sent back to."""
        return self._answer(url, {"sub": sub})

    def cancel(self, url: str) -> str:
        """Say no there; returns where the browser is sent back to."""
        return self._answer(url, {"action": "deny"})

    def _answer(self, url: str, form: dict[str, str]) -> str:
        with httpx.Client(trust_env=False, verify=False) as browser:
            page = browser.get(url)
            assert page.status_code == 200, page.text
            sent = browser.post(url, data=form)
            assert sent.status_code == 302, sent.text
            return sent.headers["location"]


def resigned(token: str, key: RSAKey, algorithm: str = "RS256", **claims: Any) -> str:
    """Return a token like `token` with other claims (None takes one away), signed by `key`."""
    body = json.loads(jws.extract_compact(token.encode()).payload)
    body = {name: value for name, value in {**body, **claims}.items() if value is not None}
    return jwt.encode({"alg": algorithm, "kid": key.kid}, body, key, algorithms=[algorithm])


def _relay(provider: Provider) -> FastAPI:
    app = FastAPI()
    http = httpx.AsyncClient(trust_env=False, verify=False)

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def anything(path: str, request: Request) -> Response:
        if provider.away:
            return Response("", 503)
        provider.asked.append(path)
        body = await request.body()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if path == "oauth2/token":
            made = hashlib.sha256(form["code_verifier"].encode()).digest()
            if provider.challenges.pop(form["code"], "") != base64.urlsafe_b64encode(made).rstrip(b"=").decode():
                return Response('{"error": "invalid_grant"}', 400, media_type="application/json")
        answer = await http.request(
            request.method,
            f"http://127.0.0.1:{provider.port}/{path}",
            params=request.query_params,
            content=body,
            headers={
                "connection": "close",
                **{k: v for k, v in request.headers.items() if k in ("content-type", "authorization", "host")},
            },
        )
        content = answer.content
        location = answer.headers.get("location", "")
        if "error=" in location and "state=" not in location:  # which RFC 6749, 4.1.2.1, asks for
            location += f"&state={request.query_params['state']}"
        if path == "oauth2/authorize" and "code=" in location:
            code = parse_qs(urlsplit(location).query)["code"][0]
            provider.challenges[code] = request.query_params["code_challenge"]
        if path == "oauth2/token" and answer.status_code == 200 and provider.spoil is not None:
            content = json.dumps(provider.spoil(answer.json())).encode()
        if path == "jwks" and provider.more_keys:
            more = KeySet(provider.more_keys).as_dict(private=False)["keys"]
            content = json.dumps({"keys": [*answer.json()["keys"], *more]}).encode()
        headers = {"content-type": answer.headers["content-type"]} | ({"location": location} if location else {})
        return Response(content, answer.status_code, headers)

    return app


def _started(port: int) -> subprocess.Popen[bytes]:
    people = [part for person in PEOPLE for part in ("--user-claims", json.dumps(person))]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", *people],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/jwks", trust_env=False).raise_for_status()
            return process
        except httpx.HTTPError:
            assert process.poll() is None, "the provider ended while it started"
            assert time.monotonic() < deadline, "the provider did not start"
            time.sleep(0.05)


@contextmanager
def running() -> Iterator[Provider]:
    """Start a provider and the relay; both end with the context."""
    port = free_port()
    process = _started(port)
    provider = Provider("", port, process)
    try:
        with serving(_relay(provider), free_port()) as address:
            provider.issuer = address
            yield provider
    finally:
        provider.process.kill()
        provider.process.wait()
