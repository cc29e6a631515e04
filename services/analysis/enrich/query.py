"""The boolean query language of topics.

    expression  := conjunction ( OR conjunction )*
    conjunction := factor ( [AND] factor )*        words side by side must all occur
    factor      := NOT factor | "(" expression ")" | word | "a phrase"

Operators are AND OR NOT in any case, ``& | !``, or 且 或 非 standing alone between spaces, brackets or quotes; inside a
word they are part of it (或者, 非法). NOT binds tightest, OR loosest. Full-width letters, brackets and quotes count
as their plain forms, and 「」『』“” quote too. A word is found where its folded form occurs in the folded text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final

from services.analysis.enrich.folding import fold

MAX_LENGTH: Final = 2_000
MAX_TERMS: Final = 200
MAX_DEPTH: Final = 40

_OPERATORS: Final = {"AND": "and", "且": "and", "OR": "or", "或": "or", "NOT": "not", "非": "not"}
_SYMBOLS: Final = {"&": "and", "|": "or"}
_QUOTES: Final = {'"': '"', "“": "”", "「": "」", "『": "』"}
_PLAIN_QUOTE: Final = {"”": '"'}


class QueryError(ValueError):
    """A query that cannot be read. `position` is the index of the character where it went wrong (0-based)."""

    def __init__(self, zh: str, en: str, position: int) -> None:
        super().__init__(f"{en} (at character {position + 1})")
        self.zh = f"{zh}(第 {position + 1} 个字符)"
        self.en = f"{en} (at character {position + 1})"
        self.position = position


@dataclass(frozen=True, slots=True)
class Term:
    """A folded word or phrase that must occur in the text."""

    text: str


@dataclass(frozen=True, slots=True)
class And:
    """Every part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part must hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Node


Node = Term | And | Or | Not


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(query: str) -> Node:
    """Read a query; raises :class:`QueryError` where it is empty, too long, too deep or malformed."""
    if len(query) > MAX_LENGTH:
        raise QueryError(
            f"查询超过 {MAX_LENGTH} 个字符", f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH
        )
    tokens = list(_tokens(query))
    if not tokens:
        raise QueryError("查询为空", "the query is empty", 0)
    if sum(token.kind == "term" for token in tokens) > MAX_TERMS:
        raise QueryError(f"查询超过 {MAX_TERMS} 个词", f"the query has more than {MAX_TERMS} words", 0)
    parser = _Parser(tokens, len(query))
    node = parser.expression(0)
    parser.expect_end()
    return node


def holds(node: Node, present: Set[str]) -> bool:
    """Tell whether a query holds for a text in which exactly the terms `present` occur."""
    match node:
        case Term(text):
            return text in present
        case And(parts):
            return all(holds(part, present) for part in parts)
        case Or(parts):
            return any(holds(part, present) for part in parts)
        case Not(part):
            return not holds(part, present)


def terms(node: Node, *, wanted_only: bool = False) -> Iterator[str]:
    """Yield the terms of a query; with `wanted_only`, not those that a NOT rules out."""
    match node:
        case Term(text):
            yield text
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part, wanted_only=wanted_only)
        case Not(part):
            if not wanted_only:
                yield from terms(part)


def selects_everything(node: Node) -> bool:
    """Tell whether a text with none of the terms would be selected, as with a bare NOT."""
    return holds(node, frozenset())


def _plain(character: str) -> str:
    """Return the plain form of a full-width character; others, and those that become several, stay."""
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) == 1 else character


def _tokens(query: str) -> Iterator[_Token]:
    plain = "".join(map(_plain, query))
    index = 0
    while index < len(plain):
        character = plain[index]
        if character.isspace():
            index += 1
        elif character in "()":
            yield _Token(character, character, index)
            index += 1
        elif character in _SYMBOLS:
            width = 2 if plain[index : index + 2] == character * 2 else 1
            yield _Token(_SYMBOLS[character], character, index)
            index += width
        elif character == "!":
            yield _Token("not", character, index)
            index += 1
        elif character in _QUOTES or character in _PLAIN_QUOTE:
            closing = _QUOTES.get(character) or _PLAIN_QUOTE[character]
            end = _closing_quote(plain, index + 1, closing)
            if end < 0:
                raise QueryError("引号没有闭合", "the quotation mark is never closed", index)
            text = fold(plain[index + 1 : end])
            if not text:
                raise QueryError("引号内没有文字", "there is nothing between the quotation marks", index)
            yield _Token("term", text, index)
            index = end + 1
        else:
            end = index
            while end < len(plain) and not _ends_word(plain[end]):
                end += 1
            word = plain[index:end]
            kind = _OPERATORS.get(word.upper(), "term")
            text = fold(word) if kind == "term" else word
            if not text:
                raise QueryError("这个词没有可见字符", "the word has no visible character", index)
            yield _Token(kind, text, index)
            index = end


def _closing_quote(plain: str, start: int, closing: str) -> int:
    ends = [
        end for end in (plain.find(mark, start) for mark in {closing, *("”" if closing == '"' else "")}) if end >= 0
    ]
    return min(ends, default=-1)


def _ends_word(character: str) -> bool:
    return character.isspace() or character in "()&|" or character in _QUOTES or character in _PLAIN_QUOTE


class _Parser:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self._tokens, self._length, self._index = tokens, length, 0

    def expression(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise QueryError(f"括号或非超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep", self._position())
        parts = [self._conjunction(depth)]
        while self._kind() == "or":
            self._index += 1
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        if self._kind() is not None:
            raise QueryError("多余的右括号", "a closing bracket without its opening one", self._position())

    def _conjunction(self, depth: int) -> Node:
        parts = [self._factor(depth)]
        while True:
            kind = self._kind()
            if kind == "and":
                self._index += 1
            elif kind not in ("term", "not", "("):
                break
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self, depth: int) -> Node:
        kind, position = self._kind(), self._position()
        if kind == "term":
            self._index += 1
            return Term(self._tokens[self._index - 1].text)
        if kind == "not":
            if depth > MAX_DEPTH:
                raise QueryError(f"括号或非超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep", position)
            self._index += 1
            return Not(self._factor(depth + 1))
        if kind == "(":
            self._index += 1
            node = self.expression(depth + 1)
            if self._kind() != ")":
                raise QueryError("左括号没有闭合", "the bracket is never closed", position)
            self._index += 1
            return node
        raise QueryError("这里缺少一个词", "a word is missing here", position)

    def _kind(self) -> str | None:
        return self._tokens[self._index].kind if self._index < len(self._tokens) else None

    def _position(self) -> int:
        return self._tokens[self._index].position if self._index < len(self._tokens) else self._length
