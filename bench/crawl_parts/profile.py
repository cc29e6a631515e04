"""Where a running process spends its time, by py-spy (`pip install py-spy`), which looks at it from outside."""

from __future__ import annotations

import linecache
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

_FRAME: Final = re.compile(r"(?P<name>.*) \((?P<file>[^()]*?)(?::(?P<line>\d+))?\)$")
#: lines on which a thread waits for work, which py-spy does not always see
_WAITS: Final = re.compile(r"\.get\(|\.select\(|\.poll\(|\.wait\(|\.acquire\(")
_ROOT: Final = str(Path(__file__).parents[2]) + os.sep
_OURS: Final = ("services/", "kit/")


class Profile:
    """One look at a process, with the samples of every thread while it computes."""

    def __init__(self, program: str) -> None:
        found = shutil.which(program)
        if found is None:
            raise SystemExit(f"{program} is not there: pip install py-spy, and name it with --profile")
        self._program = found
        self._folder = tempfile.TemporaryDirectory(prefix="huiying-profile-")
        self._file = Path(self._folder.name) / "raw"

    def begin(self, pid: int) -> None:
        """Look at a process from now on."""
        command = [self._program, "record", "--format", "raw", "--rate", "100", "--output", str(self._file)]
        self._process = subprocess.Popen(
            [*command, "--pid", str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def end(self) -> None:
        """Look no more."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def tables(self, rows: int = 40) -> str:
        """Return, as Markdown, where the time went: by function of this project, and by its line that called others."""
        below: Counter[str] = Counter()
        own: Counter[str] = Counter()
        samples = 0
        for line in self._file.read_text(encoding="utf-8").splitlines():
            stack, _, count = line.rpartition(" ")
            frames = [frame for frame in map(_FRAME.match, stack.split(";")) if frame is not None]
            if not frames or _WAITS.search(linecache.getline(frames[-1]["file"], int(frames[-1]["line"] or 0))):
                continue
            samples += int(count)
            # by function, so that recursion and a function's several lines count once
            for function in {f"{_short(one['file'])} {one['name']}" for one in frames if _is_ours(one)}:
                below[function] += int(count)
            last = frames[-1]
            caller = next(filter(_is_ours, reversed(frames)), last)
            own[f"{_short(caller['file'])}:{caller['line']} {caller['name']}"] += int(count)
        parts = []
        for title, counted in (("function, with what it calls", below), ("line, with what it calls elsewhere", own)):
            lines = [f"| {title} | share |", "| --- | --- |"]
            lines += [f"| `{name}` | {100 * count / samples:.1f} % |" for name, count in counted.most_common(rows)]
            parts.append("\n".join(lines))
        return f"{samples} samples\n\n" + "\n\n".join(parts)


def _is_ours(frame: re.Match[str]) -> bool:
    return _short(frame["file"]).startswith(_OURS)


def _short(file: str) -> str:
    return file.removeprefix(_ROOT).split("site-packages/")[-1]
