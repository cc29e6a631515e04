"""Both languages of the API guide show the same commands and sections."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
_BLOCK = re.compile(r"```sh( run)?\n(.*?)```", re.S)


def test_both_languages_show_the_same_commands() -> None:
    english, chinese = ((DOCS / f"api-guide{end}.md").read_text(encoding="utf-8") for end in ("", ".zh-CN"))
    assert _BLOCK.findall(english) == _BLOCK.findall(chinese)
    assert sum(bool(run) for run, _ in _BLOCK.findall(english)) > 10
    assert english.count("\n## ") == chinese.count("\n## ")
