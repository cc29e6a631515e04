"""The pages of this folder: fictional, in the forms that Chinese sites use."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 6, 15, 18, 0, tzinfo=SHANGHAI)


def page(name: str) -> str:
    """Return a page's markup."""
    return (Path(__file__).parent / "pages" / f"{name}.html").read_text(encoding="utf-8")


def at(text: str) -> datetime:
    """Return a time of Shanghai's."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
