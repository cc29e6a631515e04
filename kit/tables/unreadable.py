"""What is raised for a file that cannot be read."""

from __future__ import annotations


class Unreadable(Exception):
    """A file that cannot be read at all, and why: `zh` in Chinese, `en` in English. Both may quote the file."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
