"""What a text is about in a few words: its hashtags, words of the domain, and the names and rare words that it has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from services.analysis.enrich.keywords.commonplace import GENERIC_TAGS, WORDS
from services.analysis.enrich.keywords.joining import APART, joined
from services.analysis.enrich.keywords.rarity import HIGHEST, is_known, rarity_of
from services.analysis.enrich.keywords.words import DOMAIN_WORDS, KINDS, cleaned, is_byline, is_outlet, parted

__all__ = ["LIMIT", "extract"]

LIMIT: Final = 8

#: characters that are read; what a report is about it says before
_SCANNED: Final = 2_000
_TAG: Final = re.compile(r"[#＃]([^#＃\s][^#＃\n]{0,28}[^#＃\s])[#＃]|【([^】\n]{2,20})】")
#: a longer bracketed text is a headline, whose words count like a title's
_LONGEST_BRACKETED: Final = 10
_TAG_SCORE: Final = 40.0
_ALSO_SCORE: Final = 1.5 * HIGHEST
_IN_TITLE: Final = 1.8
#: a name that was joined of several words tells more than they do
_JOINED: Final = 1.2
#: a guessed word is taken when the text or the training texts have it again
_AGAIN: Final = 2
#: a single word worth less (the commonest verbs) says nothing, unless it is in the title or said again
_LEAST: Final = 2.9
#: a part of a name is a keyword too when it stands alone this often
_ALONE: Final = 3
_HAN: Final = re.compile(r"[\u4e00-\u9fffA-Za-z]")


def extract(text: str, *, title: str = "", also: Iterable[str] = (), limit: int = LIMIT) -> list[str]:
    """Return up to `limit` keywords, weightiest first; `also` are words already known to matter (places, say).

    A word weighs by how often the text has it (1 + ln), by how rare it is elsewhere (:mod:`rarity`), by its part of
    speech, and by whether it stands in the title. Account names, marks, links and numbers are
    left out, and so are bylines.
    """
    whole, head = cleaned(f"{title}\n{text}"[:_SCANNED]), cleaned(title)
    scores: dict[str, float] = {}
    counts: dict[str, int] = {}
    for match in _TAG.finditer(whole):
        tag = (match[1] or match[2]).strip()
        if match[2] and len(tag) > _LONGEST_BRACKETED:
            head = f"{head}\n{tag}"
        elif not _generic(tag):
            scores[tag] = scores.get(tag, 0.0) + _TAG_SCORE
    for word in also:
        scores[word] = scores.get(word, 0.0) + _ALSO_SCORE
    for word, (worth, times) in _worths(parted(whole)).items():
        counts[word] = times
        in_title = word in head
        if worth >= _LEAST or times > 1 or in_title:
            scores[word] = scores.get(word, 0.0) + worth * (1 + math.log(times)) * (_IN_TITLE if in_title else 1.0)
    return _chosen(scores, counts, limit)


def _worths(tokens: Iterable[tuple[str, str]]) -> dict[str, tuple[float, int]]:
    """Return what one occurrence of each word is worth, and how often it occurs; only of words that may be keywords."""
    run: list[str] = []
    weights: dict[str, float] = {}
    counts: Counter[str] = Counter()
    guesses: set[str] = set()
    for token in tokens:
        weight, guessed, joinable = KINDS[token]
        word = token[0]
        if weight:
            weights.setdefault(word, weight)
            if guessed:
                guesses.add(word)
        if joinable:
            run.append(word)
        else:
            if run and run[-1] != APART:
                run.append(APART)
            if weight:
                counts[word] += 1
    words, names = joined(run)
    counts.update(words)
    found: dict[str, tuple[float, int]] = {}
    for word, times in counts.items():
        if (word in names or word in guesses) and is_outlet(word):
            continue
        if word in names and word not in WORDS and times >= _AGAIN:
            found[word] = HIGHEST * _JOINED, times
        elif word in weights and (word not in guesses or times >= _AGAIN or is_known(word)):
            found[word] = weights[word] * rarity_of(word), times
    return found


def _generic(tag: str) -> bool:
    """Tell whether a hashtag or bracketed text heads any post, is a byline, or has no word of its own."""
    if tag in GENERIC_TAGS or tag in WORDS or is_byline(tag) or not _HAN.search(tag):
        return True
    return not any(KINDS[token].weight for token in parted(tag)) and len(tag) < 4


def _chosen(scores: dict[str, float], counts: dict[str, int], limit: int) -> list[str]:
    """Return the best, none of which only repeats a part of a better one."""
    chosen: list[str] = []
    for word in sorted(scores, key=lambda word: (-scores[word], word)):
        if len(chosen) == limit:
            break
        if any(_repeats(word, better, counts.get(word, 0)) for better in chosen):
            continue
        chosen.append(word)
    return chosen


def _repeats(word: str, better: str, times: int) -> bool:
    """Tell whether a word only repeats a better one: a part of it that hardly stands alone, or it and more."""
    if word in better:
        return times < _ALONE and word not in DOMAIN_WORDS
    return len(better) > 2 and better in word and better not in DOMAIN_WORDS
