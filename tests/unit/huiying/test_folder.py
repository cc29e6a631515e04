"""The data folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from huiying.errors import CommandError
from huiying.folder import SECRETS, DataFolder, write_private


def test_secrets_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.open()
    first = {name: folder.secret(name) for name in SECRETS}
    assert {name: folder.secret(name) for name in SECRETS} == first
    folder.close()
    assert len(set(first.values())) == len(SECRETS)
    assert stat.S_IMODE((tmp_path / "data" / "secrets").stat().st_mode) == 0o700
    for name in SECRETS:
        assert stat.S_IMODE((tmp_path / "data" / "secrets" / name).stat().st_mode) == 0o600
        assert len(first[name]) == 64


def test_one_system_runs_on_a_folder(tmp_path: Path) -> None:
    first = DataFolder(tmp_path)
    first.open()
    with pytest.raises(CommandError, match="another huiying runs"):
        DataFolder(tmp_path).open()
    first.close()
    second = DataFolder(tmp_path)
    second.open()
    second.close()


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CommandError, match="cannot be written") as caught:
        DataFolder(tmp_path / "file" / "data").open()
    assert "\n" not in caught.value.line


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["secret"]
