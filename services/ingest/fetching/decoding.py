"""From bytes to text, as Chinese pages need it: what is declared is believed only as far as the bytes bear it out.

Pages say utf-8 and are GBK, say ISO-8859-1 because a server adds it to everything, or say nothing. Byte order mark,
header and document are asked in this order (WHATWG Encoding, HTML 13.2.3); then the candidates are judged by the
bytes that they can't explain and by how much of the outcome is what Chinese is made of.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from services.ingest.fetching.charsets import COMMON, codec_of

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: how far into a document a declaration is looked for; HTML says 1,024, pages with scripts in front need more
_HEAD: Final = 4096
#: what is judged: from the first byte that is not ASCII on
_SAMPLE: Final = 8 * 1024
#: bytes in which another encoding may follow UTF-8's pattern by chance
_CHANCE: Final = 40
#: what the last resort looks at, which is slow
_LAST_SAMPLE: Final = 4096

_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_IN_XML = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_IN_META = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")

#: how much better than the declared encoding another must fit; a tie is the declaration's
_LEAD: Final = 0.25
#: the share of frequent signs that no text reaches in a wrong encoding
_CLEARLY: Final = 0.25
#: signs that are too few to speak against a declaration
_FEW: Final = 4


def decode(body: bytes, content_type: str) -> str:
    """Return `body` as text; never fails. What can't be read becomes U+FFFD.

    `content_type` is the header's value, or empty. gb2312 and gbk are read as gb18030, which holds both.
    """
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    codec, strict = _codec(body, content_type)
    if strict is not None:
        return strict
    return body.decode(codec, "replace")


def _codec(body: bytes, content_type: str) -> tuple[str, str | None]:
    """Return the encoding and, where finding it meant decoding, the text."""
    declared = list(dict.fromkeys(_declared(body, content_type)))
    if declared and declared[0].startswith("utf-16"):
        return declared[0], None
    first = _NOT_ASCII.search(body)
    if first is None:
        return "ascii", body.decode("ascii")
    sample = body[first.start() : first.start() + _SAMPLE]
    utf8 = _strict(body)
    if utf8 is not None and (declared[:1] == ["utf-8"] or (not declared and len(sample) > _CHANCE)):
        return "utf-8", utf8
    candidates = list(dict.fromkeys([*declared, "utf-8", "gb18030", "big5hkscs"]))
    readings = []
    for codec in candidates:
        readings.append(reading := _Reading.of(sample, codec))
        if reading.plain:
            return reading.codec, utf8 if reading.codec == "utf-8" else None
    best = max(readings, key=lambda reading: reading.worth)
    for reading in readings[: len(declared)]:
        if reading.worth >= best.worth - _LEAD or (best.signs < _FEW and not reading.broken):
            best = reading
            break
    if not declared and best.share < 0.05 and (guessed := _guessed(sample)) is not None:
        return guessed, None
    return best.codec, utf8 if best.codec == "utf-8" else None


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    if match := _IN_HEADER.search(content_type):
        yield from codec_of(match.group(1))
    head = body[:_HEAD]
    for pattern in (_IN_XML, _IN_META):
        found = pattern.match(head) if pattern is _IN_XML else pattern.search(head)
        if found:
            # a declaration that can be read as ASCII is not in UTF-16, whatever it says
            yield from ("utf-8" if codec.startswith("utf-16") else codec for codec in codec_of(found.group(1).decode()))


def _strict(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A sample read in one encoding."""

    codec: str
    #: of what is not ASCII: how much is frequent in Chinese, and how much could not be read or is never written
    share: float
    broken: float
    signs: int

    @property
    def plain(self) -> bool:
        """Tell whether no other encoding need be tried."""
        return self.share >= _CLEARLY and self.signs >= _FEW and not self.broken

    @property
    def worth(self) -> float:
        return self.share - 4 * self.broken

    @classmethod
    def of(cls, sample: bytes, codec: str) -> _Reading:
        # the sample's end may cut a character: nothing is said of it
        text = codecs.getincrementaldecoder(codec)("replace").decode(sample)
        signs = [sign for sign in text if sign >= "\x80"]
        common = sum(map(COMMON.__contains__, signs))
        broken = sum(sign == "\ufffd" or "\x80" <= sign < "\xa0" or "\ue000" <= sign <= "\uf8ff" for sign in signs)
        total = max(1, len(signs))
        return cls(codec, common / total, broken / total, len(signs))


def _guessed(sample: bytes) -> str | None:
    """Return what charset-normalizer makes of texts that are neither UTF-8 nor Chinese."""
    match = from_bytes(sample[:_LAST_SAMPLE]).best()
    if match is None:
        return None
    return next(iter(codec_of(match.encoding)), None)
