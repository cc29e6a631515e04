"""Which topics a post belongs to: the words of all topics are found in one pass, then few queries are evaluated.

Every topic is filed under some words or places of which one must occur for it to hold (`needs`), the rarest choice
by the length of its words. A post's words thus name the topics that can hold, and only these are evaluated, each as
set operations on the numbers of what occurs (:mod:`services.analysis.enrich.query.compiling`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from contracts.words import Channel
from language.places import Places
from services.analysis.enrich import query
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query.compiling import Atoms, Found, Test, compiled, needs
from services.analysis.enrich.query.evaluation import latin, whole_word
from services.analysis.enrich.query.gazetteer import place_named, spoken_of

#: Stands between title and text; folded texts have no line breaks, so no word reaches across.
_BREAK: Final = "\n"
#: The family of the plan's topics, and of what users add to them.
PLAN_FAMILY: Final = "plan"


@dataclass(frozen=True, slots=True)
class TopicRule:
    """A topic as it is configured.

    A text belongs to it when the query holds, when it names one of `places` (where there are any) and when it holds
    none of the words `exclude`. Topics of one `family` share their events.
    """

    key: str
    query: str
    places: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    family: str = PLAN_FAMILY


class TopicMatcher:
    """All topics, ready to be matched. Topics whose query cannot be read are left out and named in `problems`."""

    def __init__(self, rules: Iterable[TopicRule]) -> None:
        self.problems: dict[str, query.QueryError] = {}
        self.families: dict[str, str] = {}
        self._keys: list[str] = []
        self._tests: list[Test] = []
        atoms = Atoms()
        filed: dict[int, list[int]] = {}
        for rule in rules:
            try:
                node = whole(rule)
            except query.QueryError as error:
                self.problems[rule.key] = error
                continue
            number = len(self._keys)
            self._keys.append(rule.key)
            self.families[rule.key] = rule.family
            self._tests.append(compiled(node, atoms))
            for atom in needs(node, atoms):
                filed.setdefault(atom, []).append(number)
        self._filed = {atom: tuple(numbers) for atom, numbers in filed.items()}
        self._filed_atoms = frozenset(filed)
        self._atoms = atoms
        self._in_titles = atoms.in_titles()
        self._edged = frozenset(number for word, number in atoms.words.items() if latin(word[0]) or latin(word[-1]))
        words = list(atoms.words)
        # the contiguous automaton takes a tenth of the memory of the DFA's and is hardly slower on Chinese
        self._automaton = AhoCorasick(words, implementation=Implementation.ContiguousNFA) if words else None

    def match(self, title: str, text: str, places: Places, channel: Channel | None = None) -> list[str]:
        """Return the keys of the topics that a post belongs to, in the order the topics were given.

        `title` and `text` are folded (:func:`~services.analysis.enrich.folding.fold`).
        """
        if self._automaton is None and not self._atoms.places:
            return []
        found = self._found(title, text)
        present = found.present
        if self._atoms.places:
            present.update(self._atoms.places[name] for name in spoken_of(places) if name in self._atoms.places)
        waking = self._filed_atoms & present
        if not waking:
            return []
        if channel is not None and channel in self._atoms.channels:
            present.add(self._atoms.channels[channel])
        filed = self._filed
        candidates: set[int] = set()
        for atom in waking:
            candidates.update(filed[atom])
        tests, keys = self._tests, self._keys
        return [keys[number] for number in sorted(candidates) if tests[number](present, found)]

    def _found(self, title: str, text: str) -> Found:
        if self._automaton is None:
            return Found(set(), [], 0)
        field = f"{title}{_BREAK}{text}" if title else text
        hits = self._automaton.find_matches_as_indexes(field, overlapping=True)
        present = {hit[0] for hit in hits}
        if not self._edged.isdisjoint(present):
            edged = self._edged
            hits = [hit for hit in hits if hit[0] not in edged or whole_word(field, hit[1], hit[2])]
            present = {hit[0] for hit in hits}
        ends = len(title)
        if ends and not present.isdisjoint(self._in_titles):
            present.update(
                self._in_titles[number] for number, _, end in hits if end <= ends and number in self._in_titles
            )
        return Found(present, hits, ends)


def check(text: str) -> query.Node:
    """Return a topic's query, read; raises :class:`QueryError` also where it would select every text."""
    node = query.parse(text)
    if query.selects_everything(node):
        raise query.QueryError(
            "查询会选中一切文本：须有一个必须出现的词或地点",
            "the query would select every text: some word or place must be required",
            0,
        )
    return node


def whole(rule: TopicRule) -> query.Node:
    """Return a topic's query, places and exclusions as one tree; raises :class:`QueryError`."""
    parts = [check(rule.query)]
    if (places := placed(rule)) is not None:
        parts.append(places)
    if (excluded := exclusions(rule)) is not None:
        parts.append(query.Not(excluded))
    return query.And(tuple(parts)) if len(parts) > 1 else parts[0]


def placed(rule: TopicRule) -> query.Node | None:
    """Return that one of a topic's places is spoken of; a name that is not in the gazetteer is looked for as a word."""
    found: list[query.Node] = []
    for given in rule.places:
        name, word = place_named(fold(given)), fold(given)
        if name is not None:
            found.append(query.Place(name))
        elif word:
            found.append(query.Term(word))
    return _any(found)


def exclusions(rule: TopicRule) -> query.Node | None:
    """Return that one of a topic's excluded words occurs."""
    return _any([query.Term(word) for word in map(fold, rule.exclude) if word])


def _any(parts: list[query.Node]) -> query.Node | None:
    return query.Or(tuple(parts)) if len(parts) > 1 else parts[0] if parts else None
