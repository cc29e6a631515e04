"""Published statements for the portal's tests: one as it is, one corrected by it, one withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.cases.models import StatementRow
from services.cases.plan.loader import parse_plan
from services.cases.portal.feeds import FeedPage
from services.cases.portal.site import LIST, Site
from services.cases.portal.statements import PublicStatementOut

BASE = "https://portal.example/huiying"
AT = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
IDS = tuple(f"0190a0b0-0000-7000-8000-00000000000{number}" for number in range(4))
_PLAN = Path(__file__).resolve().parents[3] / "integration" / "cases" / "small-plan.yaml"
_SITE = """disclosure:
  index_prefix: SW-
  catalogue: 供水
  publisher: 某县水务局
  site: {title: 某县供水信息, logo: "https://cdn.example/logo.png", home: "https://www.example.gov.cn/",
         site_code: "5308000000", icp: 滇ICP备1号,
         police_record: 滇公网安备1号, operator: 某县信息中心, contact: "12345"}
"""


def site(words: str = _SITE) -> Site:
    """Return a site with everything that a plan can say of it."""
    text = _PLAN.read_text(encoding="utf-8")
    start = text.index("disclosure:")
    end = text.index("\n", start) + 1
    return Site.of(parse_plan(text[:start] + words + text[end:], "plan.yaml")[0], BASE)


def row(number: int, **more: object) -> StatementRow:
    """Return a published statement, an hour younger with each number."""
    values: dict[str, object] = {
        "id": IDS[number],
        "case_id": "case",
        "number": number + 1,
        "title": f"情况通报<{number}>",
        "text": "第一段 & 起因。\n\n第二段</script><script>alert(1)</script>",
        "state": "published",
        "author_id": "user-1",
        "author": "王办",
        "published_by": "李办",
        "disclosure": {
            "index_number": f"SW-2026-030100{number}",
            "catalogue": "供水",
            "subject_words": "供水 水质，停水",
            "publisher": "某县水务局",
            "document_number": "水务告〔2026〕1号",
        },
        "created_at": AT,
        "published_at": AT + timedelta(hours=number),
        **more,
    }
    return StatementRow(**values)


def statements(at: Site) -> list[PublicStatementOut]:
    """Return a withdrawn statement, a correction, and what it corrects; the newest first."""
    old = row(0, state="corrected", corrected_by=IDS[1], corrected_at=AT + timedelta(hours=1))
    new = row(1, title="更正", corrects=IDS[0], correction_reason="漏了<两个组>")
    gone = row(2, state="withdrawn", withdrawn_at=AT + timedelta(hours=9), withdrawn_reason="数据有误")
    linked = {one.id: one for one in (old, new)}
    return [PublicStatementOut.of(one, at, linked) for one in (gone, new, old)]


def feed(items: list[PublicStatementOut] | None = None, **more: object) -> FeedPage:
    """Return a page in the middle of a list."""
    here = site()
    values: dict[str, object] = {
        "site": here,
        "items": statements(here) if items is None else items,
        "modified": AT + timedelta(hours=9),
        "own_url": here.url(f"{LIST}.xml", [("cursor", "b")]),
        "first_url": here.url(f"{LIST}.xml"),
        "html_url": here.url(),
        "next_url": here.url(f"{LIST}.xml", [("cursor", "c")]),
        "previous_url": here.url(f"{LIST}.xml", [("cursor", "a")]),
        **more,
    }
    return FeedPage(**values)  # type: ignore[arg-type]
