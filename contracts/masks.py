"""The marks that stand in a stored text where a personal number stood."""

from __future__ import annotations

import re
from typing import Final

MOBILE: Final = "〔手机号〕"
ID_CARD: Final = "〔身份证号〕"
BANK_CARD: Final = "〔银行卡号〕"
PLATE: Final = "〔车牌号〕"
EMAIL: Final = "〔邮箱〕"

_MARKS: Final = re.compile("|".join(map(re.escape, (MOBILE, ID_CARD, BANK_CARD, PLATE, EMAIL))))


def without_marks(text: str) -> str:
    """Return a text without its marks, for whatever counts words."""
    return _MARKS.sub(" ", text)
