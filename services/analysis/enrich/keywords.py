"""What a text is about in a few words: hashtags, words of the domain, and what the text itself repeats."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

from contracts.masks import without_marks
from services.analysis.enrich.lexicon import DOMAIN

LIMIT: Final = 8

#: Words of resettlement work and of what people ask for; each counts this many plain repetitions.
_DOMAIN_WEIGHT: Final = 2.0
_TAG_WEIGHT: Final = 4.0
_DOMAIN: Final = tuple(DOMAIN.split())
_AUTOMATON: Final = AhoCorasick(_DOMAIN, matchkind=MatchKind.LeftmostLongest)

_TAG: Final = re.compile(r"[##]([^##\s][^##\n]{0,28}[^##\s])[##]|【([^】\n]{2,20})】")
_RUN: Final = re.compile(r"[\u4e00-\u9fff]+")
#: Characters that a keyword neither begins nor ends with, and mostly does not contain.
_GLUE: Final = frozenset(
    "的了着过是在和与及或也都就还又很太最更把被让给对向从到为因所以而且但如若则即将会能可要应该已曾正不没无未"
    "我你他她它们这那哪谁什么怎其之于由此每各某等个些种次位名年月日时分秒点上下中里内外前后一二三四五六七八九十百千万"
    "说称据据记者报道吗呢吧啊呀哦嗯"
)
_LONGEST: Final = 6
_SCANNED: Final = 1_500


def extract(text: str, *, title: str = "", also: Iterable[str] = (), limit: int = LIMIT) -> list[str]:
    """Return up to `limit` keywords, weightiest first; `also` are words already known to matter (places, say)."""
    scores: defaultdict[str, float] = defaultdict(float)
    whole = without_marks(f"{title}\n{text}"[:_SCANNED])
    for match in _TAG.finditer(whole):
        scores[(match[1] or match[2]).strip()] += _TAG_WEIGHT
    for index, _, _ in _AUTOMATON.find_matches_as_indexes(whole):
        scores[_DOMAIN[index]] += _DOMAIN_WEIGHT
    for index, _, _ in _AUTOMATON.find_matches_as_indexes(title):
        scores[_DOMAIN[index]] += _DOMAIN_WEIGHT
    for word in also:
        scores[word] += _DOMAIN_WEIGHT
    for word, times in _repeated(whole).items():
        if not any(word in known or known in word for known in scores if known != word):
            scores[word] += times * (1 + 0.2 * len(word)) / 2
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [word for word, _ in ranked[:limit]]


def _repeated(text: str) -> dict[str, int]:
    """Return the runs of 2 to 6 Han characters that occur at least twice, the longest of those that overlap."""
    counts: Counter[str] = Counter()
    for run in _RUN.findall(text):
        for length in range(2, _LONGEST + 1):
            counts.update(run[start : start + length] for start in range(len(run) - length + 1))
    common = [word for word, times in counts.items() if times >= 2 and not _GLUE.intersection(word)]
    kept: dict[str, int] = {}
    for word in sorted(common, key=lambda word: (-len(word), -counts[word], word)):
        if not any(word in longer and counts[longer] >= counts[word] for longer in kept):
            kept[word] = counts[word]
    best = sorted(kept, key=lambda word: (-kept[word] * len(word), word))[:LIMIT]
    return {word: kept[word] for word in best}
