"""E-mail addresses, also where 艾特 stands for @ and 点 for the dot."""

from __future__ import annotations

import re
from typing import Final

from contracts.masks import EMAIL
from services.ingest.privacy.glyphs import UNSEEN, character_class

#: characters that are not seen may stand anywhere
_U: Final = f"[{character_class(''.join(UNSEEN))}]{{0,2}}"
_WORD: Final = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
_LOCAL: Final = rf"(?:[{_WORD}._%+\-＿．－]{_U}){{1,64}}"
_LABEL: Final = rf"(?:[{_WORD}\-－]{_U}){{1,63}}"
_AT: Final = r"(?:[@＠﹫ⓐⒶ]|[（(\[【{<][aA][tT]?[)）\]】}>]|艾特|圈[aA])"
_SPACED_AT: Final = r"\s(?:at|AT)\s"
_DOT: Final = r"(?:[.．。·•]|[（(\[【{<](?:dot|DOT|点)[)）\]】}>]|点)"
#: names of the large providers, which make an address of what else would be none
_PROVIDER: Final = (
    "(?i:qq|vip|163|126|139|189|188|yeah|sina|sohu|gmail|outlook|hotmail|foxmail|aliyun|icloud|yahoo|live|wo|tom|21cn"
    "|proton)"
)
_TOP: Final = "(?i:com|cn|net|org|edu|gov|me)"
_FILES: Final = "(?:png|jpe?g|gif|webp|svg|bmp|ico|css|js|mp4|pdf)(?![A-Za-z])"

_PLAIN: Final = re.compile(
    rf"{_LOCAL}\s?{_AT}{_U}\s?{_LABEL}(?:\s?[.．。]{_U}\s?{_LABEL}){{0,4}}\s?[.．。]{_U}\s?(?!{_FILES})"
    rf"(?:[A-Za-zＡ-Ｚａ-ｚ]{_U}){{2,24}}"
)
_SPELT: Final = re.compile(
    rf"{_LOCAL}\s{{0,2}}(?:{_AT}|[#＃*＊]|{_SPACED_AT})\s{{0,2}}{_PROVIDER}"
    rf"(?:\s{{0,2}}(?:{_DOT}|\s(?:dot|DOT)\s)\s{{0,2}}{_TOP}){{1,2}}(?![A-Za-z])"
)
#: the quick look: a character of one of the ways to write @
_MAYBE: Final = re.compile(r"[@＠﹫ⓐⒶ艾圈#＃*＊aA]")
_IS_AT: Final = re.compile(_AT)
_IS_SPELT: Final = re.compile(rf"(?:{_AT}|[#＃*＊]|{_SPACED_AT})\s{{0,2}}{_PROVIDER}")


def mask_mail(text: str) -> str:
    """Return a text with e-mail addresses replaced by their mark."""
    if not _MAYBE.search(text):
        return text
    if _IS_AT.search(text):
        text = _PLAIN.sub(EMAIL, text)
    return _SPELT.sub(EMAIL, text) if _IS_SPELT.search(text) else text
