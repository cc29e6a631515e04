"""The whole document against the whole system: no 5xx, and no answer that the document does not allow.

`HUIYING_FUZZ_SECONDS` (default 50) is how long each of the two callers is tried; `HUIYING_FUZZ_SEED` (default 1).
Sequences of calls are not tried: Schemathesis 4.32.5 infers 13,667 links here and makes no sequence of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.contract.conftest import PASSWORD, ROOT
from tests.e2e.harness import System

SECONDS: Final = os.environ.get("HUIYING_FUZZ_SECONDS", "50")
SEED: Final = os.environ.get("HUIYING_FUZZ_SEED", "1")
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
#: What is left out, and why.
LEFT_OUT: Final = {
    "stream_events": "never ends",
    "preview_source": "would reach out of this machine",
    "fetch_source": "would reach out of this machine",
    "create_source": "would make ingest reach out of this machine",
    "change_source": "would make ingest reach out of this machine",
    "test_channel": "would reach out of this machine",
    "try_webhook": "would reach out of this machine",
    "change_user": "would lock the callers out",
    "delete_key": "would take the callers' keys",
    "create_token": "would make the door wait between attempts",
}


@pytest.mark.parametrize("caller", ["admin", "duty"])
def test_every_answer_is_one_that_the_document_allows(seeded: System, tmp_path: Path, caller: str) -> None:
    # one sweep over every call by its examples and by the edges of its fields, then random calls until time is up
    tried(
        seeded, tmp_path, caller, "--phases", "examples,coverage,fuzzing", "--max-time", SECONDS, "--max-examples", "2"
    )


def tried(system: System, folder: Path, caller: str, *options: str) -> None:
    """Let Schemathesis try the system as `caller`; fails with what it found."""
    client = system.login(caller, None if caller == "admin" else PASSWORD)
    report = folder / "report.json"
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", str(ROOT / "docs/openapi.json"), "--url", system.url, *options),
            *("--header", f"Authorization: {client.http.headers['Authorization']}"),
            *("--checks", ",".join(CHECKS), "--exclude-operation-id-regex", f"^({'|'.join(LEFT_OUT)})$"),
            *("--seed", SEED, "--request-timeout", "60"),
            *("--continue-on-failure", "--no-shrink", "--suppress-health-check", "all", "--warnings", "off"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.e2e.contract.hooks", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=float(SECONDS) + 400,
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-4000:]
    assert json.loads(report.read_text(encoding="utf-8")), "it tried nothing"


def test_what_is_left_out_is_there() -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    named = {one["operationId"] for item in document["paths"].values() for one in item.values()}
    assert set(LEFT_OUT) <= named
