"""The identity provider as its discovery document describes it (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.oidc.settings import OidcSettings
from kit.problems import Problem

_log = structlog.get_logger(__name__)
#: seconds for which the discovery document and the keys are taken for granted
_KEPT: Final = 3600.0
#: seconds between two looks for keys that are not among the known ones, so that forged ones cost the provider nothing
_PAUSE: Final = 2.0
#: bytes of an answer that are read at most
_MOST: Final = 1_000_000


class ProviderAway(Problem):
    """The provider does not answer, or not as it must: 503. Logging in by password goes on."""

    def __init__(self, why: str) -> None:
        super().__init__(
            503,
            "sign-on-away",
            zh="统一身份认证暂不可用，请稍后再试，或用口令登录",
            en="Single sign-on is away; try again, or log in with your password",
            headers={"Retry-After": "10"},
        )
        _log.warning("oidc.away", why=why)


class GrantRefused(Exception):
    """The provider does not take the code: it is used, too old or not ours."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What this system uses of the discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    names_itself: bool = False
    posts_secret: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider gives for a code."""

    id_token: str
    access_token: str


class Provider:
    """Talks to the provider. What it publishes is kept for an hour, and asked anew when a key is unknown."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asked = float("-inf")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._settings.seconds, trust_env=False, follow_redirects=False)
        return self._client

    async def metadata(self) -> Metadata:
        """Return what the provider says of itself; raises :class:`ProviderAway`."""
        if self._metadata is None or time.monotonic() - self._metadata[0] > _KEPT:
            try:
                found = await self._read_metadata()
            except ProviderAway:
                if self._metadata is None:
                    raise
                found = self._metadata[1]  # stale is better than away
            self._metadata = (time.monotonic(), found)
        return self._metadata[1]

    async def keys(self, *, unknown: bool = False) -> KeySet:
        """Return the provider's public keys, asked anew where a key is `unknown`; raises :class:`ProviderAway`."""
        age = time.monotonic() - self._keys[0] if self._keys is not None else _KEPT + 1
        if unknown and time.monotonic() - self._asked > _PAUSE:
            self._asked, age = time.monotonic(), _KEPT + 1
        if self._keys is None or age > _KEPT:
            document = await self._document((await self.metadata()).jwks_uri)
            try:
                usable = [key for key in document["keys"] if key.get("use", "sig") == "sig" and key["kty"] != "oct"]
                self._keys = (time.monotonic(), KeySet.import_key_set({"keys": usable}))
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ProviderAway(f"its keys cannot be read: {error}") from error
        return self._keys[1]

    async def authorization_url(self, redirect_uri: str, state: str, nonce: str, challenge: str) -> str:
        """Return where a browser is sent to log in."""
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self._settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with_query((await self.metadata()).authorization_endpoint, query)

    async def exchange(self, code: str, redirect_uri: str, verifier: str) -> Answer:
        """Exchange a code for tokens; raises :class:`GrantRefused` or :class:`ProviderAway`."""
        metadata = await self.metadata()
        secret = self._settings.client_secret.get_secret_value()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        if secret and not metadata.posts_secret:
            auth = httpx.BasicAuth(self._settings.client_id, secret)
        else:
            form |= {"client_id": self._settings.client_id} | ({"client_secret": secret} if secret else {})
        try:
            answer = await self._http.post(
                metadata.token_endpoint,
                data=form,
                auth=auth or httpx.USE_CLIENT_DEFAULT,
                headers={"Accept": "application/json"},
            )
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway(f"token endpoint: {type(error).__name__} {error}") from error
        if answer.status_code in (400, 401) and isinstance(body, dict) and body.get("error"):
            if body["error"] == "invalid_client":
                raise ProviderAway("it does not accept HUIYING_OIDC_CLIENT_ID with its secret")
            raise GrantRefused(str(body["error"]))
        if answer.status_code != 200 or not isinstance(body, dict) or not isinstance(body.get("id_token"), str):
            raise ProviderAway(f"token endpoint: status {answer.status_code}, no ID token")
        return Answer(body["id_token"], str(body.get("access_token", "")))

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """Return the claims that the userinfo endpoint has of a person; empty where there is none."""
        metadata = await self.metadata()
        if not metadata.userinfo_endpoint or not access_token:
            return {}
        return await self._document(metadata.userinfo_endpoint, bearer=access_token)

    async def logout_url(self, id_token: str, back_to: str) -> str | None:
        """Return where a browser is sent to log out at the provider too; None where it offers no such place."""
        end = (await self.metadata()).end_session_endpoint
        if not end:
            return None
        query = {"id_token_hint": id_token, "client_id": self._settings.client_id, "post_logout_redirect_uri": back_to}
        return _with_query(end, query)

    async def _read_metadata(self) -> Metadata:
        issuer = self._settings.issuer
        document = await self._document(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise ProviderAway(f"it calls itself {document.get('issuer')!r}, HUIYING_OIDC_ISSUER is {issuer!r}")
        methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        try:
            return Metadata(
                issuer=issuer,
                authorization_endpoint=document["authorization_endpoint"],
                token_endpoint=document["token_endpoint"],
                jwks_uri=document["jwks_uri"],
                userinfo_endpoint=document.get("userinfo_endpoint", ""),
                end_session_endpoint=document.get("end_session_endpoint", ""),
                names_itself=bool(document.get("authorization_response_iss_parameter_supported")),
                posts_secret="client_secret_basic" not in methods,
            )
        except KeyError as error:
            raise ProviderAway(f"its discovery document lacks {error}") from error

    async def _document(self, url: str, bearer: str = "") -> dict[str, Any]:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        try:
            answer = await self._http.get(url, headers=headers)
            if answer.status_code != 200 or len(answer.content) > _MOST:
                raise ProviderAway(f"{url}: status {answer.status_code}, {len(answer.content)} bytes")
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway(f"{url}: {type(error).__name__} {error}") from error
        if not isinstance(document, dict):
            raise ProviderAway(f"{url}: not a JSON object")
        return document


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
