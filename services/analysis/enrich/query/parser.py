"""Reads a query into its tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analysis.enrich.query.errors import QueryError
from services.analysis.enrich.query.fields import CHANNEL, CHANNEL_LIST, PLACE, TITLE, channel_named
from services.analysis.enrich.query.gazetteer import place_named
from services.analysis.enrich.query.lexer import Kind, Token, tokens
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title

MAX_TERMS: Final = 200
MAX_DEPTH: Final = 40

_Word = Callable[[Token], Node]


def parse(query: str) -> Node:
    """Read a query; raises :class:`QueryError` where it is empty, too long, too deep or malformed."""
    found = list(tokens(query))
    if not found:
        raise QueryError("查询为空", "the query is empty", 0)
    words = [token for token in found if token.kind is Kind.TERM]
    if len(words) > MAX_TERMS:
        too_many = words[MAX_TERMS].position
        raise QueryError(f"查询超过 {MAX_TERMS} 个词", f"the query has more than {MAX_TERMS} words", too_many)
    return _Parser(found, len(query)).read()


class _Parser:
    def __init__(self, found: list[Token], length: int) -> None:
        self._tokens, self._length, self._index = found, length, 0
        #: what a word means here: itself, or within a field a place or channel
        self._word: _Word = _term
        self._field: Token | None = None
        self._pairs = 0

    def read(self) -> Node:
        node = self._expression(0)
        if self._index < len(self._tokens):
            raise QueryError("多余的右括号", "a closing bracket without its opening one", self._position())
        return node

    def _expression(self, depth: int) -> Node:
        parts = [self._conjunction(depth)]
        while self._take(Kind.OR):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self, depth: int) -> Node:
        parts = [self._factor(depth)]
        while self._take(Kind.AND) or self._kind() in (Kind.TERM, Kind.NOT, Kind.OPEN, Kind.FIELD):
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self, depth: int) -> Node:
        if self._kind() is Kind.NOT:
            self._bound(depth)
            self._index += 1
            return Not(self._factor(depth + 1))
        begin = self._position()
        left = self._operand(depth)
        if self._kind() is not Kind.NEAR:
            return left
        near = self._tokens[self._index]
        self._index += 1
        right_begin = self._position()
        right = self._operand(depth)
        node = self._near(near, (left, begin), (right, right_begin))
        if self._kind() is Kind.NEAR:
            raise QueryError(
                "near/ 只连接两个词；三个词请写成 (甲 near/5 乙) AND (乙 near/5 丙)",
                "near/ joins two words; write (a near/5 b) AND (b near/5 c) for three",
                self._position(),
            )
        return node

    def _operand(self, depth: int) -> Node:
        kind, position = self._kind(), self._position()
        if kind is Kind.TERM:
            self._index += 1
            return self._word(self._tokens[self._index - 1])
        if kind is Kind.FIELD:
            return self._of_field(depth)
        if kind is Kind.OPEN:
            self._bound(depth)
            self._index += 1
            node = self._expression(depth + 1)
            if not self._take(Kind.CLOSE):
                raise QueryError("左括号没有闭合", "the bracket is never closed", position)
            return node
        raise QueryError("这里缺少一个词", "a word is missing here", position)

    def _of_field(self, depth: int) -> Node:
        field = self._tokens[self._index]
        if self._field is not None:
            raise QueryError(
                "字段内不能再写字段", "a field cannot stand inside the value of another field", field.position
            )
        self._index += 1
        if self._kind() not in (Kind.TERM, Kind.OPEN, Kind.FIELD):
            raise QueryError("冒号后缺少一个词或括号", "a word or bracket is missing after the colon", self._position())
        self._field, self._word = field, _WORDS[field.text]
        node = self._operand(depth)
        self._field, self._word = None, _term
        return Title(node) if field.text == TITLE else node

    def _near(self, near: Token, left: tuple[Node, int], right: tuple[Node, int]) -> Node:
        """Return two words near each other; of alternatives in brackets, each with each."""
        lefts, rights = _alternatives(*left), _alternatives(*right)
        pairs = tuple(Near(one, other, near.distance) for one in lefts for other in rights)
        self._pairs += len(pairs)
        if self._pairs > MAX_TERMS:
            raise QueryError(
                f"near/ 两边的词两两组合超过 {MAX_TERMS} 对", f"near/ makes more than {MAX_TERMS} pairs", near.position
            )
        return pairs[0] if len(pairs) == 1 else Or(pairs)

    def _bound(self, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise QueryError(f"括号或非超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep", self._position())

    def _take(self, kind: Kind) -> bool:
        taken = self._kind() is kind
        self._index += taken
        return taken

    def _kind(self) -> Kind | None:
        return self._tokens[self._index].kind if self._index < len(self._tokens) else None

    def _position(self) -> int:
        return self._tokens[self._index].position if self._index < len(self._tokens) else self._length


def _term(token: Token) -> Node:
    return Term(token.text)


def _place(token: Token) -> Node:
    name = place_named(token.text)
    if name is None:
        raise QueryError(
            f"地名表中没有“{token.text}”，或有两处同名；须为普洱市、其县(区)或乡镇，同名乡镇前请加县名",
            f"the gazetteer has no place “{token.text}”, or two: give Pu'er, a county, or a township behind its county",
            token.position,
        )
    return Place(name)


def _channel(token: Token) -> Node:
    channel = channel_named(token.text)
    if channel is None:
        raise QueryError(
            f"没有渠道“{token.text}”，可用渠道：{CHANNEL_LIST}",
            f"there is no channel “{token.text}”; channels are {CHANNEL_LIST}",
            token.position,
        )
    return In(channel)


_WORDS: Final[dict[str, _Word]] = {TITLE: _term, PLACE: _place, CHANNEL: _channel}


def _alternatives(node: Node, position: int) -> tuple[Term, ...]:
    parts = node.parts if isinstance(node, Or) else (node,)
    words = tuple(part for part in parts if isinstance(part, Term))
    if len(words) < len(parts):
        raise QueryError(
            "near/ 两边须为词、引号中的短语，或括号内用 OR 连接的词",
            "either side of near/ must be a word, a phrase, or words joined by OR in brackets",
            position,
        )
    return words
