"""XML that declares entities goes no further."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from services.ingest.fetching.page import FetchFailed
from services.ingest.fetching.xml import checked_xml

FEED = '<?xml version="1.0" encoding="{}"?><rss version="2.0"><channel><title>临江发布</title></channel></rss>'
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;">'
    '<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">]><rss>&lol2;</rss>'
)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "gb2312", "big5hkscs", "utf-16", "utf-8-sig"])
def test_feeds_come_out_as_utf8(codec: str) -> None:
    text = FEED.format(codec.removesuffix("-sig"))
    if codec == "big5hkscs":
        text = text.replace("big5hkscs", "big5").replace("临江发布", "臨江發布")
    root = etree.fromstring(checked_xml(text.encode(codec)))
    assert root.findtext("channel/title") in ("临江发布", "臨江發布")


def test_what_precedes_and_follows_a_feed_is_left() -> None:
    assert etree.fromstring(checked_xml(b"\n\n  " + FEED.format("utf-8").encode())).tag == "rss"
    prolog = b"<?xml version='1.0'?><!-- <!ENTITY a 'b'> --><?style <!DOCTYPE x [<!ENTITY a 'b'>]> ?>"
    commented = prolog + b"<rss><![CDATA[<!ENTITY]]></rss>"
    assert etree.fromstring(checked_xml(commented)).text == "<!ENTITY"


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE rss>",
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.example/rss-0.91.dtd">',
        "<!DOCTYPE rss [ ]>",
        "<!doctype rss SYSTEM '>[<!ENTITY'>",
    ],
)
def test_a_doctype_that_declares_nothing_passes(doctype: str) -> None:
    assert b"<rss>x</rss>" in checked_xml(f'<?xml version="1.0"?>{doctype}<rss>x</rss>'.encode())


@pytest.mark.parametrize(
    "document",
    [
        LAUGHS,
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1/evil.dtd"> %p;]><r/>',
        '<!DOCTYPE r [ <!-- --> <!ENTITY x "y">]><r>&x;</r>',
        '<!DOCTYPE r [<!ATTLIST r a CDATA "default">]><r/>',
        '<!DOCTYPE r SYSTEM "<!--" [<!ENTITY x "y">]><r a="-->">&x;</r>',
        "<!DOCTYPE r SYSTEM '\"' [<!ENTITY x 'y'>]><r>&x;</r>",
        '<!-- --><!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>',
        '<!-- <!-- --><!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>',
        '<?a ?><!DOCTYPE r [] [<!ENTITY x "y">]><r/>',
        '<!ENTITY x "y"><r/>',
        "<!DOCTYPE r",
        "<!-- no end",
        "<?xml no end",
        '<!DOCTYPE r SYSTEM "no end',
        "< r/>",
        "</r>",
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "gb18030"])
def test_declarations_are_refused_in_every_encoding(document: str, codec: str) -> None:
    header = "text/xml; charset=utf-16le" if codec == "utf-16-le" else "text/xml"
    with pytest.raises(FetchFailed, match="content: XML refused"):
        checked_xml(document.encode(codec), header)


@pytest.mark.parametrize("codec", ["utf-7", "cp037", "utf-16-be"])
def test_an_encoding_that_we_misread_hides_nothing_from_the_next_reader(codec: str) -> None:
    hidden = LAUGHS.replace('version="1.0"', f'version="1.0" encoding="{codec}"').encode(codec)
    try:
        checked = checked_xml(hidden)
    except FetchFailed:
        return
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(checked)


@given(st.text() | st.text(alphabet="<>!?-[]\"'DOCTYPE xml&;%").map(lambda text: f"<!DOCTYPE r {text}><r/>"))
def test_what_passes_declares_no_entity(text: str) -> None:
    try:
        checked = checked_xml(text.encode("utf-8", "replace"), "text/xml; charset=utf-8")
    except FetchFailed:
        return
    parser = etree.XMLParser(recover=True, no_network=True, load_dtd=False, resolve_entities=False)
    root = etree.fromstring(checked, parser)
    if root is not None and (dtd := root.getroottree().docinfo.internalDTD) is not None:
        assert not list(dtd.iterentities())


@pytest.mark.parametrize(
    "unit", ["<!-- -->", "<!--", "<?a?>", "<!DOCTYPE r>", "<!DOCTYPE [", "[", "<!DOCTYPE r [ ][ ]", '"']
)
def test_ten_megabytes_of_prolog_take_no_longer_than_they_must(unit: str) -> None:
    document = "<!DOCTYPE r " * (unit in ("[", '"')) + unit * (4_000_000 // len(unit))
    begun = time.process_time()
    with suppress(FetchFailed):
        checked_xml(document.encode())
    assert time.process_time() - begun < 10
