"""The mock keeps its hands off folders that are not its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiying.errors import CommandError
from huiying.folder import DataFolder
from huiying.mock.command import Mock, Options
from kit.embedded import free_port


def _options(data: Path, *, fresh: bool = False) -> Options:
    return Options(free_port(), "127.0.0.1", data, fresh=fresh, still=True, small=True, seed=1)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_something_else_in_it_is_refused_and_kept(tmp_path: Path, fresh: bool) -> None:
    (tmp_path / "cases.db").write_text("the bureau's own")
    with pytest.raises(CommandError, match="不是示例数据目录"):
        Mock(_options(tmp_path, fresh=fresh)).open()
    assert (tmp_path / "cases.db").read_text() == "the bureau's own"


@pytest.mark.parametrize(("done", "fresh", "kept"), [(True, False, True), (True, True, False), (False, False, False)])
def test_a_told_story_is_kept_and_a_broken_off_one_begins_anew(
    tmp_path: Path, done: bool, fresh: bool, kept: bool
) -> None:
    (tmp_path / "mock.json").write_text(json.dumps({"done": done, "site": 4711}))
    (tmp_path / "cases.db").write_text("the story")
    found = Mock(_options(tmp_path, fresh=fresh)).open()
    assert (tmp_path / "cases.db").exists() is kept
    assert found == ({"done": True, "site": 4711} if kept else {})


def test_the_folder_of_a_running_mock_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "mock.json").write_text(json.dumps({"done": True}))
    running = DataFolder(tmp_path)
    running.open()
    try:
        with pytest.raises(CommandError, match="another huiying runs"):
            Mock(_options(tmp_path, fresh=True)).open()
    finally:
        running.close()
    assert (tmp_path / "mock.json").exists()
