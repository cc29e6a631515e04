"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from gateway.oidc.settings import OidcSettings
from kit.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """The common settings, the upstreams and what identity needs.

    An upstream may be several addresses, separated by commas; calls are spread over them.
    """

    ingest_url: str = "http://127.0.0.1:8001"
    analysis_url: str = "http://127.0.0.1:8002"
    cases_url: str = "http://127.0.0.1:8003"
    notify_url: str = "http://127.0.0.1:8004"

    #: what signs access tokens: one word of 32 characters or more, or several separated by white space, of which the
    #: first signs and the others are still believed
    token_key: SecretStr = SecretStr("")
    #: JWK Set of HS256 keys that sign access tokens instead; read again when the file changes (docs/keys.md)
    token_keys: SecretStr = SecretStr("")
    token_keys_file: Path | None = None
    #: single sign-on, as HUIYING_OIDC_ISSUER and so on (docs/single-sign-on.md)
    oidc: OidcSettings = Field(default_factory=OidcSettings)
    #: where browsers reach this gateway; single sign-on needs it, for the way back
    public_url: str = ""
    admin_name: str = "admin"
    #: empty: generated at the first start and kept in the data folder
    admin_password: SecretStr = SecretStr("")
    access_minutes: int = 15
    refresh_days: int = 14
    #: "required": whoever approves or decides (docs/identity.md) needs an authenticator; "optional": whoever wants one
    second_factor: Literal["optional", "required"] = "optional"
    #: days after which an API key ends that is made or rotated without saying when
    api_key_days: int = Field(365, ge=1)
    #: true: everything in here is fictional (`huiying mock`), and every answer says so
    mock: bool = False
    #: bytes that a request may carry
    max_body: int = 32 * 1024 * 1024
    #: bytes that a file to import may have with its form; ingest has its own bound (`HUIYING_IMPORT_BYTES`)
    max_upload: int = 2 * 1024**3 + 65_536
    #: seconds that an upstream may take to begin its answer
    upstream_seconds: float = 60.0
    #: requests that each caller may make, as `read=3000/minute, write=600/minute`; "off": any number (docs/gateway.md)
    rate_limits: str = ""
    #: origins whose pages may call /api/ from a browser, separated by commas (`https://portal.example`); empty: none
    cors_origins: str = ""
    #: days that entries of the audit log are kept: six months at least (网络安全法 第二十一条, 2026 年起第二十三条);
    #: three years, the default, is what 个人信息保护法 第五十六条 asks of records of sensitive handling
    audit_days: int = Field(1096, ge=184)
    #: seconds between two comments that keep a live stream open
    heartbeat_seconds: float = 15.0

    def upstreams(self) -> dict[str, list[str]]:
        """Return the addresses of every service."""
        return {
            name: [one.strip().rstrip("/") for one in urls.split(",") if one.strip()]
            for name, urls in (
                ("ingest", self.ingest_url),
                ("analysis", self.analysis_url),
                ("cases", self.cases_url),
                ("notify", self.notify_url),
            )
        }
