"""Room for the files of exports: how much is kept, for one user and in all, and what is said where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kit.problems import Problem
from services.analysis.exports.about import name_of
from services.analysis.exports.rules import ExportRules

#: files that a refusal names
NAMED: Final = 10
_MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that the files of one user and those of everybody have, the unfinished ones as far as they are written."""

    user: int
    total: int

    def lacking(self, rules: ExportRules) -> str | None:
        """Return whose bound is reached: "user" or "total"; None where there is room."""
        if self.user >= rules.user_bytes:
            return "user"
        return "total" if self.total >= rules.total_bytes else None


def said(lacking: str, rules: ExportRules) -> tuple[str, str]:
    """Return in Chinese and in English that there is no room."""
    if lacking == "user":
        size = rules.user_bytes // _MIB
        return f"您的导出文件已占满 {size:,} MiB 空间", f"Your exports have the {size:,} MiB that a user may have"
    size = rules.total_bytes // _MIB
    return f"全部导出文件已占满 {size:,} MiB 空间", f"All exports together have the {size:,} MiB that there are"


def refusal(lacking: str, room: Room, rules: ExportRules, files: Sequence[Any]) -> Problem:
    """Return a 409 that names `files`, which the caller can delete to make room."""
    zh, en = said(lacking, rules)
    if files:
        names = [f"{name_of(row.what, chinese=True)} {row.rows:,} 行 {row.size / _MIB:,.1f} MiB" for row in files[:3]]
        zh += f"，请先删除不再需要的导出，如：{'；'.join(names)}"
        en += "; delete some that are no longer needed: see `deletable`"
    else:
        zh += "，请等待他人的文件过期或联系管理员删除"
        en += "; wait until files of others expire, or ask an administrator to delete some"
    return Problem(
        409,
        "export.no-room",
        zh=zh,
        en=en,
        bound=lacking,
        used=room.user if lacking == "user" else room.total,
        allowed=rules.user_bytes if lacking == "user" else rules.total_bytes,
        deletable=[
            {
                "id": row.id,
                "what": row.what,
                "rows": row.rows,
                "size": row.size,
                "created_by": row.created_by,
                "created_at": row.created_at.isoformat(),
            }
            for row in files
        ],
    )
