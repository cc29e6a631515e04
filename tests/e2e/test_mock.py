"""`huiying mock` once: it is rich, the guide's commands work on it, and the duty officer's board does in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.words import CaseState, Channel, ClockState, DeliveryState, IncidentType, Level, Role, Stage, WatchMode
from huiying.mock.people import CAST, PASSWORD
from kit.embedded import free_port
from tests.e2e.harness import Client, command

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "api-guide.md"
BOARD = ROOT / "docs" / "examples" / "duty-board"
#: one story is played for all tests of this file; the browser's may have to wait for it
pytestmark = [pytest.mark.timeout(900)]


class Played:
    """A mock that has told its story."""

    def __init__(self, url: str, said: str, data: Path) -> None:
        self.url, self.said, self.data = url, said, data
        self._clients: list[Client] = []

    def login(self, username: str = "auditor") -> Client:
        """Log in as somebody of the story."""
        form = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{self.url}/api/v1/auth/token", data=form, trust_env=False)
        assert answer.status_code == 200, answer.text
        self._clients.append(Client(self.url, answer.json()["access_token"]))
        return self._clients[-1]

    def leave(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.http.close()


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("mock")
    data, port = folder / "data", free_port()
    origins = {"HUIYING_CORS_ORIGINS": "http://127.0.0.1:5173"}
    words, environment = command("mock", "--small", "--still", "--port", str(port), "--data", str(data), **origins)
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(words, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        while "mock is ready" not in output.read_text(encoding="utf-8"):
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
            log = data / "system.log"
            more = log.read_text(encoding="utf-8")[-3000:] if log.exists() else ""
            pytest.fail(f"it ended with {process.returncode}:\n{output.read_text(encoding='utf-8')}\n{more}")
        played = Played(f"http://127.0.0.1:{port}", output.read_text(encoding="utf-8"), data)
        yield played
        played.leave()
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_it_says_that_it_is_fictional_and_whom_to_log_in_as(mock: Played) -> None:
    assert "示例数据" in mock.said
    assert "未能演出" not in mock.said
    assert PASSWORD in mock.said
    assert all(key in mock.said for key in CAST)
    landing = httpx.get(mock.url, trust_env=False)
    assert "示例数据" in landing.text
    assert landing.headers["X-Huiying-Mock"] == "fictional-data"
    assert {role for person in CAST.values() for role in person.roles} | {Role.ADMIN} == set(Role)
    me = mock.login("office").get("/api/v1/me")
    assert me["mock"] is True
    refused = httpx.get(f"{mock.url}/api/v1/cases", trust_env=False)
    assert (refused.status_code, refused.headers["X-Huiying-Mock"]) == (401, "fictional-data")


def test_every_list_has_something_and_every_state_occurs(mock: Played) -> None:
    client = mock.login()
    all_of = {path: list(client.items(f"/api/v1/{path}")) for path in _LISTS}
    assert [path for path, items in all_of.items() if not items] == []
    assert len(all_of["events"]) >= 25
    assert {one["incident_type"] for one in all_of["events"]} >= {"social_security", "natural_disaster"}
    assert {one["stage"] for one in all_of["events"]} <= set(Stage)
    assert {one["channel"] for one in all_of["posts"]} >= set(Channel) - {Channel.OTHER}
    assert {one["level"] for one in all_of["alerts"]} >= {Level.II, Level.III, Level.IV}
    assert {one["status"] for one in all_of["alerts"]} == {"open", "acknowledged", "dismissed"}
    cases = all_of["cases"]
    assert {one["state"] for one in cases} == set(CaseState)
    assert {one["level"] for one in cases} == set(Level)
    assert any(one["pending_level"] for one in cases)
    assert WatchMode.SURGE in {one["watch_mode"] for one in cases}
    assert {one["incident_type"] for one in cases} <= set(IncidentType)

    of_cases: dict[str, list[dict[str, Any]]] = {path: [] for path in _OF_CASES}
    for case in cases:
        for path in _OF_CASES:
            of_cases[path] += client.get(f"/api/v1/cases/{case['id']}/{path}")["items"]
    assert [path for path, items in of_cases.items() if not items] == []
    clocks = {one["state"] for one in of_cases["clocks"]}
    assert clocks >= {ClockState.RUNNING, ClockState.MET, ClockState.BREACHED}
    assert {one["state"] for one in of_cases["statements"]} == {
        "draft",
        "submitted",
        "approved",
        "published",
        "withdrawn",
        "corrected",
    }
    assert {one["state"] for one in of_cases["corrections"]} >= {"draft", "submitted", "settled"}
    assert {one["state"] for one in of_cases["concerns"]} >= {"open", "answered"}
    deliveries = {one["state"] for told in all_of["notifications"] for one in told["deliveries"]}
    assert deliveries >= {DeliveryState.SENT, DeliveryState.ACKNOWLEDGED, DeliveryState.FAILED}
    on_duty = client.get("/api/v1/rosters/on-duty")
    assert any(one["on_duty"] for one in on_duty["items"])
    feed = httpx.get(f"{mock.url}/public/v1/statements", trust_env=False).json()
    assert len(feed["items"]) >= 5


_LISTS = (
    "sources",
    "posts",
    "topics",
    "events",
    "alerts",
    "cases",
    "tasks",
    "notifications",
    "contacts",
    "rosters",
    "webhooks",
    "communication-checks",
    "escalations",
    "exports",
)
_OF_CASES = (
    "clocks",
    "tasks",
    "participants",
    "consultations",
    "concerns",
    "media-contacts",
    "press-conferences",
    "corrections",
    "statements",
    "timeline",
    "confirmed-facts",
    "approvals",
    "information",
)


def test_every_command_of_the_guide_works(mock: Played, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh run\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    script = "set -euo pipefail\n" + "\n".join(f"echo '## {i}' >&2\n{block}" for i, block in enumerate(blocks, 1))
    environment = {**os.environ, "HUIYING": mock.url, "no_proxy": "*"}
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # each error that the guide provokes is the one that it names
    told = re.findall(r"^(4\d\d) (\d\d\d) ([\w.-]+) (.*)$", ran.stdout, re.M)
    assert {wanted for wanted, *_ in told} == {"400", "401", "403", "404", "409", "412", "413", "422", "429"}
    assert [(wanted, got) for wanted, got, *_ in told if wanted not in (got, "429")] == []
    # on a slow machine a wait may be over when the next attempt comes; the waits double
    assert "429" in [got for wanted, got, *_ in told if wanted == "429"]
    assert all(re.search(r"[\u4e00-\u9fff]", detail) for *_, detail in told)


@pytest.fixture
def board() -> Iterator[str]:
    """Serve the board from another origin, as any static server would; the one that the mock's CORS setting names."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 5173), partial(Quiet, directory=str(BOARD)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield "http://127.0.0.1:5173"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_board_works_in_a_browser(mock: Played, board: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium fonts-noto-cjk")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        # the gateway names allowed origins from its next version on; until then the browser is told not to ask
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", *([] if _allows(mock.url, board) else ["--disable-web-security"])],
        )
        try:
            _use(browser.new_page(), f"{board}/?api={mock.url}", mock, sync_api.expect)
        finally:
            browser.close()


