"""Forms of a text in which spelling variants are equal."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from kit.simplified import simplified

_SPACES: Final = re.compile(r" {2,}")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LINK: Final = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+", re.IGNORECASE)
_HANDLE: Final = re.compile(r"(?://)?@[\w·-]{1,30}(?=[\s::]|$)")


class _Folded(dict[int, str | int]):
    """The folded form of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str | int:
        character = chr(code)
        folded = simplified(unicodedata.normalize("NFKC", character).translate(_INVISIBLE).casefold())
        folded = "".join(" " if part.isspace() else part for part in folded)
        value = code if folded == character else folded
        if code < _REMEMBERED:
            self[code] = value
        return value


#: Characters beyond the first two planes are rare, and a table of all that exist would be large.
_REMEMBERED: Final = 0x20000
_TABLE: Final = _Folded()


def fold(text: str) -> str:
    """Return `text` in NFKC, case folded, simplified, white space runs as one space, invisible characters dropped."""
    folded = text.translate(_TABLE)
    # a base letter and a combining mark compose; that is NFKC still, since what is compatible is already resolved
    if not unicodedata.is_normalized("NFC", folded):
        folded = unicodedata.normalize("NFC", folded).translate(_TABLE)
    if "  " in folded:
        folded = _SPACES.sub(" ", folded)
    return folded.strip(" ")


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, the index in `text` that it came from."""
    folded: list[str] = []
    origins: list[int] = []
    for start, end in _clusters(text):
        cluster = text[start:end].translate(_TABLE)
        if end - start > 1:
            cluster = unicodedata.normalize("NFC", cluster).translate(_TABLE)
        for part in cluster:
            if part == " " and (not folded or folded[-1] == " "):
                continue
            folded.append(part)
            origins.append(start)
    if folded and folded[-1] == " ":
        del folded[-1], origins[-1]
    return "".join(folded), origins


def _clusters(text: str) -> list[tuple[int, int]]:
    """Return the parts of a text that fold independently of each other: almost always its single characters."""
    if unicodedata.is_normalized("NFC", text.translate(_TABLE)):
        return [(index, index + 1) for index in range(len(text))]
    starts: list[int] = []
    composed = ""
    for index, character in enumerate(text):
        folded = character.translate(_TABLE)
        joined = unicodedata.normalize("NFC", composed + folded)
        if starts and folded and (unicodedata.combining(folded[0]) or joined != composed + folded):
            composed = joined
        elif starts and not folded:
            continue
        else:
            starts.append(index)
            composed = folded
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def story_key(text: str) -> str:
    """Return only the letters and digits of a text, folded, without links and account names.

    Two copies of a post that differ in punctuation, spacing, emoji, links or the handles they name have one key.
    A text that holds nothing else keeps its plain folded form.
    """
    folded = fold(text)
    bare = _LINK.sub(" ", folded) if "://" in folded or "www." in folded else folded
    if "@" in bare:
        bare = _HANDLE.sub(" ", bare)
    return "".join(filter(str.isalnum, bare)) or folded


def text_hash(key: str) -> int:
    """Return a 64-bit hash of a story key as a signed integer (BLAKE2b), as databases store it."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
