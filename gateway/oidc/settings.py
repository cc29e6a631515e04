"""What single sign-on needs to know; every field is ``HUIYING_OIDC_…``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from contracts.words import Role
from kit.settings import SecretFileSettings


class OidcSettings(SecretFileSettings):
    """The provider, and what its claims mean here. Without an issuer there is no single sign-on."""

    model_config = SettingsConfigDict(env_prefix="HUIYING_OIDC_", extra="ignore")

    #: the provider's issuer, an https URL exactly as its discovery document says
    issuer: str = ""
    client_id: str = ""
    #: empty: a public client, which PKCE alone protects
    client_secret: SecretStr = SecretStr("")
    #: what is asked for, separated by blanks; `openid` must be among it
    scopes: str = "openid profile"
    #: claim that lists a person's groups; a dotted path goes inwards (`realm_access.roles`)
    roles_claim: str = "groups"
    #: JSON: the role (or list of roles) that a group gives here, {"yq-office": "office"}
    roles: dict[str, list[Role]] = Field(default_factory=dict)
    #: claim that names a person's unit; empty: people have no unit
    unit_claim: str = ""
    #: JSON: the unit that a value of that claim stands for; a value that is not listed is taken as it is
    units: dict[str, str] = Field(default_factory=dict)
    #: claim that becomes the login name of a person who comes for the first time
    username_claim: str = "preferred_username"
    #: claim that others know a person by
    name_claim: str = "name"
    #: values of `amr` or `acr`, separated by commas, that stand for a second factor checked by the provider
    second_factor: str = ""
    #: seconds by which the provider's clock may differ
    skew_seconds: int = Field(60, ge=0, le=300)
    #: seconds that the provider may take to answer
    seconds: float = Field(5.0, gt=0, le=30)
    #: origins of front ends besides this one to which people may come back, separated by commas
    return_origins: str = ""

    @field_validator("roles", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {group: [roles] if isinstance(roles, str) else roles for group, roles in value.items()}
        return value

    @field_validator("issuer")
    @classmethod
    def _plain(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
        if value and not (parts.hostname and (parts.scheme == "https" or local)):
            raise ValueError("the issuer must be an https URL")
        return value

    @property
    def configured(self) -> bool:
        """Tell whether there is single sign-on at all."""
        return bool(self.issuer)
