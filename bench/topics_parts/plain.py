"""The plain ways of matching topics: looking for every word with `in`, and one alternation of all words with `re`."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from services.analysis.enrich.query import (
    And,
    In,
    Near,
    Node,
    Not,
    Or,
    Place,
    Reading,
    Term,
    Title,
    holds,
    parse,
    terms,
)
from services.analysis.enrich.query.evaluation import whole_word
from services.analysis.enrich.topics import TopicRule


class BySubstring:
    """Evaluates every topic on every text, words found by `str.find`, up to the first that decides."""

    def __init__(self, rules: Sequence[TopicRule]) -> None:
        self._topics = [(rule.key, parse(rule.query)) for rule in rules]

    def match(self, title: str, text: str) -> list[str]:
        """Return the keys of the topics that hold; title and text folded."""
        reading = Reading(title, text)
        return [key for key, node in self._topics if holds(node, reading)]


class ByAlternation:
    """Finds the words of all topics with one regular expression, then evaluates every topic on what was found."""

    def __init__(self, rules: Sequence[TopicRule]) -> None:
        self._topics = [(rule.key, parse(rule.query)) for rule in rules]
        words = sorted({word for _, node in self._topics for word in terms(node)}, key=len, reverse=True)
        # longest first and looking ahead: the longest word at each character, whose beginnings are words too
        self._words = re.compile("(?=(" + "|".join(map(re.escape, words)) + "))")
        known = set(words)
        self._begun = {word: [word[:n] for n in range(1, len(word) + 1) if word[:n] in known] for word in words}

    def match(self, title: str, text: str) -> list[str]:
        """Return the keys of the topics that hold; title and text folded."""
        present = {word for field in (title, text) for word in self._in(field)}
        reading = Reading(title, text)
        return [key for key, node in self._topics if _holds(node, present, reading)]

    def _in(self, field: str) -> Sequence[str]:
        return [
            word
            for match in self._words.finditer(field)
            for word in self._begun[match[1]]
            if whole_word(field, match.start(), match.start() + len(word))
        ]


def _holds(node: Node, present: Set[str], reading: Reading) -> bool:
    match node:
        case Term(text):
            return text in present
        case And(parts):
            return all(_holds(part, present, reading) for part in parts)
        case Or(parts):
            return any(_holds(part, present, reading) for part in parts)
        case Not(part):
            return not _holds(part, present, reading)
        case Near(left, right):
            return left.text in present and right.text in present and holds(node, reading)
        case Title() | Place() | In():
            return holds(node, reading)
