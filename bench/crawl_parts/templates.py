"""Saved article pages made into moulds: the same page around another title and another text."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.crawl_parts.prose import prose

#: what is no running text: scripts, styles, comments, tags
_MARKUP: Final = re.compile(
    r"<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->|<title\b.*?</title\s*>|<[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
_CJK: Final = re.compile(r"[\u3400-\u9fff]")
#: characters from which a piece of text is replaced; shorter ones are the menu's words, which all pages share
_FEWEST: Final = 5
_TITLE: Final = "\ue000"
_TEXT: Final = "\ue001"
#: its text is program code, which stays the same on every page made of it
_LEFT_OUT: Final = "wechat_2"
_CHARSET: Final = re.compile(r"charset=[\"']?[\w-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Template:
    """A page's markup between its slots. `lengths`: of each slot the characters that it takes, 0 for the title."""

    name: str
    parts: tuple[bytes, ...]
    lengths: tuple[int, ...]

    def fill(self, seed: str, title: str) -> tuple[bytes, ...]:
        """Return what goes into the slots of the page of that seed."""
        text = prose(seed, sum(self.lengths))
        encoded = html.escape(title).encode()
        filled: list[bytes] = []
        at = 0
        for length in self.lengths:
            filled.append(text[at : at + length].encode() if length else encoded)
            at += length
        return tuple(filled)

    def page(self, filled: tuple[bytes, ...]) -> bytes:
        """Return the whole page, UTF-8."""
        pieces = [self.parts[0]]
        for slot, part in zip(filled, self.parts[1:], strict=True):
            pieces += (slot, part)
        return b"".join(pieces)


def templates(folder: Path) -> list[Template]:
    """Return the moulds of the pages saved in `folder` (`gold.json` beside `html/*.html.gz`)."""
    return [
        _template(Path(one["file"]).stem, _read(folder / one["file"], one["encoding"]), one["gold_title"])
        for one in json.loads((folder / "gold.json").read_text(encoding="utf-8"))
        if _LEFT_OUT not in one["file"]
    ]


def _read(path: Path, encoding: str) -> str:
    packed = path.with_name(path.name + ".gz")
    raw = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return raw.decode(encoding, "replace")


def _template(name: str, source: str, title: str) -> Template:
    source = _CHARSET.sub("charset=utf-8", source)
    for spelling in {title, html.escape(title)}:
        source = source.replace(spelling, _TITLE) if spelling else source
    lengths: list[int] = []
    marked = "".join(_marked(source, lengths))
    parts: list[bytes] = []
    slots: list[int] = []
    waiting = iter(lengths)
    for piece in re.split(f"([{_TITLE}{_TEXT}])", marked):
        if piece == _TITLE:
            slots.append(0)
        elif piece == _TEXT:
            slots.append(next(waiting))
        else:
            parts.append(piece.encode())
    return Template(name, tuple(parts), tuple(slots))


def _marked(source: str, lengths: list[int]) -> Iterator[str]:
    """Yield the source with a mark in place of each piece of running text."""
    at = 0
    for match in _MARKUP.finditer(source):
        yield _piece(source[at : match.start()], lengths)
        yield match.group()
        at = match.end()
    yield _piece(source[at:], lengths)


def _piece(text: str, lengths: list[int]) -> str:
    if _TITLE in text or len(_CJK.findall(text)) < _FEWEST:
        return text
    lengths.append(len(html.unescape(text.strip())))
    return _TEXT
