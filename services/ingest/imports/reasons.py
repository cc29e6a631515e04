"""Why a file or a row of it is not taken, in both languages; what it quotes is masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kit.tables.unreadable import Unreadable
from services.ingest.folding import cleaned
from services.ingest.privacy import mask

#: characters of a reason or of a field that are kept
KEPT: Final = 2_000
#: characters that are masked at most: a mark may be a fifth of what it stands for, so that 2,000 are left of them
_MASKED: Final = 10 * KEPT


def told(text: str) -> str:
    """Return a text as it may be kept and told: storable, masked, then cut to 2,000 characters."""
    return mask(cleaned(text[:_MASKED]))[:KEPT]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in Chinese and in English, masked where it quotes what came in."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "zh", told(self.zh))
        object.__setattr__(self, "en", told(self.en))

    def said(self, *, chinese: bool) -> str:
        """Return the reason in one of the languages."""
        return self.zh if chinese else self.en


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that cannot be read: why, and its cells as far as it could be split, else the line as it stands."""

    reason: Reason
    cells: Sequence[str] = ()
    line: str = ""


def reason_of(error: Unreadable) -> Reason:
    """Return why a file cannot be read."""
    return Reason(error.zh, error.en)
