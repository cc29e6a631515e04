"""How each database's index is asked.

Tokens have neither quotes nor any other punctuation of ASCII, so none can leave the quotes that it is put in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.analysis.search.asking import EVERYTHING, AllOf, AnyOf, Ask, Has

_NEVER: Final = AllOf((EVERYTHING,), (EVERYTHING,))


def fts5(ask: Ask) -> str:
    """Return an expression of SQLite's FTS5."""
    match ask:
        case Has(token, prefix):
            return f'"{token}"*' if prefix else f'"{token}"'
        case AnyOf(parts):
            return _joined(" OR ", map(fts5, parts)) if parts else fts5(_NEVER)
        case AllOf(parts, without):
            wanted = _joined(" AND ", map(fts5, parts))
            return f"({wanted} NOT {_joined(' OR ', map(fts5, without))})" if without else wanted


def tsquery(ask: Ask) -> str:
    """Return a tsquery of PostgreSQL."""
    match ask:
        case Has(token, prefix):
            return f"'{token}':*" if prefix else f"'{token}'"
        case AnyOf(parts):
            return _joined(" | ", map(tsquery, parts)) if parts else tsquery(_NEVER)
        case AllOf(parts, without):
            wanted = _joined(" & ", map(tsquery, parts))
            return f"({wanted} & !({_joined(' | ', map(tsquery, without))}))" if without else wanted


def _joined(operator: str, parts: Iterable[str]) -> str:
    spelled = list(parts)
    return spelled[0] if len(spelled) == 1 else f"({operator.join(spelled)})"