def _allows(url: str, origin: str) -> bool:
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    answer = httpx.options(f"{url}/api/v1/me", headers=headers, trust_env=False)
    return answer.headers.get("access-control-allow-origin") == origin


def _use(page: Any, address: str, mock: Played, expect: Any) -> None:
    """Use the board as an officer would: a wrong password, alerts live, a receipt undone, given, and refused."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    page.get_by_label("用户名").fill("office")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert").filter(has_text="用户名或口令不正确")).to_be_visible()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("示例数据")).to_be_visible()
    expect(page.locator("#live")).to_have_text("实时", timeout=30_000)
    client = mock.login("office")
    cases = list(client.items("/api/v1/cases", open="true"))
    expect(page.locator("#cases > li")).to_have_count(len(cases), timeout=60_000)
    expect(page.locator(".clocks li").first).to_contain_text(re.compile("剩余|已超时"))

    # undone in time, nothing is sent
    card = page.locator("#alerts > li").first
    alert_id = card.get_attribute("data-id")
    card.get_by_role("button", name=re.compile("^签收")).click()
    expect(card.get_by_text("已签收")).to_be_visible()
    card.get_by_role("button", name="撤销").click()
    assert client.get(f"/api/v1/alerts/{alert_id}")["status"] == "open"
    # cut off, the receipt comes back with the reason
    page.route("**/acknowledge", lambda route: route.abort())
    card.get_by_role("button", name=re.compile("^签收")).click()
    expect(card.get_by_text("签收没有成功：连接不上服务器")).to_be_visible(timeout=30_000)
    expect(card.get_by_role("button", name=re.compile("^签收"))).to_be_visible()
    page.unroute("**/acknowledge")
    # what a colleague settles goes by itself; how many alerts the story comes to is not the same on every machine
    if page.locator("#alerts > li").count() > 1:
        other = page.locator("#alerts > li").last.get_attribute("data-id")
        client.post(f"/api/v1/alerts/{other}/acknowledge")
        expect(page.locator(f"[data-id='{other}']")).to_have_count(0, timeout=30_000)
    # given, it is sent after a while, and the card goes
    card.get_by_role("button", name=re.compile("^签收")).click()
    expect(page.locator(f"[data-id='{alert_id}']")).to_have_count(0, timeout=30_000)
    assert client.get(f"/api/v1/alerts/{alert_id}")["status"] == "acknowledged"
    assert wrong == []
    # nobody has to scroll sideways on a telephone
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
