"""Pages as WARC 1.1 records (ISO 28500:2017), and back. No I/O."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

from warcio.statusandheaders import (
    StatusAndHeaders,
    StatusAndHeadersParser,
    StatusAndHeadersParserException,
)
from warcio.warcwriter import BaseWARCWriter

from services.ingest.fetching.page import Page

#: zlib's window for gzip members
GZIP: Final = 31
_BREAKS: Final = re.compile(r"[\x00-\x20\x7f]+")
#: headers that speak of the body's coding on the wire, which is undone in what is kept
_CODING: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_BEFORE: Final = "x-archive-orig-"
_REQUESTED: Final = "Huiying-Requested-URI"
_REDIRECT: Final = "Huiying-Redirect"


class Malformed(ValueError):
    """Bytes are no whole record, or not the record that its own digests speak of."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A record read back. `body` is empty for a revisit; `original` is then the file and offset of what it repeats."""

    kind: str
    url: str
    date: datetime
    record_id: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    payload_sha256: str
    requested: str
    redirects: tuple[str, ...]
    original: tuple[str, int] | None


class _Sha256:
    """warcio's digester, with SHA-256 in hexadecimal digits, as :attr:`Page.digest` is."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def update(self, piece: bytes) -> None:
        self._sum.update(piece)

    def __str__(self) -> str:
        return f"sha256:{self._sum.hexdigest()}"


#: half the time of the usual 6 on saved portal pages, for a tenth more bytes
_LEVEL: Final = 3


class _Writer(BaseWARCWriter):  # type: ignore[misc]
    """Writes uncompressed WARC 1.1; each record is compressed as a whole afterwards."""

    def __init__(self) -> None:
        super().__init__(gzip=False, warc_version="1.1")

    @staticmethod
    def _create_digester() -> _Sha256:
        return _Sha256()

    def compressed(self, record: Any) -> bytes:
        """Return a record as one gzip member."""
        out = BytesIO()
        self._write_warc_record(out, record)
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, GZIP)
        return packer.compress(out.getbuffer()) + packer.flush()


def warcinfo(file: str, at: datetime, about: Mapping[str, str]) -> bytes:
    """Return the record that opens a file: who made it, with what, why."""
    writer = _Writer()
    record = writer.create_warcinfo_record(file, {**about, "format": "WARC File Format 1.1"})
    record.rec_headers.replace_header("WARC-Date", _written(at))
    return writer.compressed(record)


def response(page: Page) -> bytes:
    """Return a page as a `response` record.

    The body is kept with its codings undone; the headers that spoke of them are kept as `x-archive-orig-…`.
    """
    writer = _Writer()
    record = writer.create_warc_record(
        uri(page.url),
        "response",
        payload=BytesIO(page.body),
        length=len(page.body),
        http_headers=_http_headers(page),
        warc_headers_dict={"WARC-Date": _written(page.fetched_at), "WARC-Payload-Digest": f"sha256:{page.digest}"},
    )
    _tell_the_way(record, page)
    return writer.compressed(record)


def revisit(page: Page, original: Parsed, file: str, offset: int) -> bytes:
    """Return a page whose body is that of `original` (in `file` at `offset`) as a `revisit` record without the body."""
    writer = _Writer()
    record = writer.create_revisit_record(
        uri(page.url),
        digest=f"sha256:{page.digest}",
        refers_to_uri=original.url,
        refers_to_date=_written(original.date),
        http_headers=_http_headers(page),
        warc_headers_dict={"WARC-Date": _written(page.fetched_at), "WARC-Refers-To": original.record_id},
    )
    # not of the standard but in use (Heritrix): where the body lies
    record.rec_headers.add_header("WARC-Refers-To-Filename", file)
    record.rec_headers.add_header("WARC-Refers-To-File-Offset", str(offset))
    _tell_the_way(record, page)
    return writer.compressed(record)


def parse(plain: bytes) -> Parsed:
    """Return an uncompressed record; raises Malformed where it is not whole or its digests do not fit."""
    stream = BytesIO(plain)
    try:
        warc = StatusAndHeadersParser(["WARC/1.1"]).parse(stream)
        block = stream.read(int(warc.get_header("Content-Length")))
        if stream.read() != b"\r\n\r\n":
            raise Malformed("the record's length is not the one that it names")
        date = datetime.fromisoformat(warc.get_header("WARC-Date"))
        digest = warc.get_header("WARC-Block-Digest", "")
        if digest != f"sha256:{hashlib.sha256(block).hexdigest()}":
            raise Malformed("the block's SHA-256 is not the one that the record names")
        inner = BytesIO(block)
        kind = str(warc.get_header("WARC-Type"))
        web = kind in ("response", "revisit")
        http = StatusAndHeadersParser(["HTTP/1.1"]).parse(inner) if web else StatusAndHeaders("0", [])
        status = int(http.get_statuscode())
        offset = warc.get_header("WARC-Refers-To-File-Offset")
        original = (str(warc.get_header("WARC-Refers-To-Filename")), int(offset)) if offset else None
    except (EOFError, TypeError, ValueError, StatusAndHeadersParserException) as error:
        raise (
            error if isinstance(error, Malformed) else Malformed(f"the record's head is not readable: {error}")
        ) from error
    url = str(warc.get_header("WARC-Target-URI", ""))
    return Parsed(
        kind=kind,
        url=url,
        date=date.astimezone(UTC),
        record_id=str(warc.get_header("WARC-Record-ID")),
        status=status,
        headers={name.lower(): value for name, value in http.headers},
        body=inner.read() if web else b"",
        payload_sha256=str(warc.get_header("WARC-Payload-Digest", "")).removeprefix("sha256:"),
        requested=str(warc.get_header(_REQUESTED, url)),
        redirects=tuple(value for name, value in warc.headers if name == _REDIRECT),
        original=original,
    )


def _http_headers(page: Page) -> StatusAndHeaders:
    try:
        phrase = HTTPStatus(page.status).phrase
    except ValueError:
        phrase = "Unknown"
    own = [(_BEFORE + name if name.lower() in _CODING else name, value) for name, value in page.headers.items()]
    safe = [(_BREAKS.sub("-", name), _BREAKS.sub(" ", value).strip()) for name, value in own]
    safe.append(("content-length", str(len(page.body))))
    return StatusAndHeaders(f"{page.status} {phrase}", safe, protocol="HTTP/1.1")


def _tell_the_way(record: Any, page: Page) -> None:
    if page.requested != page.url:
        record.rec_headers.add_header(_REQUESTED, uri(page.requested))
    for step in page.redirects:
        record.rec_headers.add_header(_REDIRECT, uri(step))


def uri(url: str) -> str:
    """Return an address as it stands in a record."""
    return _BREAKS.sub("%20", url)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
