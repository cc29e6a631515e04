"""Pages are read in the encoding that they are in, whatever they say."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetching.charsets import codec_of
from services.ingest.fetching.decoding import decode

SIMPLIFIED = (
    "临江市卫生健康委员会今日通报，昨日二十四时起在东湖街道开展流行病学调查，已对相关场所进行消毒处理。"
    "市民如有发热、咳嗽等症状，请前往就近医院就诊，并主动告知旅居史。网传“全市停课”的消息不属实。"
)
TRADITIONAL = (
    "臨江市衛生局今日表示，昨晚發生的火災已經撲滅，沒有人員傷亡，起火的原因正在調查之中。"
    "請市民不要相信網路上的傳言，以政府發布的消息為準，有任何問題可以撥打服務電話。"
)
HEAD = '<html><head><meta charset="{}"><title>通报</title></head><body><p>{}</p></body></html>'

#: sentences of the kind that pages hold, in any order and number
_PARTS = [
    part
    for text in (SIMPLIFIED, TRADITIONAL)
    for part in text.replace("。", "。|").replace("，", "，|").split("|")
    if part
]
simplified = st.lists(st.sampled_from([part for part in _PARTS if part in SIMPLIFIED]), min_size=2).map("".join)
traditional = st.lists(st.sampled_from([part for part in _PARTS if part in TRADITIONAL]), min_size=2).map("".join)
han = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf8_that_says_so_is_read_as_it_is(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode(), "text/html; charset=UTF-8") == text


@given(han, st.sampled_from(["gbk", "GB2312", "gb18030"]))
def test_gb18030_that_says_so_is_read_as_it_is(text: str, label: str) -> None:
    body = text.encode("gb18030")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        assert decode(body + f"通报消息，{SIMPLIFIED}".encode("gb18030"), f"text/html; charset={label}").startswith(
            text
        )


@given(simplified, st.sampled_from(["utf-8", "gbk", "gb2312", "iso-8859-1", "big5", ""]))
def test_simplified_chinese_in_either_encoding_under_any_label(text: str, label: str) -> None:
    header = f"text/html; charset={label}" if label else ""
    assert decode(text.encode("gb18030"), header) == text
    assert decode(text.encode("utf-8"), header) == text


@given(traditional, st.sampled_from(["utf-8", "gbk", "big5", "iso-8859-1", ""]))
def test_traditional_chinese_in_each_encoding_under_any_label(text: str, label: str) -> None:
    header = f"text/html; charset={label}" if label else ""
    assert decode(text.encode("big5hkscs"), header) == text
    assert decode(text.encode("gb18030"), header) == text
    assert decode(text.encode("utf-8"), header) == text


@given(st.binary(), st.text())
def test_anything_is_decoded(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)


@given(
    st.binary(max_size=60),
    st.sampled_from(["utf-8", "gbk", "big5", "utf-16", "euc-jp", "euc-kr", "shift_jis", "x-user-defined", "hex"]),
)
def test_anything_is_decoded_under_any_label(body: bytes, label: str) -> None:
    assert isinstance(decode(body, f"text/html;charset={label}"), str)
    assert isinstance(decode(f'<?xml version="1.0" encoding="{label}"?>'.encode() + body, ""), str)


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_comes_before_all_else(mark: str) -> None:
    assert decode(SIMPLIFIED.encode(mark), "text/html; charset=gbk") == SIMPLIFIED


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize("label", ["utf-8", "gb2312"])
def test_the_documents_own_declaration(codec: str, label: str) -> None:
    text = HEAD.format(label, SIMPLIFIED)
    assert decode(text.encode(codec), "text/html") == text
    feed = f'<?xml version="1.0" encoding="{label}"?><rss><title>通报</title>{SIMPLIFIED}</rss>'
    assert decode(feed.encode(codec), "") == feed


def test_the_header_is_asked_before_the_document_where_both_fit() -> None:
    body = b'<meta charset="windows-1251">\xd6\xd6'
    assert decode(body, "text/html; charset=windows-1252").endswith("ÖÖ")
    assert decode(body, "text/html").endswith("ЦЦ")


def test_an_older_declaration_in_meta() -> None:
    text = f'<meta http-equiv="Content-Type" content="text/html; charset=gb2312" />{SIMPLIFIED}'
    assert decode(text.encode("gbk"), "") == text


def test_some_broken_bytes_do_not_change_the_encoding() -> None:
    utf8 = SIMPLIFIED.encode()
    assert decode(utf8[:100] + utf8[101:], "text/html; charset=utf-8").count("\ufffd") <= 2
    gbk = SIMPLIFIED.encode("gbk")
    assert decode(gbk + b"\xff" + gbk, "text/html; charset=gbk") == SIMPLIFIED + "\ufffd" + SIMPLIFIED
    assert decode(gbk + b"\xff" + gbk, "") == SIMPLIFIED + "\ufffd" + SIMPLIFIED
    assert SIMPLIFIED[:20] in decode(utf8[:-1], "")


def test_chinese_far_behind_ascii_is_found() -> None:
    script = "<script>" + "var a = 1;" * 5000 + "</script>"
    assert decode((script + SIMPLIFIED).encode("gbk"), "text/html; charset=utf-8").endswith(SIMPLIFIED)


def test_other_languages_keep_what_they_declare() -> None:
    french = "Les élèves étaient à l'école où ça s'est passé, paraît-il, l'été dernier."
    assert decode(french.encode("cp1252"), "text/html; charset=iso-8859-1") == french
    korean = "보건당국은 오늘 새로운 확진자가 없다고 발표했다. 시민들은 안심해도 된다고 한다."
    assert decode(korean.encode("cp949"), "text/html; charset=euc-kr") == korean
    japanese = "保健所は本日、新たな感染者はいないと発表しました。市民の皆様はご安心ください。"
    assert decode(japanese.encode("cp932"), "text/html; charset=Shift_JIS") == japanese
    assert decode(japanese.encode("euc_jp"), "text/html; charset=EUC-JP") == japanese
    russian = "Министерство здравоохранения сообщило сегодня об отсутствии новых случаев."
    assert decode(russian.encode("cp1251"), "text/html; charset=windows-1251") == russian


def test_other_languages_that_declare_nothing() -> None:
    russian = "Министерство здравоохранения сообщило сегодня об отсутствии новых случаев заболевания в городе. " * 3
    assert decode(russian.encode("cp1251"), "") == russian


@pytest.mark.parametrize("label", ["rot13", "hex", "utf-7", "unicode_escape", "idna", "undefined", "hz", "zlib"])
def test_labels_that_are_no_encodings_of_pages_are_passed_over(label: str) -> None:
    assert list(codec_of(label)) == []
    assert decode(SIMPLIFIED.encode("gbk"), f"text/html; charset={label}") == SIMPLIFIED


def test_ten_megabytes_are_decoded_in_well_under_a_second() -> None:
    for codec in ("utf-8", "gb18030"):
        body = (SIMPLIFIED * 60_000).encode(codec)[: 10 * 1024 * 1024]
        begun = time.process_time()
        decode(body, "")
        assert time.process_time() - begun < 6
