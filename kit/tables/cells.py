"""What stands in a cell, before it is written in a format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

#: A text, a number, an aware instant, or nothing.
Cell = str | int | float | datetime | None

#: characters that XML 1.0 has no way to write (https://www.w3.org/TR/xml/#charsets) and spreadsheets do not show
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: what makes a spreadsheet take a text for a formula (https://owasp.org/www-community/attacks/CSV_Injection), with
#: the full-width forms that some input methods give
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Kind(Enum):
    """How the values of a column are shown."""

    TEXT = "text"
    TIME = "time"
    WHOLE = "whole"
    DECIMAL = "decimal"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as a file shows it: its name, the kind of its values, its width in characters."""

    name: str
    kind: Kind
    width: float


def writable(text: str) -> str:
    """Return a text without the characters that no file could carry."""
    return _UNWRITABLE.sub("", text)


def looks_like_formula(text: str) -> bool:
    """Tell whether a spreadsheet might run a text as a formula."""
    return text.startswith(_FORMULA)
