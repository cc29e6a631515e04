"""Cutting a post into the sentences that somebody speaks in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: what a repost repeats begins here; it belongs to the post that said it first
_REPEATED: Final = re.compile(r"//\s?@|【?转发(?:微博|自)|Repost")
_END: Final = re.compile(r"[。！!;；\n\r]+|[?？]+[!！?？]*|…{1,2}|\.{3,}|~{2,}|～+")
#: a longer sentence is cut at commas
_LONG: Final = 90
_COMMA: Final = re.compile(r"[,，、\s]+")
_OPENING: Final = " \t\u3000,，、.。:：-—·*]】”)）"
_CLOSING: Final = " \t\u3000,，、.。:：-—·*[【“(（"
#: fewer characters say nothing by themselves
_SHORTEST: Final = 4


def own_words(text: str) -> str:
    """Return the part of a post that its writer wrote: what stands before the first repeated post."""
    repeated = _REPEATED.search(text)
    return text[: repeated.start()] if repeated else text


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence of `text` with its closing marks, long ones cut at commas."""
    start = 0
    for mark in _END.finditer(text):
        yield from _pieces(text, start, mark.end())
        start = mark.end()
    yield from _pieces(text, start, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONG:
        commas = [mark.end() for mark in _COMMA.finditer(text, start + _LONG // 3, start + _LONG)]
        cut = commas[-1] if commas else start + _LONG
        yield from _trimmed(text, start, cut)
        start = cut
    yield from _trimmed(text, start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start] in _OPENING:
        start += 1
    while start < end and text[end - 1] in _CLOSING:
        end -= 1
    if end - start >= _SHORTEST:
        yield start, end
