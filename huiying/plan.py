"""``huiying plan check FILE``: a plan held against its schema and against what its users would regret."""

from __future__ import annotations

from pathlib import Path

from huiying.errors import CommandError
from services.cases.plan.check import check_plan
from services.cases.plan.loader import Finding


def plan_findings(file: Path) -> list[Finding]:
    """Return the findings on a plan file, by line; raises :class:`CommandError` where it cannot be read."""
    try:
        return check_plan(file.read_text(encoding="utf-8-sig"), str(file))
    except OSError as error:
        raise CommandError(f"无法读取预案 / cannot read the plan {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file}: 不是 UTF-8 / not UTF-8") from None
