"""XML from strangers: no entities of their own making, and one encoding for every reader after us."""

from __future__ import annotations

import re
from typing import Final

from services.ingest.fetching.decoding import decode
from services.ingest.fetching.page import FetchFailed, FetchProblem

_DECLARATION: Final = b'<?xml version="1.0" encoding="utf-8"?>\n'
_OPENING = re.compile(r"<(?=[A-Za-z_:\u0080-\U0010ffff])")
_LEADING = "\ufeff \t\r\n"


def checked_xml(body: bytes, content_type: str = "") -> bytes:
    """Return the document in UTF-8, its declaration saying so; FetchFailed(CONTENT) where its DTD declares anything.

    A DOCTYPE that only names something (RSS 0.91's) passes: no reader loads what it names. What follows the root's
    start tag can declare nothing. The text that is checked is the text that is returned, so that an encoding which
    we and the next reader would understand differently hides nothing.
    """
    text = decode(body, content_type).lstrip(_LEADING)
    place = 0
    if text.startswith("<?xml"):
        place = _after(text, "?>", 0)
        text = text[place:]
        place = 0
    while True:
        place = text.find("<", place)
        if place < 0:
            break
        if text.startswith("<!--", place):
            place = _after(text, "-->", place + 4)
        elif text.startswith("<?", place):
            place = _after(text, "?>", place + 2)
        elif text.startswith("<!", place):
            place = _after_doctype(text, place)
        elif _OPENING.match(text, place):
            break
        else:
            raise _refused("something else than an element before the root")
    return _DECLARATION + text.lstrip(_LEADING).encode("utf-8", "replace")


def _after(text: str, end: str, place: int) -> int:
    found = text.find(end, place)
    if found < 0:
        raise _refused("the prolog has no end")
    return found + len(end)


def _after_doctype(text: str, place: int) -> int:
    """Return where a DOCTYPE ends that declares nothing."""
    if text[place : place + 9].upper() != "<!DOCTYPE":
        raise _refused("a declaration outside of a DTD")
    place += 9
    subset = False
    while place < len(text):
        sign = text[place]
        if sign in "\"'":
            place = _after(text, sign, place + 1)
        elif sign == ">":
            return place + 1
        elif sign == "[":
            inside = text[place + 1 :].lstrip()
            if subset or not inside.startswith("]"):
                raise _refused("a DTD with declarations")
            place, subset = len(text) - len(inside) + 1, True
        elif sign == "<":
            raise _refused("a declaration outside of a DTD")
        else:
            place += 1
    raise _refused("the DTD has no end")


def _refused(detail: str) -> FetchFailed:
    return FetchFailed(FetchProblem.CONTENT, f"XML refused: {detail}")
