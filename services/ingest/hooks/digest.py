"""Posts out of an e-mail: one for each linked item of a digest, or the whole message as one."""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.ingest.hooks.schemas import Digest
from services.ingest.imports.values import instant_of

#: characters of a block around a link that are its item's text at most
_LONGEST: Final = 5_000
_CLIMB: Final = 8
_ITEMS: Final = 1_000
_URL: Final = re.compile(r"https?://[^\s<>\"'，。；）)】」]+")
_SPACE: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"\s*\n\s*")
#: what services that turn mail into webhooks call its parts, without case and punctuation
_SUBJECT: Final = ("subject",)
_TEXT: Final = ("text", "textbody", "bodyplain", "plain", "strippedtext", "body")
_HTML: Final = ("html", "htmlbody", "bodyhtml", "strippedhtml")
_DATE: Final = ("date", "sentat", "timestamp", "createdat")


class NotMail(ValueError):
    """A body that is no e-mail."""


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail: its subject, its date as ISO text, and its text or HTML."""

    subject: str
    date: Any
    text: str
    html: str


def mail_of(body: bytes) -> Mail:
    """Read an e-mail, as RFC 5322 writes it or as JSON; raises :class:`NotMail`."""
    if body.lstrip()[:1] == b"{":
        return _from_json(body)
    try:
        message = email.message_from_bytes(body, policy=policy.default)
        assert isinstance(message, EmailMessage)
        found = {kind: _content(message.get_body((kind,))) for kind in ("html", "plain")}
        subject, date = str(message["subject"] or ""), str(message["date"] or "")
    except Exception as error:
        raise NotMail(f"{type(error).__name__}: {error}") from error
    if not (found["html"] or found["plain"]).strip() or not message.keys():
        raise NotMail("no text")
    return Mail(subject.strip(), instant_of(date) if date else None, found["plain"], found["html"])


def _content(part: Any) -> str:
    if part is None:
        return ""
    raw = part.get_payload(decode=True) or b""
    charset = part.get_content_charset() or "utf-8"
    for one in ("gb18030" if charset in ("gb2312", "gbk") else charset, "utf-8", "gb18030"):
        try:
            return bytes(raw).decode(one)
        except (UnicodeDecodeError, LookupError):
            continue
    return bytes(raw).decode("utf-8", "replace")


def _from_json(body: bytes) -> Mail:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotMail(str(error)) from None
    parts = {
        re.sub(r"[\W_]", "", str(key)).lower(): value for key, value in raw.items() if isinstance(value, (str, int))
    }
    text, html = _first(parts, _TEXT), _first(parts, _HTML)
    if not (text + html).strip():
        raise NotMail("neither text nor html")
    date = next((parts[name] for name in _DATE if name in parts), None)
    return Mail(_first(parts, _SUBJECT).strip(), instant_of(date) if date is not None else None, text, html)


def _first(parts: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(parts[name]) for name in names if parts.get(name)), "")


def posts_of(mail: Mail, digest: Digest) -> list[dict[str, Any]]:
    """Return the posts of an e-mail; the sender is nobody's author. No linked item: none."""
    if digest.per == "message":
        text = readable(mail.html) if mail.html.strip() else mail.text
        found = [{"title": mail.subject, "text": text.strip()}]
    else:
        found = list(_by_link(mail.html, digest)) if mail.html.strip() else list(_by_line(mail.text, digest))
    dated = {"published_at": mail.date} if mail.date else {}
    return [{**one, **dated} for one in found[:_ITEMS]]


def readable(html: str) -> str:
    """Return the text of HTML, its blocks on lines of their own, without scripts and styles."""
    tree = LexborHTMLParser(html)
    for node in tree.css("script, style, head, noscript, template"):
        node.decompose()
    return _text(tree.body) if tree.body is not None else ""


def _by_link(html: str, digest: Digest) -> Iterator[dict[str, Any]]:
    tree = LexborHTMLParser(html)
    for node in tree.css("script, style, head, noscript, template"):
        node.decompose()
    seen: set[str] = set()
    for link in tree.css("a[href]"):
        url, title = _address(link), _text(link).replace("\n", " ")
        if url is None or url in seen or not _is_item(title, digest):
            continue
        seen.add(url)
        yield {"url": url, "title": title, "text": _around(link, url, digest) or title}


def _around(link: LexborNode, url: str, digest: Digest) -> str:
    """Return the text of the widest block around a link that holds no other item."""
    best = ""
    node: LexborNode | None = link
    for _ in range(_CLIMB):
        node = node.parent if node is not None else None
        if node is None or node.tag in ("body", "html"):
            break
        others = {
            address
            for one in node.css("a[href]")
            if (address := _address(one)) not in (None, url) and _is_item(_text(one), digest)
        }
        text = _text(node)
        if others or len(text) > _LONGEST:
            break
        best = text
    return best


def _by_line(text: str, digest: Digest) -> Iterator[dict[str, Any]]:
    """Yield the items of a plain text: the lines between two addresses belong to the second."""
    lines: list[str] = []
    seen: set[str] = set()
    for line in text.splitlines():
        found = _URL.search(line)
        words = _SPACE.sub(" ", _URL.sub("", line)).strip(" -—:：。；，\t")
        if words:
            lines.append(words)
        if found and found[0] not in seen:
            seen.add(found[0])
            title = next((one for one in lines if _is_item(one, digest)), None)
            if title is not None:
                yield {"url": found[0], "title": title, "text": "\n".join(lines)}
            lines = []


def _is_item(title: str, digest: Digest) -> bool:
    lower = title.lower()
    return len(title) >= digest.title_length and not any(word.lower() in lower for word in digest.skip)


def _address(link: LexborNode) -> str | None:
    url = (link.attributes.get("href") or "").strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _text(node: LexborNode) -> str:
    return _LINES.sub("\n", _SPACE.sub(" ", node.text(separator="\n" if node.tag != "a" else "", strip=False))).strip()
