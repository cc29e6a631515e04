"""Turns queries into tests on the numbers of what occurs in a text.

A word, a word in titles, a place and a channel are atoms with a number each, the same for all queries. What occurs in
a text is a set of numbers; AND and OR of atoms are then one set operation each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from contracts.words import Channel
from services.analysis.enrich.query.evaluation import Span, gaps
from services.analysis.enrich.query.tree import And, In, Near, Node, Not, Or, Place, Term, Title


class Found(NamedTuple):
    """What occurs in a text: atoms, the hits (word, start, end) in title, break and text, and where the title ends."""

    present: set[int]
    hits: Sequence[tuple[int, int, int]]
    title_ends: int


#: Whether a query holds, given the atoms that are present and all that was found.
Test = Callable[[set[int], Found], bool]


class Atoms:
    """The numbers of all atoms. Words are numbered without gaps from 0, as the automaton numbers its patterns."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.places: dict[str, int] = {}
        self.channels: dict[Channel, int] = {}
        self._titles: set[int] = set()
        self._others = 0

    def word(self, text: str, *, in_title: bool) -> int:
        """Return the number of a word, or of a word in titles (below zero)."""
        number = self.words.setdefault(text, len(self.words))
        if not in_title:
            return number
        self._titles.add(number)
        return _titled(number)

    def place(self, name: str) -> int:
        """Return the number of a place."""
        return self.places.setdefault(name, _OTHERS + self._next(name in self.places))

    def channel(self, channel: Channel) -> int:
        """Return the number of a channel."""
        return self.channels.setdefault(channel, _OTHERS + self._next(channel in self.channels))

    def in_titles(self) -> dict[int, int]:
        """Return the words that some query looks for in titles, with the number they have there."""
        return {number: _titled(number) for number in self._titles}

    def _next(self, known: bool) -> int:
        self._others += not known
        return self._others


#: Places and channels are numbered from here, far above any number of words.
_OTHERS: Final = 1 << 40


def _titled(number: int) -> int:
    return -1 - number


def compiled(node: Node, atoms: Atoms) -> Test:
    """Return the test of a query, its words numbered by `atoms`."""
    return _test(node, atoms, in_title=False, wanted=True)


def _test(node: Node, atoms: Atoms, *, in_title: bool, wanted: bool) -> Test:
    """Return the test that `node` holds, or (not `wanted`) that it does not: NOT is moved down to the atoms."""
    match node:
        case Not(part):
            return _test(part, atoms, in_title=in_title, wanted=not wanted)
        case Title(part):
            return _test(part, atoms, in_title=True, wanted=wanted)
        case And(parts) | Or(parts):
            every = isinstance(node, And) is wanted
            return _joined(_flat(node, parts), atoms, in_title=in_title, wanted=wanted, every=every)
        case Near():
            return _near([node], atoms, in_title=in_title, wanted=wanted)
        case Term() | Place() | In():
            atom = _atom(node, atoms, in_title=in_title)
            return (lambda present, _: atom in present) if wanted else (lambda present, _: atom not in present)


def _flat(node: Node, parts: Iterable[Node]) -> list[Node]:
    flat: list[Node] = []
    for part in parts:
        flat.extend(_flat(node, part.parts) if isinstance(part, And | Or) and type(part) is type(node) else [part])
    return flat


def _joined(parts: Sequence[Node], atoms: Atoms, *, in_title: bool, wanted: bool, every: bool) -> Test:
    """Return the test that every part holds, or some part. Atoms go into sets, and only what is left is called."""
    there: set[int] = set()
    absent: set[int] = set()
    rest: list[Test] = []
    nears: list[Near] = []
    for part in parts:
        positive, inner = wanted, part
        while isinstance(inner, Not):
            positive, inner = not positive, inner.part
        scope = in_title
        if isinstance(inner, Title) and isinstance(inner.part, Term):
            scope, inner = True, inner.part
        if isinstance(inner, Term | Place | In):
            (there if positive else absent).add(_atom(inner, atoms, in_title=scope))
        elif isinstance(inner, Near) and positive and not every and scope is in_title:
            nears.append(inner)
        else:
            rest.append(_test(inner, atoms, in_title=scope, wanted=positive))
    if nears:
        rest.append(_near(nears, atoms, in_title=in_title, wanted=True))
    return _every(there, absent, rest) if every else _some(there, absent, rest)


def _every(there: Iterable[int], absent: Iterable[int], rest: Sequence[Test]) -> Test:
    needed, ruled_out, tests = frozenset(there), frozenset(absent), tuple(rest)

    def test(present: set[int], found: Found) -> bool:
        if not needed <= present or not ruled_out.isdisjoint(present):
            return False
        for part in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not part(present, found):
                return False
        return True

    return test


