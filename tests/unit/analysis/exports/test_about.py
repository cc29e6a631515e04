"""What a file says of itself: every filter by the name that officers know it by."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from services.analysis.exports.about import about
from services.analysis.exports.schemas import EventsWanted, PostsWanted

AT = datetime(2026, 3, 2, tzinfo=UTC)
GIVEN: dict[str, Any] = {
    "sentiment": "negative",
    "incident_type": "accident",
    "channel": "weibo",
    "since": AT,
    "until": AT,
    "status": "active",
    "level": "II",
}


def lines(what: str, names: list[str]) -> dict[str, Any]:
    job = SimpleNamespace(
        what=what,
        language="zh",
        filter={name: GIVEN.get(name, "移民") for name in names},
        columns=["id"],
        created_by="张三",
        created_at=AT,
        rows=1,
        sheets=1,
        truncated=None,
        cut_cells=0,
    )
    return dict(about(job, AT).lines)


@pytest.mark.parametrize(("what", "wanted"), [("posts", PostsWanted), ("events", EventsWanted)])
def test_every_filter_has_a_chinese_name(what: str, wanted: type[PostsWanted | EventsWanted]) -> None:
    told = lines(what, list(wanted.model_fields))
    filters = [key.removeprefix("筛选：") for key in told if key.startswith("筛选")]
    assert len(filters) == len(wanted.model_fields)
    assert all(not name.isascii() for name in filters)


def test_a_level_is_told_as_officers_write_it() -> None:
    assert lines("events", ["level"])["筛选：响应级别"] == "Ⅱ级"
