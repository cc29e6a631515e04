"""What a template may be, and where a letter finds its template."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import ChannelName, Level, NotificationKind, Role
from services.notify.languages import Language
from services.notify.texts import Notice, Texts
from services.notify.wording.english import TODO
from services.notify.wording.fields import NAMES
from services.notify.wording.making import LetterMaker, Reader, Template
from services.notify.wording.place import Place
from services.notify.wording.rules import FILTERS, LONGEST_BODY, mistakes_in

LINK = "https://huiying.example/public/v1/acknowledgements/abc"


def notice(**changes: object) -> Notice:
    values: dict[str, object] = {
        "id": "n-1",
        "kind": NotificationKind.ALERT_RAISED,
        "level": Level.II,
        "subject": "【演练】安置点\n停水",
        "body": "第一句。第二句。",
        "case_number": None,
        "requires_acknowledgement": True,
        "drill": False,
        "requested_at": datetime(2026, 3, 2, 0, 15, tzinfo=UTC),
    }
    return Notice(**{**values, **changes})  # type: ignore[arg-type]


def reader(**changes: object) -> Reader:
    values: dict[str, object] = {
        "to": "王主任",
        "role": Role.OFFICE,
        "note": "",
        "language": Language.ZH,
        "channel": ChannelName.SMS,
    }
    return Reader(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("subject", "body", "part", "line", "column", "said"),
    [
        ("{{ subject }}", "一\n{{ phone }}", "body", 2, 4, "没有字段 phone"),
        ("{{ subject }}", "{% for a in body %}{% endfor %}", "body", 1, 1, "不能使用循环"),
        ("{{ subject }}", "x {{ body.__class__ }}", "body", 1, 3, "字段没有下级内容"),
        ("{{ subject }}", "{{ body[0] }}", "body", 1, 1, "字段没有下级内容"),
        ("{{ subject }}", "{{ range(9) }}", "body", 1, 1, "不能调用函数"),
        ("{{ subject }}", "{{ 'a' * 9999999 }}", "body", 1, 1, "不能使用这种写法（Mul）"),
        ("{{ subject }}", "{% set a = body %}", "body", 1, 1, "不能赋值"),
        ("{{ subject }}", "{% include 'test.txt.j2' %}", "body", 1, 1, "不能引用其他模板"),
        ("{{ subject }}", "{% macro a() %}{% endmacro %}", "body", 1, 1, "不能定义宏"),
        ("{{ subject|upper }}", "好", "subject", 1, 12, "没有过滤器 upper"),
        ("{{ subject", "好", "subject", 1, 1, "写法有误"),
        ("  ", "好", "subject", 1, 1, "不能为空"),
        ("{{ subject }}", "好" * (LONGEST_BODY + 1), "body", 1, 1, f"超过 {LONGEST_BODY} 字"),
        ("{{ subject }}", "{{" + "(" * 1800 + "body" + ")" * 1800 + "}}", "body", 1, 1, "嵌套过深"),
        ("{{ subject }}", "{% if drill %}" * 9 + "x" + "{% endif %}" * 9, "body", 1, 1, "嵌套过深"),
        ("{{ subject }}", "{{ body }}" * 101, "body", 1, 1, "字段超过 100 处"),
    ],
)
def test_a_mistake_is_told_where_it_is(subject: str, body: str, part: str, line: int, column: int, said: str) -> None:
    found = mistakes_in(subject, body)
    assert len(found) == 1, found
    assert (found[0].part, found[0].line, found[0].column) == (part, line, column)
    assert said in found[0].zh
    assert found[0].en


def test_every_field_and_every_filter_can_be_used() -> None:
    given = {**dict.fromkeys(FILTERS, ""), "or_else": "('x')"}
    body = "".join(f"{{{{ {name} }}}}" for name in sorted(NAMES))
    body += "".join(f"{{{{ body|{name}{values} }}}}" for name, values in given.items())
    assert mistakes_in("{{ subject }}", body) == []
    made = LetterMaker(Texts()).by(Template("x", 1, "{{ subject }}", body), notice(), reader(), LINK)
    assert "第一句。" in made.text


def test_marks_and_link_are_the_systems_whatever_a_template_says() -> None:
    maker = LetterMaker(Texts())
    bare = Template("alert_raised", 1, "{{ subject|shortened(4) }}", "{{ body|first_sentence }}")
    real = maker.by(bare, notice(), reader(), LINK)
    assert (real.subject, real.text) == (
        "【Ⅱ级】安置点…",
        f"第一句。\n\n收到后请打开以下链接，点按“确认收到”：\n{LINK}",
    )
    drill = maker.by(bare, notice(drill=True), reader(), None)
    assert drill.subject == "【演练】【Ⅱ级】安置点…"
    assert drill.text.startswith("【演练】本通知为演练内容")
    forged = Template("alert_raised", 2, "【演练】{{ subject }}", "x")
    assert not maker.by(forged, notice(), reader(), None).subject.startswith("【演练】"), "what is real is no drill"


def test_what_a_sender_wrote_is_a_value_never_a_template() -> None:
    sly = notice(subject="{{ 7 * 7 }}", body="{% for a in range(9) %}x{% endfor %}")
    made = LetterMaker(Texts()).by(Template("x", 1, "{{ subject }}", "{{ body }}"), sly, reader(), None)
    assert "49" not in made.subject
    assert made.text == "{% for a in range(9) %}x{% endfor %}"


def test_a_letter_that_cannot_be_made_goes_out_in_the_built_in_wording() -> None:
    maker = LetterMaker(Texts())
    broken = Template("alert_raised", 3, "{{ subject }}", "{{ body|shortened('x') }}")
    maker.in_force = {"alert_raised": broken}
    made = maker.made(notice(), reader(), LINK)
    assert made.failed is not None
    assert made.failed[0] is broken
    assert "TypeError" in made.failed[1]
    assert (made.subject, made.text) == (
        maker.built_in(notice(), reader(), LINK).subject,
        maker.built_in(notice(), reader(), LINK).text,
    )


def test_the_closest_template_counts() -> None:
    maker = LetterMaker(Texts())
    ids = ["alert_raised-II-sms", "alert_raised-sms", "alert_raised-II", "alert_raised"]
    all_ = {id_: Template(id_, 1, id_, id_) for id_ in ids}
    place = Place(NotificationKind.ALERT_RAISED, Level.II, ChannelName.SMS)
    for beginning in range(len(ids)):
        maker.in_force = {id_: all_[id_] for id_ in ids[beginning:]}
        assert maker.chosen(place) is all_[ids[beginning]]
    maker.in_force = all_
    assert maker.chosen(Place(NotificationKind.ALERT_RAISED, None, ChannelName.EMAIL)) is all_["alert_raised"]
    assert maker.chosen(Place(NotificationKind.CASE_OPENED)) is None
    assert maker.chosen(Place(NotificationKind.ALERT_RAISED, language=Language.EN)) is None


@given(
    st.sampled_from(NotificationKind),
    st.none() | st.sampled_from(Level),
    st.none() | st.sampled_from(ChannelName),
    st.sampled_from(Language),
)
def test_a_place_is_read_from_its_id(
    kind: NotificationKind, level: Level | None, channel: ChannelName | None, language: Language
) -> None:
    place = Place(kind, level, channel, language)
    assert Place.read(place.id) == place
    assert len(place.id) <= 64


@pytest.mark.parametrize("wrong", ["", "alert", "alert_raised-sms-II", "alert_raised-zh", "alert_raised-II-II", "a-b"])
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Place.read(wrong)


@given(st.text(alphabet="{}%#|.()[]'\"+-*~ \nabodyfricvel好", max_size=200))
def test_no_text_makes_the_check_fail_and_what_it_lets_pass_makes_a_letter_in_no_time(source: str) -> None:
    if mistakes_in("{{ subject }}", source):
        return
    began = time.process_time()
    maker = LetterMaker(Texts())
    maker.in_force = {"alert_raised": Template("alert_raised", 1, "{{ subject }}", source)}
    assert maker.made(notice(), reader(), None).text
    assert time.process_time() - began < 5


def test_english_readers_get_every_kind_in_english() -> None:
    assert set(TODO) == set(NotificationKind)
    maker = LetterMaker(Texts())
    for kind in NotificationKind:
        text = maker.built_in(notice(kind=kind, drill=True), reader(language=Language.EN), LINK).text
        assert TODO[kind] in text
        assert "Response level: II (major)" in text
        assert "DRILL" in text
        assert LINK in text
