"""The Makefile's own promises."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run(
        ["make", "--no-print-directory", "-C", str(ROOT), *arguments],
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_target_is_listed_with_its_purpose() -> None:
    done = make()
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"help", "setup", "run", "test", "lint", "format", "lock", "bench", "clean"} <= set(listed)


def test_an_old_python_is_one_clear_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\nif [ "$1" = -V ]; then echo Python 3.9.2; exit 0; fi\nexit 1\n')
    old.chmod(0o755)
    done = make("setup", f"PYTHON={old}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    said = (done.stdout + done.stderr).splitlines()
    assert said[0] == f"Huiying needs Python 3.11 or newer; {old} is Python 3.9.2. Set PYTHON=/path/to/python3.11"
    assert not (tmp_path / "venv").exists()


def test_no_file_of_the_setup_names_a_package_registry() -> None:
    for name in ("Makefile", ".ci/run", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "index-url " not in text.replace("--no-emit-index-url", "")
        assert "pypi" not in text.lower()
