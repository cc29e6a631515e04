"""What is wrong with a query, and where."""

from __future__ import annotations


class QueryError(ValueError):
    """A query that cannot be read. `position` is the index of the character where it went wrong (0-based)."""

    def __init__(self, zh: str, en: str, position: int) -> None:
        super().__init__(f"{en} (at character {position + 1})")
        self.zh = f"{zh}(第 {position + 1} 个字符)"
        self.en = f"{en} (at character {position + 1})"
        self.position = position
