"""Writes a tree as a query that reads back as the same tree."""

from __future__ import annotations

from services.analysis.enrich.query.fields import CHANNEL_NAMES
from services.analysis.enrich.query.lexer import Kind, tokens
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title


def write(node: Node) -> str:
    """Return a tree in the query language, with no more brackets and quotes than it needs."""
    match node:
        case Term(text):
            return _word(text)
        case Near(left, right, distance):
            return f"{_word(left.text)} near/{distance} {_word(right.text)}"
        case And(parts):
            return " AND ".join(_within(part, And, Or) for part in parts)
        case Or(parts):
            return " OR ".join(_within(part, Or) for part in parts)
        case Not(part):
            return f"NOT {_within(part, And, Or)}"
        case Title(part):
            return f"title:{_within(part, And, Or, Not, Near)}"
        case Place(name):
            return f"place:{_word(name)}"
        case In(channel):
            return f"channel:{CHANNEL_NAMES[channel]}"


def _within(part: Node, *bracketed: type) -> str:
    written = write(part)
    return f"({written})" if isinstance(part, bracketed) else written


def _word(text: str) -> str:
    if any(quote in text for quote in '"“”「」『』'):
        opening, closing = next(
            (pair for pair in (('"', '"'), ("「", "」"), ("『", "』")) if not _closes(text, pair)), ('"', '"')
        )
        return f"{opening}{text}{closing}"
    plain = not any(character in text for character in " :/!&|()") and _is_word(text)
    return text if plain else f'"{text}"'


def _closes(text: str, pair: tuple[str, str]) -> bool:
    return any(closing in text for closing in ('"”' if pair[0] == '"' else pair[1]))


def _is_word(text: str) -> bool:
    return [token.kind for token in tokens(text)] == [Kind.TERM]
