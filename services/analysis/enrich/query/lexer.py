"""Cuts a query into words, phrases, operators, fields and brackets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from services.analysis.enrich.folding import fold
from services.analysis.enrich.query.errors import QueryError
from services.analysis.enrich.query.fields import FIELD_LIST, FIELDS

MAX_LENGTH: Final = 2_000
#: most characters that near/N may allow between two words
MAX_DISTANCE: Final = 200


class Kind(Enum):
    """What a token is."""

    TERM = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    NEAR = auto()
    FIELD = auto()
    OPEN = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a query: the folded word, the name of the field or the distance, and where it begins."""

    kind: Kind
    text: str
    position: int
    distance: int = 0


_OPERATORS: Final = {
    "AND": Kind.AND,
    "且": Kind.AND,
    "OR": Kind.OR,
    "或": Kind.OR,
    "NOT": Kind.NOT,
    "非": Kind.NOT,
}
_SIGNS: Final = {"&": Kind.AND, "|": Kind.OR, "!": Kind.NOT, "(": Kind.OPEN, ")": Kind.CLOSE}
#: signs that may be doubled as programmers write them
_DOUBLED: Final = "&|"
_QUOTES: Final = {'"': '"”', "“": '”"', "”": '"', "「": "」", "『": "』"}
_NEAR: Final = ("near", "近")


def tokens(query: str) -> Iterator[Token]:
    """Yield the tokens of a query; raises :class:`QueryError` where there is none to be made."""
    if len(query) > MAX_LENGTH:
        raise QueryError(
            f"查询超过 {MAX_LENGTH} 个字符", f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH
        )
    plain = "".join(map(_plain, query))
    index = 0
    while index < len(plain):
        character = plain[index]
        if character.isspace():
            index += 1
        elif character in _SIGNS:
            yield Token(_SIGNS[character], character, index)
            index += 2 if character in _DOUBLED and plain[index : index + 2] == character * 2 else 1
        elif character in _QUOTES:
            token, index = _phrase(plain, index)
            yield token
        else:
            token, index = _word(plain, index)
            yield token


def _plain(character: str) -> str:
    """Return the plain form of a full-width character; others, and those that become several, stay."""
    normal = unicodedata.normalize("NFKC", character)
    return normal if len(normal) == 1 else character


def _phrase(plain: str, start: int) -> tuple[Token, int]:
    closing = _QUOTES[plain[start]]
    end = start + 1
    while end < len(plain) and plain[end] not in closing:
        end += 1
    if end == len(plain):
        raise QueryError("引号没有闭合", "the quotation mark is never closed", start)
    text = fold(plain[start + 1 : end])
    if not text:
        raise QueryError("引号内没有文字", "there is nothing between the quotation marks", start)
    return Token(Kind.TERM, text, start), end + 1


def _word(plain: str, start: int) -> tuple[Token, int]:
    end = start
    while end < len(plain) and not _ends_word(plain[end]):
        end += 1
    word = plain[start:end]
    operator = _OPERATORS.get(word.upper())
    if operator is not None:
        return Token(operator, word, start), end
    name, slash, number = word.partition("/")
    if slash and fold(name) in _NEAR:
        return _near(number, start, start + len(name) + 1), end
    name, colon, _ = word.partition(":")
    if colon and name.isalpha():
        return _field(name, start), start + len(name) + 1
    text = fold(word)
    if not text:
        raise QueryError("这个词没有可见字符", "the word has no visible character", start)
    return Token(Kind.TERM, text, start), end


def _near(number: str, start: int, digits_at: int) -> Token:
    if not (number.isascii() and number.isdecimal()):
        raise QueryError("near/ 后须为数字，如 near/5", "near/ must be followed by a number, as in near/5", digits_at)
    # longer than any number that is allowed: not converted, for Python refuses thousands of digits
    distance = int(number) if len(number) <= 6 else MAX_DISTANCE + 1
    if distance > MAX_DISTANCE:
        raise QueryError(
            f"near/ 后的字数最多为 {MAX_DISTANCE}", f"near/ allows {MAX_DISTANCE} characters at most", digits_at
        )
    return Token(Kind.NEAR, number, start, distance)


def _field(name: str, start: int) -> Token:
    field = FIELDS.get(fold(name))
    if field is None:
        raise QueryError(
            f"没有字段“{name}”，可用字段：{FIELD_LIST}；要查找带冒号的文字，请加引号",
            f"there is no field “{name}”; fields are {FIELD_LIST}; quote a word that has a colon in it",
            start,
        )
    return Token(Kind.FIELD, field, start)


def _ends_word(character: str) -> bool:
    # "!" inside a word stays part of it (yahoo!)
    return character.isspace() or character in "()&|" or character in _QUOTES
