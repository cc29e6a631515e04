"""What changed from one version of a text to another: by sentence, and by word inside a changed sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

import rjieba

Op = Literal["equal", "insert", "delete", "replace"]

_SENTENCE: Final = re.compile(r"[^。！？!?；;\n]*(?:[。！？!?；;]+[”」』）)]*\n*|\n+|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stay, go or come."""

    op: Literal["equal", "insert", "delete"]
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """Sentences before and after; `words` says what changed inside where one took the other's place."""

    op: Op
    before: str
    after: str
    words: tuple[Piece, ...] = ()


def changes(before: str, after: str) -> list[Change]:
    """Return the steps from `before` to `after`, in order; their texts put together are the two texts again."""
    old, new = _sentences(before), _sentences(after)
    found = []
    for op, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        found.append(Change(op, gone, come, _words(gone, come) if op == "replace" else ()))
    return found


def readable(found: list[Change]) -> str:
    """Return changes as one text: what goes in 〔删：…〕, what comes in 〔增：…〕."""
    parts = []
    for change in found:
        if change.op == "equal":
            parts.append(change.before)
        elif change.op == "replace":
            parts.extend(_mark(piece.op, piece.text) for piece in change.words)
        else:
            parts.append(_mark(change.op, change.before or change.after))
    return "".join(parts)


def _mark(op: str, text: str) -> str:
    return text if op == "equal" else f"〔{'删' if op == 'delete' else '增'}：{text}〕"


def _sentences(text: str) -> list[str]:
    return [match[0] for match in _SENTENCE.finditer(text) if match[0]]


def _words(before: str, after: str) -> tuple[Piece, ...]:
    old, new = rjieba.cut(before), rjieba.cut(after)
    pieces = []
    for op, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        if op == "equal":
            pieces.append(Piece("equal", gone))
            continue
        pieces += [Piece("delete", gone)] if gone else []
        pieces += [Piece("insert", come)] if come else []
    return tuple(pieces)
