"""The one cleaning of a text before it is scored, the same in training and in serving."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from kit.simplified import simplified

#: characters kept of a long text: its beginning, where a post says what it is about, and its end, where it judges
HEAD: Final = 4_000
TAIL: Final = 1_000
#: equal characters kept of a run: "哈哈哈哈哈哈" and "哈哈哈" say the same
RUN: Final = 3

_LINK: Final = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+", re.IGNORECASE)
# Only a name that ends where a platform ends it: what follows "@" without a break may be the sentence itself.
_HANDLE: Final = re.compile(r"(?<![A-Za-z0-9._])@(?!用户)[\w·.-]{1,30}(?=[\s:,，。;!?/@)\]】]|$)")
_RUN: Final = re.compile(rf"(.)\1{{{RUN},}}", re.DOTALL)
_SPACES: Final = re.compile(r"\s+")
# Control and format characters (zero-width joiners between emoji among them), lone surrogates, private use,
# variation selectors: invisible or meaningless, and some stand for the boundaries of a text further on.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\ufff0-\uffff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)


def clean(text: str) -> str:
    """Return `text` as the models read it; at most `HEAD` + `TAIL` + 1 characters, in bounded time.

    NFKC, case folded, traditional characters as simplified ones; links out; account names as @用户; runs of one
    character cut to three; white space as single spaces; what cannot be seen (control characters, lone surrogates,
    zero-width marks) out. May return "".
    """
    text = _UNSEEN.sub("", bounded(text))
    if not text.isascii():
        text = simplified(unicodedata.normalize("NFKC", text))
    text = text.lower()
    if "http" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if "@" in text:
        text = _HANDLE.sub("@用户", text)
    text = _SPACES.sub(" ", _RUN.sub(r"\1" * RUN, text)).strip()
    return bounded(text)


def legible(text: str) -> str:
    """Return `text` bounded and stripped, without what no tokenizer takes (lone surrogates, NUL); its spelling stays.

    For models of others, whose own affair folding is.
    """
    return bounded(text).encode("utf-8", "ignore").decode().replace("\0", "").strip()


def bounded(text: str) -> str:
    """Return the beginning and the end of a text that is longer than both together, else the text."""
    if len(text) <= HEAD + TAIL + 1:
        return text
    return f"{text[:HEAD]} {text[-TAIL:]}"
