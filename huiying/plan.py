"""``huiying plan check`` and ``plan diff``: plan files held against what users would regret, and against each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from huiying.errors import CommandError
from kit.documents import read_text
from services.cases.plan import Plan, PlanError, parse_plan
from services.cases.plan.check import check_plan
from services.cases.plan.diff import by_part, compare
from services.cases.plan.loader import Document, Finding
from services.cases.plan.names import key_name
from services.cases.plan.wording import Change

Language = Literal["zh", "en"]


def plan_findings(file: Path) -> list[Finding]:
    """Return the findings on a plan file, by line; raises :class:`CommandError` where it cannot be read."""
    try:
        return check_plan(_read(file), str(file))
    except PlanError as error:
        return error.findings


def show_findings(file: Path, findings: Sequence[Finding], *, as_json: bool) -> str:
    """Return findings one a line with a summary, or as JSON."""
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    if as_json:
        shown = {"file": str(file), "errors": errors, "warnings": warnings, "findings": [asdict(f) for f in findings]}
        return json.dumps(shown, ensure_ascii=False, indent=2)
    return "\n".join([*map(str, findings), f"{file}: {errors} error(s), {warnings} warning(s)"])


def plan_changes(old: Path, new: Path) -> list[Change]:
    """Return what changes from one plan file to another; :class:`CommandError` where one cannot be read as a plan."""
    return compare(_plan(old), _plan(new))


def show_changes(old: Path, new: Path, changes: Sequence[Change], *, language: Language, as_json: bool) -> str:
    """Return changes grouped by part, each with its line in either file, or as JSON."""
    if as_json:
        shown = {"old": str(old), "new": str(new), "changes": [asdict(change) for change in changes]}
        return json.dumps(shown, ensure_ascii=False, indent=2)
    if not changes:
        return "没有区别" if language == "zh" else "no difference"
    lines: list[str] = []
    for part, found in by_part(changes).items():
        lines.append(f"{key_name(part, 'Plan')} {part}" if language == "zh" else part)
        for change in found:
            lines.append(f"  {_lines(change):>11}  {change.zh if language == 'zh' else change.en}")
    count = len(changes)
    lines.append(f"{old} → {new}：{count} 处不同" if language == "zh" else f"{old} → {new}: {count} change(s)")
    return "\n".join(lines)


def _lines(change: Change) -> str:
    """Return the lines of a change in the old and the new file, as `301→305`; `-` where a file has no such part."""
    return f"{change.old_line or '-'}→{change.new_line or '-'}"


def _plan(file: Path) -> tuple[Plan, Document]:
    try:
        return parse_plan(_read(file), str(file))
    except PlanError as error:
        first, more = error.findings[0], len(error.findings) - 1
        raise CommandError(f"{first}" + (f"（另有 {more} 处 / and {more} more）" if more else "")) from None


def _read(file: Path) -> str:
    try:
        return read_text(file)
    except OSError as error:
        raise CommandError(f"无法读取预案 / cannot read the plan {file}: {error.strerror}") from None
