"""A text in which figures are easy to read, each character at its old place."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Final

from contracts import masks

_ASCII: Final = {
    code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_SIGNS: Final = str.maketrans("％．：／（）～﹣－–—；！？　\u00a0", "%.:/()~----;!?  ")
#: Traditional forms of the characters that figures, units and roles are written with.
_TRADITIONAL: Final = str.maketrans(
    "兩萬億點級戶畝傷災產遷轉區開圍為達於約餘經個數難損縣鄉鎮員眾醫療滯險獲間棟補償賠資際實報謠傳網無沒發徵積頃幣時號週後現與塊貫學職認確診癒離貸滅歲總計過從處罰費請",
    "两万亿点级户亩伤灾产迁转区开围为达于约余经个数难损县乡镇员众医疗滞险获间栋补偿赔资际实报谣传网无没发征积顷币时号周后现与块贯学职认确诊愈离贷灭岁总计过从处罚费请",
)
_TABLE: Final = {**_ASCII, **_SIGNS, **_TRADITIONAL}
_MASKS: Final = re.compile(
    "|".join(map(re.escape, (masks.MOBILE, masks.ID_CARD, masks.BANK_CARD, masks.PLATE, masks.EMAIL)))
)
#: What parts one statement from the next; a comma between digits parts thousands.
_CLAUSE_ENDS: Final = re.compile(r"[。;!?\n，、()…“”「」『』]|(?<!\d),|,(?!\d{3}(?!\d))")
#: Characters beyond which a text without full stops is no longer one sentence; it also bounds the work per figure.
_REACH: Final = 160
_SENTENCE_ENDS: Final = re.compile(r"[。!?\n;…]")


def legible(text: str) -> str:
    """Return `text` with full-width signs and common traditional forms plain, and marks of masked numbers blanked."""
    plain = text.translate(_TABLE)
    return _MASKS.sub(lambda mark: "□" * len(mark[0]), plain) if "〔" in plain else plain


class Bounds:
    """Where clauses and sentences of a legible text end."""

    def __init__(self, text: str) -> None:
        self._size = len(text)
        self._clauses = [match.start() for match in _CLAUSE_ENDS.finditer(text)]
        self._sentences = [match.start() for match in _SENTENCE_ENDS.finditer(text)]

    def clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the clause around characters `start` to `end`."""
        return self._around(self._clauses, start, end)

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the sentence around characters `start` to `end`, or of what is near if it is endless."""
        first, last = self._around(self._sentences, start, end)
        return max(first, start - _REACH), min(last, end + _REACH)

    def sentences_after(self, end: int, count: int) -> int:
        """Return where the `count`-th sentence after that of character `end` ends, no further than near."""
        index = bisect_left(self._sentences, end) + count
        return min(self._sentences[index] if index < len(self._sentences) else self._size, end + 2 * _REACH)

    def _around(self, ends: list[int], start: int, end: int) -> tuple[int, int]:
        before, after = bisect_right(ends, start - 1), bisect_left(ends, end)
        return (ends[before - 1] + 1 if before else 0), (ends[after] if after < len(ends) else self._size)
