"""docker-compose.yml runs every part, holds no secret, and sets what the settings know."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import GatewaySettings
from huiying.parts import PARTS
from kit.auth import PUBLIC, ContextSigner
from kit.keyring import KeyRing
from kit.settings import ServiceSettings
from services.analysis.settings import AnalysisSettings
from services.ingest.settings import IngestSettings
from services.notify.settings import NotifySettings

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "analysis": AnalysisSettings,
    "analysis-worker": AnalysisSettings,
    "ingest": IngestSettings,
    "notify": NotifySettings,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def test_every_part_has_a_service_with_a_health_check(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {part.name for part in PARTS} | {"postgres", "redis"} == set(services)
    for part in PARTS:
        assert services[part.name]["command"] == ["serve", part.name]
    assert all("healthcheck" in service for service in services.values())


def test_only_the_gateway_is_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["gateway"]


def test_workers_can_be_scaled(compose: dict[str, Any]) -> None:
    worker = compose["services"]["analysis-worker"]
    assert "container_name" not in worker
    assert "HUIYING_REPLICA" not in worker["environment"], "each replica is known by its own host name"


def test_what_is_set_is_known(compose: dict[str, Any]) -> None:
    for part in PARTS:
        known = SETTINGS.get(part.name, ServiceSettings).model_fields
        for variable in compose["services"][part.name]["environment"]:
            field = variable.removeprefix("HUIYING_").removesuffix("_FILE").lower()
            assert field in known, f"{part.name}: {variable}"


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text), "no credentials in a URL"
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|DATABASE_URL|REDIS_URL", variable):
                assert value.startswith("/run/secrets/"), (name, variable)
                assert variable.endswith("_FILE"), (name, variable)
                assert value.removeprefix("/run/secrets/") in service["secrets"], (name, variable)


def test_the_secrets_that_it_mounts_are_made_once(compose: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "make-secrets"
    script.write_bytes((ROOT / "deploy" / "make-secrets").read_bytes())
    script.chmod(0o755)
    subprocess.run([str(script)], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert all(len(text) >= 20 for text in made.values())
    assert made["postgres_password"] in made["database_url"]
    kept = tmp_path / "secrets"
    gateway = ContextSigner(KeyRing.of_file(kept / "context_keys", "Ed25519"))
    service = ContextSigner(KeyRing.of_file(kept / "context_public_keys", "Ed25519"), "cases")
    assert service.read(gateway.sign(PUBLIC, "cases")) == PUBLIC
    assert '"d"' not in made["context_public_keys"]
    assert KeyRing.of_file(kept / "token_keys", "HS256").signing(0).id == "first"
    subprocess.run([str(script)], check=True, capture_output=True)
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


def test_a_setting_can_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("internal_key", "token_key", "redis_url"):
        (tmp_path / name).write_text(f"{name}-{'x' * 32}\n")
        monkeypatch.delenv(f"HUIYING_{name.upper()}", raising=False)
        monkeypatch.setenv(f"HUIYING_{name.upper()}_FILE", str(tmp_path / name))
    settings = GatewaySettings()  # type: ignore[call-arg]
    assert settings.token_key.get_secret_value() == "token_key-" + "x" * 32
    assert settings.redis_url == "redis_url-" + "x" * 32
    monkeypatch.setenv("HUIYING_REDIS_URL", "redis://plain")
    assert GatewaySettings().redis_url == "redis://plain", "a plain variable wins"  # type: ignore[call-arg]


def test_the_image_holds_what_the_parts_import() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    for folder in ("contracts", "kit", "services", "gateway", "huiying", "plans"):
        assert f"COPY {folder} {folder}" in dockerfile
        assert f"!{folder}\n" in ignored
