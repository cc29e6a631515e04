"""Markdown on standard output, progress on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

_BEGAN = time.monotonic()


def heading(title: str, caption: str) -> None:
    """Print a heading and what the table under it shows."""
    print(f"## {title}\n\n{caption}\n")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; all columns but the first to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    print("\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n", flush=True)


def progress(line: str) -> None:
    """Say what is being done."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {line}", file=sys.stderr, flush=True)
