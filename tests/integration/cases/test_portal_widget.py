"""The pages in a real browser, and the widget on a page of another origin, under that page's strict policy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest
import uvicorn
from aiohttp import web

from services.cases.portal.widgets import NEWEST, WIDGETS
from tests.browser import Tab, browser, chromium
from tests.integration.cases.harness import OFFICE, Cases, StartCases
from tests.integration.cases.voices import open_case, publish

#: A version that was released never changes: pages pin it by this.
RELEASED = {"1.0.0": "sha384-CYOInFdPk27UoH2/y/b2QMLjW0VFnus7Cvo5wCJXElOz6LJGreAszrHFepW9lsqT"}
ROOT = "document.querySelector('huiying-statements').shadowRoot"


def test_a_released_version_has_the_hash_that_the_docs_show() -> None:
    assert {version: one.integrity for version, one in WIDGETS.items()} == RELEASED
    assert all(len(one.script) <= 10_240 for one in WIDGETS.values())


def test_the_widget_makes_no_markup_of_text() -> None:
    for one in WIDGETS.values():
        for word in (
            b"innerHTML",
            b"outerHTML",
            b"insertAdjacentHTML",
            b"document.write",
            b"eval(",
            b"document.cookie",
        ):
            assert word not in one.script


@contextlib.asynccontextmanager
async def origin(cases: Cases, listening: socket.socket) -> AsyncIterator[None]:
    """Serve the service on a socket, for a browser."""
    app: Any = cases.http._transport.app  # type: ignore[attr-defined]
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def host(portal: str, words: str) -> AsyncIterator[str]:
    """Serve another site's page that embeds the widget; gives its address."""
    policy = f"default-src 'none'; script-src {portal}; connect-src {portal}; require-trusted-types-for 'script'"
    script = WIDGETS[NEWEST]
    body = (
        '<!doctype html><html lang="zh-CN"><title>another site</title><h1>别的网站</h1>'
        f'<script src="{portal}/public/v1/widget/{NEWEST}.js" integrity="{script.integrity}" crossorigin="anonymous" '
        f"data-huiying {words}></script></html>"
    )

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/", show)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.fixture
def listening() -> Any:
    """Give a socket that a server may listen on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield made


async def axe(tab: Tab) -> list[str]:
    """Return what axe-core finds wrong with the page by WCAG 2.1 A and AA."""
    script = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    await tab.value(script + ";0")
    tags = "['wcag2a','wcag2aa','wcag21a','wcag21aa']"
    found = await tab.value(
        f"axe.run(document, {{runOnly: {tags}}}).then(r => r.violations.map(v => v.id + ' ' + v.nodes[0].html))"
    )
    return list(found)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_widget_on_a_page_of_another_origin(start: StartCases, listening: socket.socket) -> None:
    chromium()
    portal = f"http://127.0.0.1:{listening.getsockname()[1]}"
    cases = await start(public_url=portal)
    words = "data-limit=3 data-height=120 data-lang=zh-CN data-heading=移民信息 data-level=3 data-theme=移民"
    async with origin(cases, listening), host(portal, words) as page, browser() as tab:
        # nothing yet: it says so
        await tab.open(page)
        await tab.until(f"{ROOT}.querySelector('[role=status]').textContent === '暂无已发布信息'")
        case = await open_case(cases)
        for i in range(5):
            await publish(cases, case, f"答问{i}<img src=x onerror=alert(1)>", "答复。", kind="qa")
        other = await publish(cases, case, "别的主题", "答复。", kind="qa", subject_words="其他")
        assert other["state"] == "published"

        # seen again, it asks again
        await tab.value("document.dispatchEvent(new Event('visibilitychange'))")
        await tab.until(f"{ROOT}.querySelectorAll('li').length === 3")
        assert await tab.value(f"[...{ROOT}.querySelectorAll('li a')].map(a => a.textContent)") == [
            f"答问{i}<img src=x onerror=alert(1)>" for i in (4, 3, 2)
        ]
        assert await tab.value(f"{ROOT}.querySelectorAll('img, script, style, [style*=color]').length") == 0
        assert await tab.value(f"{ROOT}.querySelector('h3').textContent") == "移民信息"
        assert await tab.value(f"{ROOT}.querySelector('ul').getAttribute('role')") == "list"
        assert await tab.value(f"getComputedStyle({ROOT}.querySelector('section')).borderTopWidth") == "1px"
        assert await tab.value("document.cookie + localStorage.length + sessionStorage.length") == "00"

        # by keyboard: the box that scrolls, then the first link
        for inside in ("box", ""):
            await tab.press("Tab", 9)
            assert await tab.value(f"{ROOT}.activeElement.className") == inside
        assert await tab.value(f"{ROOT}.activeElement.href === {ROOT}.querySelector('li a').href")

        # nothing new: 304, and the list stays the very same
        await tab.value(f"window.before = {ROOT}.querySelector('li'); 0")
        tab.answers.clear()
        await tab.value("document.dispatchEvent(new Event('visibilitychange'))")
        while not any(status == 304 for _, status in tab.answers):
            await asyncio.sleep(0.05)
        assert await tab.value(f"window.before === {ROOT}.querySelector('li')")

        # what was withdrawn says so
        newest = (await cases.call("GET", "/public/v1/statements.json", None, params={"theme": "移民"})).json()[
            "items"
        ][0]
        await cases.post(f"/api/v1/cases/{case}/statements/{newest['id']}/withdraw", OFFICE, {"reason": "有误"})
        await tab.value("document.dispatchEvent(new Event('visibilitychange'))")
        await tab.until(f"{ROOT}.querySelector('.state')?.textContent === '已撤回'")

        # attributes count at once, also in another language
        await tab.value("document.querySelector('huiying-statements').setAttribute('limit', '1')")
        await tab.value("document.querySelector('huiying-statements').setAttribute('lang', 'en')")
        await tab.until(f"{ROOT}.querySelectorAll('li').length === 1")
        assert await tab.value(f"{ROOT}.querySelector('.state').textContent") == "Withdrawn"

        # no answer: what was shown stays, and there is a button
        await tab.value("document.querySelector('huiying-statements').setAttribute('src', '/nowhere')")
        await tab.until(f"!{ROOT}.querySelector('button').classList.contains('gone')")
        assert "cannot be loaded" in await tab.value(f"{ROOT}.querySelector('[role=status]').textContent")
        await tab.value("document.querySelector('huiying-statements').removeAttribute('src')")
        await tab.until(f"{ROOT}.querySelectorAll('li').length === 1")

        # what the page forbids was not tried, but for the address that the test itself put in
        complaints = [one for one in tab.said if "Content Security Policy" in one or "TrustedTypes" in one]
        assert [one for one in complaints if "/nowhere" not in one and "connect-src" not in one] == []
        await tab.call("Page.setBypassCSP", enabled=True)
        await tab.open(page)
        await tab.until(f"{ROOT}.querySelectorAll('li').length === 3")
        assert await axe(tab) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_pages_in_a_browser(start: StartCases, listening: socket.socket) -> None:
    chromium()
    portal = f"http://127.0.0.1:{listening.getsockname()[1]}"
    cases = await start(public_url=portal)
    case = await open_case(cases)
    first = await publish(cases, case, "情况通报", "截至3月2日8时，滑坡影响213户。")
    body = {"title": "更正", "text": "滑坡影响231户。", "reason": "漏了两个组"}
    draft = await cases.post(f"/api/v1/cases/{case}/statements/{first['id']}/correct", OFFICE, body, status=201)
    await cases.post(f"/api/v1/cases/{case}/statements/{draft['id']}/submit", OFFICE)
    async with origin(cases, listening), browser() as tab:
        paths = ["", "?q=213&text=large", f"/{first['id']}", "/nothing"]
        for width in (1280, 320):
            await tab.size(width, 800)
            for path in paths:
                await tab.open(f"{portal}/public/v1/statements{path}")
                # WCAG 2.2, 1.4.10: no scrolling in two directions at 320 px
                assert await tab.value("document.documentElement.scrollWidth") <= width
                assert await tab.value("getComputedStyle(document.querySelector('header')).backgroundColor") == (
                    "rgb(11, 74, 143)"
                )
                # 2.5.8: what is touched is 24 px high, links in sentences aside
                small = await tab.value(
                    "[...document.querySelectorAll('nav a, button, select, input:not([type=hidden]), aside a')]"
                    ".filter(e => e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"
                )
                assert small == []
        # the first key press shows the way past the head
        await tab.press("Tab", 9)
        assert await tab.value("document.activeElement.className") == "skip"
        assert await tab.value("document.activeElement.getBoundingClientRect().left >= 0")
        assert not [one for one in tab.said if "Content Security Policy" in one]
        await tab.call("Page.setBypassCSP", enabled=True)
        for path in paths:
            await tab.open(f"{portal}/public/v1/statements{path}")
            assert await axe(tab) == []