def _some(there: Iterable[int], absent: Iterable[int], rest: Sequence[Test]) -> Test:
    enough, missing, tests = frozenset(there), frozenset(absent), tuple(rest)
    if not missing and not tests:
        return lambda present, _: not enough.isdisjoint(present)

    def test(present: set[int], found: Found) -> bool:
        if not enough.isdisjoint(present) or not missing <= present:
            return True
        for part in tests:  # noqa: SIM110
            if part(present, found):
                return True
        return False

    return test


def _near(nears: Sequence[Near], atoms: Atoms, *, in_title: bool, wanted: bool) -> Test:
    """Return the test that one of the pairs is near, or that none is: alternatives make dozens of pairs."""
    pairs = tuple(
        (atoms.word(near.left.text, in_title=False), atoms.word(near.right.text, in_title=False), near.distance)
        for near in nears
    )
    lefts, rights = frozenset(left for left, _, _ in pairs), frozenset(right for _, right, _ in pairs)

    def test(present: set[int], found: Found) -> bool:
        if lefts.isdisjoint(present) or rights.isdisjoint(present):
            return not wanted
        for left, right, distance in pairs:
            if left in present and right in present and _close(found, left, right, distance, in_title=in_title):
                return wanted
        return not wanted

    return test


def _close(found: Found, left: int, right: int, distance: int, *, in_title: bool) -> bool:
    ends = found.title_ends
    both = (left, right)
    of_title, of_text = _Spans(), _Spans()
    for number, start, end in found.hits:
        if number in both:
            spans = of_title if end <= ends else of_text
            if number == left:
                spans.lefts.append((start, end))
            if number == right:
                spans.rights.append((start, end))
    return of_title.within(distance) or (not in_title and of_text.within(distance))


class _Spans:
    """Where two words stand in one field."""

    def __init__(self) -> None:
        self.lefts: list[Span] = []
        self.rights: list[Span] = []

    def within(self, distance: int) -> bool:
        return any(between <= distance for _, between in gaps(self.lefts, self.rights))


def _atom(node: Term | Place | In, atoms: Atoms, *, in_title: bool) -> int:
    match node:
        case Term(text):
            return atoms.word(text, in_title=in_title)
        case Place(name):
            return atoms.place(name)
        case In(channel):
            return atoms.channel(channel)


def needs(node: Node, atoms: Atoms) -> frozenset[int]:
    """Return atoms of which one occurs in whatever text the query holds for.

    There are such atoms for every query that does not select everything. Of the parts of an AND that would do, the
    one with the fewest and longest words is taken: these occur least.
    """
    channels = (None, *Channel) if _speaks_of_channels(node) else (None,)
    needed: set[int] = set()
    for channel in channels:
        choice = _need(node, channel, atoms, in_title=False, wanted=True)
        needed |= choice.atoms if choice is not None else set()
    return frozenset(needed)


class _Need(NamedTuple):
    """Atoms of which one must occur, and how often one will by a rough guess. No need at all: always holds."""

    atoms: frozenset[int]
    weight: float


def _need(node: Node, channel: Channel | None, atoms: Atoms, *, in_title: bool, wanted: bool) -> _Need | None:
    """Return the need of `node` for posts of one channel; None where it may hold without any atom."""
    match node:
        case Not(part):
            return _need(part, channel, atoms, in_title=in_title, wanted=not wanted)
        case Title(part):
            return _need(part, channel, atoms, in_title=True, wanted=wanted)
        case And(parts) | Or(parts):
            given = [_need(part, channel, atoms, in_title=in_title, wanted=wanted) for part in parts]
            needs = [need for need in given if need is not None]
            if isinstance(node, And) is wanted:
                return min(needs, key=lambda need: need.weight, default=None)
            if len(needs) < len(given):
                return None
            return _Need(frozenset().union(*(need.atoms for need in needs)), sum(need.weight for need in needs))
        case In(other):
            return None if (other == channel) is wanted else _Need(frozenset(), 0.0)
        case Near(left, right):
            both = [_word_need(word, atoms, in_title) for word in (left, right)]
            return min(both, key=lambda need: need.weight) if wanted else None
        case Term():
            return _word_need(node, atoms, in_title) if wanted else None
        case Place(name):
            return _Need(frozenset((atoms.place(name),)), _PLACE_WEIGHT) if wanted else None


#: One post in ten speaks of a place at a guess; a word's share falls by ten with each character.
_PLACE_WEIGHT: Final = 0.1


def _word_need(word: Term, atoms: Atoms, in_title: bool) -> _Need:
    return _Need(frozenset((atoms.word(word.text, in_title=in_title),)), 10.0 ** -min(len(word.text), 9))


def _speaks_of_channels(node: Node) -> bool:
    match node:
        case In():
            return True
        case And(parts) | Or(parts):
            return any(map(_speaks_of_channels, parts))
        case Not(part) | Title(part):
            return _speaks_of_channels(part)
        case Term() | Near() | Place():
            return False
