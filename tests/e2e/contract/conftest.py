"""One system with something in it, and the clients made from the API document."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.e2e.harness import System, eventually
from tests.e2e.test_story import story_posts

ROOT = Path(__file__).parents[3]
PASSWORD = "a-long-password-of-tests"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Give a running system in which a story led to an alert, with an officer of the office."""
    system = System(tmp_path_factory.mktemp("contract"))
    try:
        system.start()
        admin = system.login()
        admin.post("/api/v1/users", {"username": "duty", "password": PASSWORD, "name": "王干事", "roles": ["office"]})
        admin.post("/api/v1/posts", {"posts": story_posts()})
        eventually(lambda: list(admin.items("/api/v1/alerts")), "an alert")
        yield system
    finally:
        system.close()


@pytest.fixture(scope="package")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """Give the Python client, made from the committed document."""
    folder = tmp_path_factory.mktemp("python-client")
    made = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            "generate",
            *("--path", str(ROOT / "docs/openapi.json"), "--config", str(ROOT / "clients/python/config.yaml")),
            *("--meta", "none", "--output-path", str(folder / "huiying_client"), "--overwrite"),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = made.stdout + made.stderr
    assert made.returncode == 0, said
    assert "WARNING" not in said, f"the client leaves something of the document out:\n{said}"
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("huiying_client")
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="package")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the TypeScript client with its packages; skips where there is no Node.js."""
    if shutil.which("npm") is None:
        pytest.skip("no Node.js on this machine: the TypeScript client is tested where `npm` is (version 20 or newer)")
    folder = tmp_path_factory.mktemp("typescript") / "huiying"
    ignored = shutil.ignore_patterns("node_modules", "build")
    shutil.copytree(ROOT / "clients/typescript", folder / "clients/typescript", ignore=ignored)
    (folder / "docs").mkdir()
    shutil.copy(ROOT / "docs/openapi.json", folder / "docs")
    (folder / "build/clients/typescript").mkdir(parents=True)
    client = folder / "clients/typescript"
    installed = npm(client, "ci", "--ignore-scripts", "--no-audit")
    if installed.returncode:
        if os.environ.get("CI"):
            pytest.fail(installed.stdout + installed.stderr)
        pytest.skip(f"npm cannot install what package-lock.json names: {installed.stderr.strip()[-300:]}")
    return client


def npm(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run npm in `folder`."""
    return subprocess.run(
        ["npm", *words], cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
