"""Why a file or a row of it is not taken, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in Chinese and in English."""

    zh: str
    en: str

    def said(self, *, chinese: bool) -> str:
        """Return the reason in one of the languages."""
        return self.zh if chinese else self.en


class Unreadable(Exception):
    """A file that cannot be read as posts at all, and why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en

    @property
    def reason(self) -> Reason:
        """Return why."""
        return Reason(self.zh, self.en)
