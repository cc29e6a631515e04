"""What a command says when it cannot go on."""

from __future__ import annotations


class CommandError(Exception):
    """One clear line for the person at the terminal, and the command's exit code."""

    def __init__(self, line: str, code: int = 2) -> None:
        super().__init__(line)
        self.line, self.code = line, code
