"""``huiying import FILE``: push a file of posts through the gateway, resumably."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from huiying.client import base_url, credentials, data_folder, detail
from huiying.errors import CommandError
from huiying.folder import write_private
from huiying.reading import PostFile, Record

_BATCH: Final = 500
#: bytes of text after which a batch is sent although it is not full; the gateway takes 32 MiB, other doors less
_BATCH_BYTES: Final = 4 * 2**20
#: how often a batch is tried again while the gateway is away or busy
_TRIES: Final = 12


class Import:
    """One file on its way in. What was acknowledged is remembered, so that a second run goes on there."""

    def __init__(self, path: Path, *, url: str | None = None, mapping: Mapping[str, str] | None = None) -> None:
        self._file = PostFile(path, mapping)
        self._base = base_url(url)
        self._rejects = path.with_name(path.name + ".rejected.jsonl")
        stat = path.stat()
        with path.open("rb") as raw:
            head = raw.read(65536)
        identity = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{self._base}".encode() + head
        self._state = data_folder() / "imports" / f"{hashlib.sha256(identity).hexdigest()[:32]}.json"
        self.counts = {"accepted": 0, "duplicates": 0, "rejected": 0}
        self.done = 0

    def run(self, console: Console) -> None:
        """Push everything that was not pushed before.

        Raises :class:`CommandError` where the gateway refuses, or the file or what is kept of it gives out.
        """
        try:
            self._run(console)
        except OSError as error:
            raise CommandError(
                f"文件出错 / {error.filename or self._file.path}: {error.strerror or error}", 1
            ) from None

    def _run(self, console: Console) -> None:
        self._resume(console)
        http = httpx.Client(base_url=self._base, timeout=60, trust_env=False, headers=credentials(self._base))
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[posts]} posts, {task.fields[rate]}/s"),
            TimeRemainingColumn(),
            console=console,
        )
        began, before = time.monotonic(), self.done
        with http, progress:
            bar = progress.add_task(self._file.path.name, total=self._file.size, posts=self.done, rate=0)
            batch: list[Record] = []
            size = 0
            for record in self._file.records(skip=self.done):
                if not batch and record.number == before + 1 and self._file.ignored:
                    console.print(f"未使用的列 / columns not used: {', '.join(self._file.ignored)}")
                batch.append(record)
                size += 4 * len(record.post["text"]) if record.post else 0
                if len(batch) == _BATCH or size > _BATCH_BYTES:
                    self._push(http, batch)
                    rate = round((self.done - before) / max(0.001, time.monotonic() - began))
                    progress.update(bar, completed=batch[-1].position, posts=self.done, rate=rate)
                    batch, size = [], 0
            if batch:
                self._push(http, batch)
            progress.update(bar, completed=self._file.size, posts=self.done)
        self._state.unlink(missing_ok=True)

    def _resume(self, console: Console) -> None:
        if not self._state.exists():
            self._rejects.unlink(missing_ok=True)
            return
        state = json.loads(self._state.read_text(encoding="utf-8"))
        self.done, self.counts = state["done"], state["counts"]
        console.print(f"接着第 {self.done} 条继续 / going on after record {self.done}")

    def _push(self, http: httpx.Client, batch: list[Record]) -> None:
        rejected = [
            (record, f"{record.problem.zh} / {record.problem.en}") for record in batch if record.problem is not None
        ]
        good = [record for record in batch if record.post is not None]
        if good:
            answer = self._post(http, {"posts": [record.post for record in good]})
            self.counts["accepted"] += answer["accepted"]
            self.counts["duplicates"] += answer["duplicates"]
            rejected += [(good[item["index"]], item["reason"]) for item in answer["rejected"]]
        self.counts["rejected"] += len(rejected)
        if rejected:
            with self._rejects.open("a", encoding="utf-8") as file:
                for record, reason in sorted(rejected, key=lambda pair: pair[0].number):
                    # who wrote it is nobody's to keep, not even here
                    post = {key: value for key, value in (record.post or {}).items() if key != "author"} or None
                    row = {"line": record.line, "reason": reason, "post": post}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.done = batch[-1].number
        self._state.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._state, json.dumps({"done": self.done, "counts": self.counts}))

    def _post(self, http: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
        pause = 0.5
        why = ""
        renewed = False
        for _ in range(_TRIES):
            try:
                answer = http.post("/api/v1/posts", json=body)
            except httpx.TransportError as error:
                why, wait = str(error) or type(error).__name__, pause
            else:
                if answer.status_code == 202:
                    return dict(answer.json())
                why = detail(answer)
                if answer.status_code == 401 and not renewed:  # access tokens live for minutes, files take longer
                    http.headers.update(credentials(self._base))
                    renewed, wait = True, 0.0
                elif answer.status_code in (429, 500, 502, 503, 504):
                    asked = answer.headers.get("Retry-After", "")
                    wait = float(asked) if asked.isdecimal() else pause
                else:
                    raise CommandError(f"第 {self.done + 1} 条起被拒绝 / refused from record {self.done + 1}: {why}", 1)
            time.sleep(wait)
            pause = min(10.0, pause * 2)
        raise CommandError(
            f"推送中断于第 {self.done} 条之后，再次运行同一命令即可继续 / stopped after record {self.done}: {why}. "
            "Run the same command again to go on.",
            1,
        )

    def report(self, console: Console) -> int:
        """Print the sums; returns the command's exit code, 1 where anything was rejected."""
        console.print(
            f"接收 / accepted {self.counts['accepted']}   重复 / duplicates {self.counts['duplicates']}   "
            f"拒绝 / rejected {self.counts['rejected']}"
        )
        if self.counts["rejected"]:
            console.print(f"被拒绝的记录及原因 / rejected records and why: {self._rejects}")
        return 1 if self.counts["rejected"] else 0
