"""The docs show the widget as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cases.portal.widgets import NEWEST, WIDGETS

DOCS = Path(__file__).resolve().parents[4] / "docs"


@pytest.mark.parametrize("name", ["portal.md", "portal.zh-CN.md"])
def test_the_docs_show_each_version_and_the_newest_ones_hash(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for version, widget in WIDGETS.items():
        assert f"| {version} | `{widget.integrity}` |" in text
    shown = f'widget/{NEWEST}.js"\n  integrity="{WIDGETS[NEWEST].integrity}"'
    assert shown in text
    assert str(len(WIDGETS[NEWEST].script)) in text
