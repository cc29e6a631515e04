"""E-mails become posts."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.hooks.digest import Mail, NotMail, mail_of, posts_of
from services.ingest.hooks.schemas import Digest


def test_a_plain_digest_parts_at_its_addresses() -> None:
    text = (
        "今日舆情\n\n1. 库区移民反映补偿款迟发\n多名群众称三个月未到账\nhttps://a.example.com/1\n\n"
        "2. 安置房漏水无人修 https://a.example.com/2。\n退订：https://vendor.example/u\n"
    )
    found = posts_of(Mail("日报", None, text, ""), Digest())
    assert [(one["url"], one["title"]) for one in found] == [
        ("https://a.example.com/1", "1. 库区移民反映补偿款迟发"),
        ("https://a.example.com/2", "2. 安置房漏水无人修"),
    ]
    assert "三个月未到账" in found[0]["text"]


def test_an_item_s_text_ends_where_the_next_begins() -> None:
    html = (
        "<div><h3><a href='https://a.example.com/1'>第一条有足够长的标题</a></h3><p>第一条的摘要</p></div>"
        "<div><h3><a href='https://a.example.com/2'>第二条有足够长的标题</a></h3><p>第二条的摘要</p>"
        "<a href='https://a.example.com/2'>查看全文请点击这里</a></div><script>x()</script>"
    )
    found = posts_of(Mail("", None, "", html), Digest())
    assert [one["text"] for one in found] == [
        "第一条有足够长的标题\n第一条的摘要",
        "第二条有足够长的标题\n第二条的摘要\n查看全文请点击这里",
    ]


def test_charsets_that_mail_claims_wrongly_are_read() -> None:
    raw = (
        "Subject: =?gb2312?B?" + "yNWxqA==" + "?=\r\nContent-Type: text/plain; charset=gb2312\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
    ).encode() + "库区移民镕".encode("gb18030")
    mail = mail_of(raw)
    assert (mail.subject, mail.text.strip()) == ("日报", "库区移民镕")


def test_mail_as_json_of_several_services() -> None:
    for body in (
        {"subject": "日报", "body-plain": "正文"},
        {"Subject": "日报", "TextBody": "正文", "HtmlBody": ""},
        {"subject": "日报", "text": "正文", "date": "Mon, 02 Mar 2026 07:30:00 +0800"},
    ):
        mail = mail_of(json.dumps(body).encode())
        [post] = posts_of(mail, Digest(per="message"))
        assert (post["title"], post["text"]) == ("日报", "正文")
    assert post["published_at"] == "2026-03-02T07:30:00+08:00"


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b"no headers, no mail"])
def test_what_is_no_mail_is_told(body: bytes) -> None:
    with pytest.raises(NotMail):
        mail_of(body)


@given(st.binary(max_size=300))
def test_no_bytes_break_reading(body: bytes) -> None:
    try:
        posts_of(mail_of(b"Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + body), Digest())
    except NotMail:
        return


def test_an_attached_mail_is_not_the_mail() -> None:
    inner = EmailMessage()
    inner.set_content("里面的")
    mail = EmailMessage()
    mail["Subject"] = "外面"
    mail.set_content("外面的正文")
    mail.add_attachment(inner)
    assert mail_of(mail.as_bytes()).text.strip() == "外面的正文"
