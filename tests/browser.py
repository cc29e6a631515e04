"""A real browser for tests: Chromium without a window, spoken to by the DevTools protocol over a WebSocket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

#: names of the program, by how it was installed
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "headless_shell")
_SECONDS: Final = 120.0


def chromium() -> str:
    """Return the path of Chromium; skips the test where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium fonts-noto-cjk")
    return found


class Tab:
    """A page in the browser, with what it said on its console and the requests that it made."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.said: list[str] = []
        self.answers: list[tuple[str, int]] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            elif told["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif told["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                self.said.append(json.dumps(told["params"], ensure_ascii=False))
            elif told["method"] == "Network.responseReceivedExtraInfo":
                self.answers.append((told["params"]["headers"].get("etag", ""), told["params"]["statusCode"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call the protocol; fails where the browser refuses."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        told = await asyncio.wait_for(future, _SECONDS)
        assert "error" not in told, told
        return dict(told["result"])

    async def open(self, url: str) -> None:
        """Go to a page and wait until it has loaded."""
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), _SECONDS)

    async def value(self, expression: str) -> Any:
        """Return what an expression gives in the page, promises awaited."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> Any:
        """Wait until an expression holds in the page; returns what it gives."""
        deadline = asyncio.get_running_loop().time() + _SECONDS
        while not (found := await self.value(expression)):
            assert asyncio.get_running_loop().time() < deadline, f"it never came to hold: {expression}; {self.said}"
            await asyncio.sleep(0.05)
        return found

    async def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    async def size(self, width: int, height: int) -> None:
        """Make the page as large as a screen."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    async def picture(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        told = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(told["data"]))

    async def close(self) -> None:
        """End the conversation."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._socket.close()


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """Start Chromium with a profile of its own and give a tab."""
    program = chromium()
    with tempfile.TemporaryDirectory(prefix="huiying-chromium-", ignore_cleanup_errors=True) as folder:
        process = await asyncio.to_thread(
            subprocess.Popen,
            [
                program,
                "--headless=new",
                "--no-sandbox",  # tests run as root in containers; they open pages of their own only
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                "--remote-debugging-port=0",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort", process)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [one for one in await answer.json() if one["type"] == "page"]
                socket = await session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
                tab = Tab(socket)
                try:
                    for domain in ("Page", "Runtime", "Log", "Network"):
                        await tab.call(f"{domain}.enable")
                    yield tab
                finally:
                    await tab.close()
        finally:
            process.terminate()
            process.wait(30)


async def _port(written: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = asyncio.get_running_loop().time() + _SECONDS
    while asyncio.get_running_loop().time() < deadline:
        if (port := await asyncio.to_thread(_first_line, written)).isdigit():
            return int(port)
        assert process.poll() is None, f"Chromium ended with {process.returncode}"
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not get ready")


def _first_line(file: Path) -> str:
    return file.read_text().partition("\n")[0] if file.exists() else ""
