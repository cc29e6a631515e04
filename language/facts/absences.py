"""What a text says did not happen to anybody: 无人员伤亡 is no death and no injury."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contracts.findings import FactRole

_HARM: Final[dict[str, tuple[FactRole, ...]]] = {
    "伤亡": (FactRole.DEATHS, FactRole.INJURED),
    "死伤": (FactRole.DEATHS, FactRole.INJURED),
    "死亡": (FactRole.DEATHS,),
    "遇难": (FactRole.DEATHS,),
    "身亡": (FactRole.DEATHS,),
    "受伤": (FactRole.INJURED,),
    "失踪": (FactRole.MISSING,),
    "失联": (FactRole.MISSING,),
    "被困": (FactRole.TRAPPED,),
}
_WORDS: Final = "|".join(_HARM)
_CAUSED: Final = r"(?:造成|发生|出现|引发|导致|引起|发现|接到|收到|有)"
_NONE: Final = re.compile(
    rf"(?:(?P<none>(?:暂|尚|目前|均|并|亦)?(?:未|没有|没|(?<!有)无){_CAUSED}?(?:任何|新的)?[^，。,;!?\n无不]{{0,10}}?"
    rf"(?:人员?|群众|乘客|师生|学生|村民|居民)(?:出现|因此|重大|的|有)?)|(?P<no_one>无一人?|没有一人|零|0\s?))"
    rf"(?P<first>{_WORDS})(?![者])(?:[、或和及与](?:人员)?(?P<second>{_WORDS}))?(?P<report>[^，。,;!?\n]{{0,10}}?(?:报告|报道))?"
)
_REPORTED: Final = re.compile("接到|收到|有[^，。]*报告|发现")


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody came to harm, or (`reported` only) none was reported so far."""

    start: int
    end: int
    roles: tuple[FactRole, ...]
    unreported: bool


def absences(text: str) -> Iterator[Absence]:
    """Find the statements of a legible text that nobody died, was injured, went missing or was trapped."""
    if not ("无" in text or "没" in text or "未" in text or "零" in text or "0" in text):
        return
    for match in _NONE.finditer(text):
        roles = _HARM[match["first"]] + (_HARM[match["second"]] if match["second"] else ())
        unreported = bool(match["report"]) or _REPORTED.search(match[0]) is not None
        yield Absence(match.start(), match.end(), tuple(dict.fromkeys(roles)), unreported)
