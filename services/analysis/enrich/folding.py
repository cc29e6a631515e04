"""Forms of a text in which spelling variants are equal."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LINK: Final = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+", re.IGNORECASE)
_HANDLE: Final = re.compile(r"(?://)?@[\w·-]{1,30}(?=[\s::]|$)")


def fold(text: str) -> str:
    """Return `text` in NFKC, case folded, white space runs as one space, invisible characters dropped."""
    normal = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold()
    return _SPACES.sub(" ", normal).strip()


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, the index in `text` that it came from.

    Works character by character, so it may differ from :func:`fold` where a base letter and a combining mark compose;
    Chinese text has none.
    """
    folded: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        for part in unicodedata.normalize("NFKC", character).translate(_INVISIBLE).casefold():
            part = " " if part.isspace() else part
            if part == " " and (not folded or folded[-1] == " "):
                continue
            folded.append(part)
            origins.append(index)
    return "".join(folded), origins


def story_key(text: str) -> str:
    """Return only the letters and digits of a text, folded, without links and account names.

    Two copies of a post that differ in punctuation, spacing, emoji, links or the handles they name have one key.
    A text that holds nothing else keeps its plain folded form.
    """
    folded = fold(text)
    bare = _HANDLE.sub(" ", _LINK.sub(" ", folded))
    return "".join(filter(str.isalnum, bare)) or folded


def text_hash(key: str) -> int:
    """Return a 64-bit hash of a story key as a signed integer (BLAKE2b), as databases store it."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
