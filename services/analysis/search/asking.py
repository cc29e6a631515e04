"""What the index is asked for a query.

The index knows which tokens a post has, not where they stand, so a query becomes a boolean expression of tokens that
holds for every post that the query holds for, and perhaps for more: those are read again (`exact` is false). Under a
NOT the expression must do the reverse, and hold for no post more than the query does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.analysis.enrich import query
from services.analysis.enrich.query import And, In, Near, Node, Not, Or, Place, QueryError, Reading, Term, Title
from services.analysis.search import tokens
from services.analysis.search.tokens import Kind, Label

#: characters that a query may have; a watched topic may be longer
MAX_LENGTH: Final = 500
#: operators within operators; the parser of FTS5 has room for 32
MAX_NESTING: Final = 28


@dataclass(frozen=True, slots=True)
class Has:
    """The post has a token; with `prefix`, one that begins so."""

    token: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds, and none of `without`; at least one part."""

    parts: tuple[Ask, ...]
    without: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; of none, nothing does."""

    parts: tuple[Ask, ...]


Ask = Has | AllOf | AnyOf

EVERYTHING: Final[Ask] = Has(tokens.EVERY)
NOTHING: Final[Ask] = AnyOf(())


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, read: its tree, what the index is asked, and whether that says it all."""

    node: Node
    ask: Ask
    exact: bool


def read(text: str) -> Asked:
    """Read a query to search by; raises :class:`QueryError` also where it names nothing that could be looked up."""
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"查询超过 {MAX_LENGTH} 个字符", f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH
        )
    node = query.parse(text)
    if query.holds(node, Reading()):
        raise QueryError(
            "只有“非”条件会选中几乎一切信息，请加上要查找的词",
            "with nothing but NOT almost every post would be found: add a word to look for",
            0,
        )
    ask = _at_most(node, False)
    if ask == EVERYTHING:
        raise QueryError("没有可查找的文字或数字", "there is no letter, digit or sign to look for", 0)
    if _nesting(ask) > MAX_NESTING:
        raise QueryError(f"条件嵌套超过 {MAX_NESTING} 层", f"nested more than {MAX_NESTING} deep", 0)
    return Asked(node, ask, _exact(node))


def labelled(labels: Iterable[tuple[Label, str]]) -> list[Ask]:
    """Return what the index is asked for posts with all of some labels."""
    return [Has(tokens.label(kind, value)) for kind, value in labels]


def all_of(parts: Iterable[Ask], without: Iterable[Ask] = ()) -> Ask:
    """Return that every part holds and none of `without`."""
    wanted: list[Ask] = []
    unwanted: list[Ask] = list(without)
    for part in parts:
        if isinstance(part, AllOf):
            wanted.extend(part.parts)
            unwanted.extend(part.without)
        else:
            wanted.append(part)
    wanted = [part for part in dict.fromkeys(wanted) if part != EVERYTHING]
    unwanted = [part for part in dict.fromkeys(unwanted) if part != NOTHING]
    if NOTHING in wanted or EVERYTHING in unwanted:
        return NOTHING
    if len(wanted) <= 1 and not unwanted:
        return wanted[0] if wanted else EVERYTHING
    return AllOf(tuple(wanted or [EVERYTHING]), tuple(unwanted))


def any_of(parts: Iterable[Ask]) -> Ask:
    """Return that at least one part holds."""
    flat: list[Ask] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AnyOf) else [part])
    flat = list(dict.fromkeys(flat))
    if EVERYTHING in flat:
        return EVERYTHING
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def _at_most(node: Node, title: bool) -> Ask:
    """Return what holds wherever `node` does."""
    match node:
        case Term(text):
            return _has(text, title)
        case Near(left, right):
            return all_of([_has(left.text, title), _has(right.text, title)])
        case Not(part):
            return all_of([], [_at_least(part, title)])
        case And(parts):
            return all_of(_at_most(part, title) for part in parts)
        case Or(parts):
            return any_of(_at_most(part, title) for part in parts)
        case Title(part):
            return _at_most(part, True)
        case Place() | In():
            return _label(node)


def _at_least(node: Node, title: bool) -> Ask:
    """Return what holds only where `node` does."""
    match node:
        case Term(text):
            return _has(text, title) if _sole(text) else NOTHING
        case Near():
            return NOTHING
        case Not(part):
            return all_of([], [_at_most(part, title)])
        case And(parts):
            return all_of(_at_least(part, title) for part in parts)
        case Or(parts):
            return any_of(_at_least(part, title) for part in parts)
        case Title(part):
            return _at_least(part, True)
        case Place() | In():
            return _label(node)


def _exact(node: Node) -> bool:
    match node:
        case Term(text):
            return _sole(text)
        case Near():
            return False
        case And(parts) | Or(parts):
            return all(map(_exact, parts))
        case Not(part) | Title(part):
            return _exact(part)
        case Place() | In():
            return True


def _has(term: str, title: bool) -> Ask:
    found: list[Ask] = []
    for kind, run in tokens.runs(term):
        wanted = list(tokens.pairs(run)) if kind is Kind.LETTERS and len(run) > 1 else [run]
        prefix = kind is Kind.LETTERS and len(run) == 1
        found.extend(Has(tokens.in_title(token) if title else token, prefix) for token in wanted)
    return all_of(found)


def _sole(term: str) -> bool:
    """Tell whether a term is one token of the index, so that the index alone decides."""
    found = list(tokens.runs(term))
    if len(found) != 1:
        return False
    kind, run = found[0]
    return run == term and (kind is not Kind.LETTERS or len(run) <= 2)


def _label(node: Place | In) -> Ask:
    if isinstance(node, In):
        return Has(tokens.label(Label.CHANNEL, node.channel.value))
    return Has(tokens.label(Label.PLACE, node.name))


def _nesting(ask: Ask) -> int:
    match ask:
        case Has():
            return 0
        case AllOf(parts, without):
            return 1 + max(map(_nesting, (*parts, *without)))
        case AnyOf(parts):
            return 1 + max(map(_nesting, parts), default=0)
