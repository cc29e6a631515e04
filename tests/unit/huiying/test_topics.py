"""``huiying topics check``."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from huiying.cli import app
from huiying.errors import CommandError
from huiying.topics import pack_findings

SHIPPED = Path(__file__).parents[3] / "plans" / "topics" / "puer-resettlement.yaml"


def test_the_shipped_pack_is_in_order() -> None:
    result = CliRunner().invoke(app, ["topics", "check", str(SHIPPED)])
    assert result.exit_code == 0
    assert "0 error(s), 0 warning(s), 11 topic(s)" in result.output


def test_findings_come_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "puer-resettlement.yaml"
    file.write_text(
        SHIPPED.read_text(encoding="utf-8").replace("后期扶持 OR 后扶资金", "后期扶持 OR"), encoding="utf-8"
    )
    result = CliRunner().invoke(app, ["topics", "check", str(file)])
    assert result.exit_code == 1
    assert f"{file}:" in result.output
    assert "topics[2].query: 查询式有误" in result.output


def test_a_file_that_is_not_there_is_one_line() -> None:
    with pytest.raises(CommandError, match="无法读取"):
        pack_findings(Path("none.yaml"))
