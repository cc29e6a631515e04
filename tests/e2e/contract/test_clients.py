"""The generated clients against the real system: log in, page, open a case, problems with a type, keys, the stream."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.e2e.contract.conftest import PASSWORD, npm
from tests.e2e.harness import System


class Calls:
    """The Python client's calls, logged in."""

    def __init__(self, package: ModuleType, system: System, username: str, password: str) -> None:
        self.models = import_module("huiying_client.models")
        quiet = {"trust_env": False}
        strange = package.Client(base_url=system.url, httpx_args=quiet)
        body = self.models.CreateTokenBody(username=username, password=password)
        with strange:
            token = self.call("auth.create_token", client=strange, body=body)
        assert isinstance(token, self.models.Token), token
        self.client = package.AuthenticatedClient(base_url=system.url, token=token.access_token, httpx_args=quiet)

    def call(self, name: str, **arguments: Any) -> Any:
        """Return what a call answers, parsed."""
        return import_module(f"huiying_client.api.{name}").sync(
            **{"client": getattr(self, "client", None), **arguments}
        )

    def detailed(self, name: str, **arguments: Any) -> Any:
        """Return a call's answer with status and headers."""
        return import_module(f"huiying_client.api.{name}").sync_detailed(client=self.client, **arguments)


@pytest.fixture
def duty(python_client: ModuleType, seeded: System) -> Iterator[Calls]:
    calls = Calls(python_client, seeded, "duty", PASSWORD)
    with calls.client:
        yield calls


def log_of(calls: Calls) -> Any:
    """Return the way of reaching somebody that leaves no machine: the log."""
    return calls.models.WayIn(channel=calls.models.ChannelName.LOG)


def test_python_pages_through_a_list(duty: Calls) -> None:
    for number in range(3):
        body = duty.models.ContactIn(name=f"联络员{number}", ways=[log_of(duty)])
        assert isinstance(duty.call("contacts.create_contact", body=body), duty.models.ContactOut)
    names: list[str] = []
    cursor: Any = import_module("huiying_client.types").UNSET
    pages = 0
    while cursor is not None:
        page = duty.call("contacts.list_contacts", limit=2, cursor=cursor)
        assert isinstance(page, duty.models.ContactPage)
        assert len(page.items) <= 2
        names += [contact.name for contact in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert {"联络员0", "联络员1", "联络员2"} <= set(names)
    assert len(names) == len(set(names))
    assert pages >= 2


def test_python_opens_a_case_of_an_alert_once_per_key(duty: Calls) -> None:
    [alert, *_] = duty.call("alerts.list_alerts").items
    # the plan opened a case by itself; it is set aside first
    by_itself = duty.call("cases.get_case", case_id=alert.case_id)
    aside = duty.models.TransitionIn(to=duty.models.CaseState.DISMISSED, reason="另立处置单")
    assert duty.call("cases.move_case", case_id=by_itself.id, body=aside).state == duty.models.CaseState.DISMISSED
    body = duty.models.CaseIn(alert_id=alert.id, reason="值班员核实")
    key = str(uuid.uuid4())
    first = duty.detailed("cases.create_case", body=body, idempotency_key=key)
    again = duty.detailed("cases.create_case", body=body, idempotency_key=key)
    assert first.status_code == again.status_code == 201
    assert isinstance(first.parsed, duty.models.CaseOut)
    assert first.parsed.id == again.parsed.id
    assert first.headers["Location"] == f"/api/v1/cases/{first.parsed.id}"
    other = duty.detailed("cases.create_case", body=duty.models.CaseIn(alert_id=alert.id), idempotency_key=key)
    assert other.status_code == 422
    assert other.parsed.type_.endswith("/idempotency-key-reused")
    refused = duty.call("cases.create_case", body=body)
    assert isinstance(refused, duty.models.Problem)
    assert refused.status == 409


def test_python_meets_problems_that_have_a_type(duty: Calls) -> None:
    problem = duty.call("cases.get_case", case_id=str(uuid.uuid4()), accept_language="zh")
    assert isinstance(problem, duty.models.Problem)
    assert (problem.status, problem.title) == (404, "未找到")
    invalid = duty.call("cases.create_case", body=duty.models.CaseIn(title=""))
    assert isinstance(invalid, duty.models.Problem)
    assert "/title" in [error.pointer for error in invalid.errors]


def test_a_stale_version_is_refused(duty: Calls) -> None:
    made = duty.call("contacts.create_contact", body=duty.models.ContactIn(name="李明", ways=[log_of(duty)]))
    patch = duty.models.ContactPatch(name="李明明")
    tag = duty.detailed("contacts.get_contact", contact_id=made.id).headers["ETag"]
    assert duty.call("contacts.change_contact", contact_id=made.id, body=patch, if_match=tag).name == "李明明"
    stale = duty.call("contacts.change_contact", contact_id=made.id, body=patch, if_match=tag)
    assert stale.status == 412


def test_typescript_does_what_its_example_says(seeded: System, typescript: Path) -> None:
    made = npm(typescript, "run", "generate")
    assert made.returncode == 0, made.stdout + made.stderr
    checked = npm(typescript, "run", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    built = npm(typescript, "exec", "--", "tsc")
    assert built.returncode == 0, built.stdout + built.stderr
    run = subprocess.run(
        ["node", "build/clients/typescript/example/duty.js"],
        cwd=typescript,
        env={**os.environ, "HUIYING_URL": seeded.url, "HUIYING_USER": "duty", "HUIYING_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    admin = seeded.login()
    assert told["alerts"] == [alert["id"] for alert in admin.items("/api/v1/alerts")]
    assert told["same"]
    assert told["made"]["location"] == f"/api/v1/cases/{told['made']['id']}"
    assert told["problem"]["status"] == 404
    assert told["problem"]["title"] == "未找到"
    assert told["event"]


def test_the_system_shows_the_committed_document(seeded: System, python_client: ModuleType) -> None:
    root = Path(__file__).parents[3]
    kept = json.loads((root / "docs/openapi.json").read_text(encoding="utf-8"))
    shown = httpx.get(f"{seeded.url}/openapi.json", trust_env=False)
    assert "X-Huiying-Incomplete" not in shown.headers
    assert shown.json() == kept
    chinese = httpx.get(f"{seeded.url}/openapi.json", headers={"Accept-Language": "zh-CN"}, trust_env=False)
    assert chinese.headers["Content-Language"] == "zh-CN"
    assert chinese.json()["paths"]["/api/v1/alerts"]["get"]["summary"] == "预警列表"
    assert python_client.__name__ == "huiying_client"
