"""Settings common to every service, read from the environment (prefix ``HUIYING_``)."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict


class FileSecrets(PydanticBaseSettingsSource):
    """Read field X from the file that HUIYING_X_FILE names (or by another prefix), as platforms hand out secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        prefix = self.settings_cls.model_config.get("env_prefix", "HUIYING_")
        path = os.environ.get(f"{prefix}{field_name.upper()}_FILE")
        if not path:
            return None, field_name, False
        return Path(path).read_text(encoding="utf-8").strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


class SecretFileSettings(BaseSettings):
    """Settings whose secrets may come from files; a plain variable wins over a file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add secret files after the environment."""
        return (init_settings, env_settings, FileSecrets(settings_cls))


class ServiceSettings(SecretFileSettings):
    """What every service needs to stand up.

    Any field `X` can be given as ``HUIYING_X`` or, for secrets, as a file named by ``HUIYING_X_FILE``.
    """

    model_config = SettingsConfigDict(env_prefix="HUIYING_", extra="ignore")

    #: folder of everything that this deployment keeps on disk
    data: Path = Path("data")
    #: SQLAlchemy URL; may hold ``{service}``. Empty: a SQLite file per service in the data folder.
    #: On PostgreSQL every service keeps to a schema of its own name.
    database_url: str = ""
    redis_url: str = ""
    #: the deployment's secret, of which links, codes and the encryption of stored secrets are derived; it signs the
    #: gateway's context for the services too where no `context_keys` are set
    internal_key: SecretStr
    #: JWK Set of the Ed25519 keys by which services know the gateway's word: with private parts in the gateway, public
    #: parts alone everywhere else. Given as a file, it is read again when it changes (docs/keys.md)
    context_keys: SecretStr = SecretStr("")
    context_keys_file: Path | None = None
    #: "console" for people, "json" for log collectors
    log_format: str = "console"
    log_level: str = "info"
    #: name of this process among its replicas; restarted under the same name, it takes up its unfinished work at once
    replica: str = ""
    host: str = "127.0.0.1"
    port: int = 8000

    #: for rehearsals and tests: a file that holds the seconds by which every part's clock is moved (kit/clock.py)
    clock_file: Path | None = None

    #: seconds after which another consumer may take over an unacknowledged message
    bus_claim_idle: float = 30.0
    #: deliveries after which a message that keeps failing is put aside
    bus_max_deliveries: int = 5
    #: seconds that a read waits for messages before it looks around
    bus_block: float = Field(1.0, gt=0, le=2)
    #: seconds of already-read history that a stream keeps
    bus_history: float = 900.0

    def replica_name(self) -> str:
        """Return this process's name: the configured one, else host and process id."""
        return self.replica or f"{socket.gethostname()}-{os.getpid()}"

    def database_url_for(self, service: str) -> str:
        """Return the async SQLAlchemy URL of `service`'s database."""
        url = self.database_url or f"sqlite:///{self.data}/{{service}}.db"
        url = url.replace("{service}", service)
        for plain, driver in (
            ("postgresql://", "postgresql+asyncpg://"),
            ("postgres://", "postgresql+asyncpg://"),
            ("sqlite://", "sqlite+aiosqlite://"),
        ):
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        return url
