"""The languages in which people are written to."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """In what language somebody is written to. What a sender wrote stays as it was written."""

    ZH = "zh"
    EN = "en"
