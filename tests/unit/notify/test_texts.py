"""What people read: complete, in Chinese, and never a template of the sender's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Level, NotificationKind
from services.notify.texts import Notice, Texts

TEXTS = Texts()
NOTICE = Notice(
    id="n-1",
    kind=NotificationKind.ALERT_RAISED,
    level=Level.II,
    subject="澜沧县移民安置点饮水问题",
    body="一小时内 35 条信息，负面占八成。",
    case_number="YQ-2026-0001",
    requires_acknowledgement=True,
    drill=False,
    requested_at=datetime(2026, 3, 2, 0, 5, tzinfo=UTC),
)
LINK = "https://huiying.example/public/v1/acknowledgements/abc"


@pytest.mark.parametrize("kind", list(NotificationKind))
def test_every_kind_says_level_case_what_to_do_and_where_to_acknowledge(kind: NotificationKind) -> None:
    text = TEXTS.body(replace(NOTICE, kind=kind), to="张三", role="组长", note="", link=LINK)
    assert text.startswith("张三（组长）：\n")
    for part in ("Ⅱ级（重大或较大）", "YQ-2026-0001", "2026-03-02 08:05", NOTICE.body, LINK, "n-1"):
        assert part in text
    todo = text.partition("请您：")[2].partition("\n")[0]
    assert len(todo) > 10
    assert "演练" not in text
    assert "特别说明" not in text


def test_kinds_differ_in_what_to_do() -> None:
    texts = {TEXTS.body(replace(NOTICE, kind=k), to="张三", role=None, note="", link=None) for k in NotificationKind}
    assert len(texts) == len(NotificationKind)


def test_note_stands_in_the_text_and_no_link_without_need() -> None:
    text = TEXTS.body(NOTICE, to="值班席", role=None, note="无人担任：组长", link=None)
    assert "特别说明：无人担任：组长" in text
    assert "http" not in text
    assert text.startswith("值班席：")


def test_drill_is_marked_once_in_subject_and_in_text() -> None:
    drill = replace(NOTICE, drill=True)
    assert TEXTS.subject(drill) == "【演练】【Ⅱ级】澜沧县移民安置点饮水问题"
    assert TEXTS.subject(replace(drill, subject="【演练】X")) == "【演练】【Ⅱ级】X"
    assert "【演练】本通知为演练内容" in TEXTS.body(drill, to="张三", role=None, note="", link=None)
    assert TEXTS.subject(NOTICE) == "【Ⅱ级】澜沧县移民安置点饮水问题"
    assert TEXTS.subject(replace(NOTICE, level=None)) == "澜沧县移民安置点饮水问题"


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_a_sender_wrote_is_shown_and_never_run(subject: str, body: str) -> None:
    hostile = replace(NOTICE, subject=subject + "{{ 7 * 7 }}", body=body + "{% raise %}{{ notice.__class__ }}")
    line = TEXTS.subject(hostile)
    assert "\n" not in line
    assert "\r" not in line
    assert line.endswith("{{ 7 * 7 }}")
    text = TEXTS.body(hostile, to="张三", role=None, note="", link=None)
    assert "{% raise %}{{ notice.__class__ }}" in text


def test_page_escapes_and_has_no_script() -> None:
    html = TEXTS.page(
        "acknowledgement",
        title="请确认",
        facts=[("事项", "<script>alert(1)</script>")],
        message=None,
        button=True,
        drill=True,
    )
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<button") == 1
    assert 'name="viewport"' in html
    assert "【演练】" in html
