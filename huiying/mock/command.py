"""``huiying mock``: starts the system in a folder of its own, plays the story, and keeps it alive."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from huiying.errors import CommandError
from huiying.folder import DataFolder, write_private
from huiying.mock.desk import Desk, Shift
from huiying.mock.life import Life
from huiying.mock.people import ADMIN_PASSWORD, CAST, PASSWORD
from huiying.mock.sites import Site
from huiying.mock.story import BEGINNING, Story
from kit.embedded import die_with_parent, free_port

#: what marks a data folder as the mock's: only such a folder is ever emptied
_MARK: Final = "mock.json"
_READY_SECONDS: Final = 240.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was given."""

    port: int
    host: str
    data: Path
    fresh: bool
    still: bool
    small: bool
    seed: int


class Mock:
    """The system with its fictional data, until Ctrl-C."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._console = Console(soft_wrap=True, highlight=False)
        self._stopping = threading.Event()
        self._playing = False
        self._system: subprocess.Popen[bytes] | None = None
        folder = options.data.absolute()
        self._folder, self._log, self._mark = folder, folder / "system.log", folder / _MARK
        self._shift = Shift(folder / "clock-shift")
        self._url = f"http://{'127.0.0.1' if options.host == '0.0.0.0' else options.host}:{options.port}"

    def run(self) -> None:
        """Run until a signal; raises :class:`CommandError` where it cannot start or the story breaks off."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        kept = self.open()
        site = Site(kept.get("site") or free_port())
        try:
            done = bool(kept.get("done"))
            self._note(site=site.port, done=done)
            if not done:
                self._shift.hours_ago(BEGINNING)
            self._start()
            desk = Desk(self._url, self._shift)
            try:
                if not done and not self._stopping.is_set():
                    self._playing = True
                    self._play(desk, site.url)
                    self._playing = False
                    self._note(site=site.port, done=True)
                if not self._stopping.is_set():
                    self._greet()
                    self._live(desk)
            finally:
                desk.close()
        finally:
            self._stop()
            site.close()

    def open(self) -> dict[str, Any]:
        """Return what the folder's mark says; a folder whose story was broken off, or ``--fresh``, is emptied."""
        if self._folder.exists() and any(self._folder.iterdir()) and not self._mark.exists():
            raise CommandError(
                f"{self._folder} 不是示例数据目录 / is not a folder of `huiying mock`; choose another --data"
            )
        kept: dict[str, Any] = json.loads(self._mark.read_text()) if self._mark.exists() else {}
        if self._mark.exists() and (self._options.fresh or not kept.get("done")):
            # somebody else's running mock must not lose its folder
            held = DataFolder(self._folder)
            held.open()
            shutil.rmtree(self._folder)
            held.close()
            kept = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        return kept

    def _note(self, **facts: Any) -> None:
        write_private(self._mark, json.dumps({"seed": self._options.seed, "small": self._options.small, **facts}))

    def _start(self) -> None:
        """Start the system, its log in a file, and wait until it says that it is ready."""
        environment = {
            **{name: value for name, value in os.environ.items() if name not in _NOT_OURS},
            "HUIYING_DATA": str(self._folder),
            "HUIYING_PORT": str(self._options.port),
            "HUIYING_HOST": self._options.host,
            "HUIYING_ADMIN_NAME": "admin",
            "HUIYING_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "HUIYING_CLOCK_FILE": str(self._shift.path),
            "HUIYING_MOCK": "1",
            "HUIYING_ALLOWED_HOSTS": "127.0.0.1",
            "HUIYING_WEBHOOK_ALLOW_HOSTS": "127.0.0.1",
            "NO_COLOR": "1",
        }
        log: IO[bytes]
        with self._log.open("wb") as log:
            self._system = subprocess.Popen(
                [sys.executable, "-m", "huiying", "up"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + _READY_SECONDS
        with self._console.status("正在启动 / starting …"):
            while not self._stopping.is_set():
                said = self._log.read_bytes().decode("utf-8", "replace")
                if "is ready" in said:
                    return
                if self._system.poll() is not None or time.monotonic() > deadline:
                    last = "\n".join(said.strip().splitlines()[-8:])
                    raise CommandError(f"系统未能启动 / the system did not start; it said last:\n{last}", 1)
                time.sleep(0.1)

    def _play(self, desk: Desk, site: str) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        plain = not self._console.is_terminal
        if plain:
            print("正在演绎示例故事 / playing the story …", flush=True)
        with Progress(*columns, console=self._console, disable=plain) as progress:
            bar = progress.add_task("示例故事", total=BEGINNING)
            said = [time.monotonic()]

            def tell(hours: float, what: str) -> None:
                ago = f"{hours / 24:.1f} 天前" if hours else "现在"
                if plain and time.monotonic() - said[0] > 10:
                    said[0] = time.monotonic()
                    print(f"  {hours / 24:.1f} 天前 · {what}", flush=True)
                progress.update(bar, completed=BEGINNING - hours, description=f"示例故事 {ago} · {what}")

            story = Story(desk, self._shift, site, seed=self._options.seed, small=self._options.small, tell=tell)
            story.play()
        for line in story.missed:
            print(f"  未能演出 / not told: {line}", flush=True)

    def _greet(self) -> None:
        people = [f"    {key:<12}{person.name}（{'、'.join(person.roles)}）" for key, person in CAST.items()]
        lines = [
            "",
            f"  【示例数据】Huiying 回应 模拟环境 / mock is ready    {self._url}",
            "  全部人物、媒体、村名和事件都是虚构的；不得用于真实工作。",
            "  Everything in here is fictional. Never use it in earnest.",
            "",
            f"  密码（所有用户相同）/ password of every user: {PASSWORD}",
            "    admin       管理员（admin）",
            *people,
            "",
            f"  接口文档 / API: {self._url}/docs      指南 / guide: docs/api-guide.zh-CN.md",
            f"  日志 / log: {self._log}",
            "  停止 / stop: Ctrl-C      重来 / begin anew: huiying mock --fresh",
            "",
        ]
        text = "\n".join(lines)
        write_private(self._folder / "users.txt", text + "\n")
        print(text, flush=True)

    def _live(self, desk: Desk) -> None:
        """Let things happen, or (`--still`) only wait; a system that dies ends the mock."""
        if not self._options.still:
            threading.Thread(
                target=Life(desk, self._options.seed, self._stopping).run, name="life", daemon=True
            ).start()
        assert self._system is not None
        while not self._stopping.wait(0.5):
            if self._system.poll() is not None:
                raise CommandError(f"系统已停止 / the system has ended; see {self._log}", 1)

    def _stop(self) -> None:
        self._stopping.set()
        if self._system is not None and self._system.poll() is None:
            self._system.send_signal(signal.SIGTERM)
            try:
                self._system.wait(20)
            except subprocess.TimeoutExpired:
                self._system.kill()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        if self._playing:  # out of whatever the story waits for
            self._playing = False
            raise CommandError("已中断，下次重新开始 / broken off; the next start begins anew", 1)


#: settings of the environment that would lead the mock to a real database, bus or key
_NOT_OURS: Final = frozenset(
    f"HUIYING_{name}{suffix}"
    for name in ("DATABASE_URL", "REDIS_URL", "INTERNAL_KEY", "TOKEN_KEY", "AUTHOR_KEY", "ADMIN_PASSWORD", "PUBLIC_URL")
    for suffix in ("", "_FILE")
)
