"""What an event is called and what it says in brief: words of its own posts, chosen, never written.

Title and summary come from the first :data:`READ` different texts of an event, so that they settle early and then stand
still, whatever comes later and in whatever order it came.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add
from typing import Final

from services.analysis.enrich.folding import story_key
from services.analysis.events.linking import Order
from services.analysis.events.vectors import Vector, centrality

#: texts of an event that it is described by, earliest first
READ: Final = 200
#: characters of a text that are read for the summary
OPENING: Final = 600
SUMMARY_CHARACTERS: Final = 200
TITLE_CHARACTERS: Final = 60
_SENTENCES: Final = 3
#: words that stand for the title where no text is left, and what does where there are none
_WORDS: Final = 3
_WORDLESS: Final = "原文已清除"
#: headlines and sentences are taken from this many of the most central texts
_CENTRAL: Final = 12
_SHORTEST_SENTENCE: Final = 8
#: sentences that share this much of the shorter one's character pairs say the same
_SAME: Final = 0.5
_SENTENCE: Final = re.compile(r"[^。!?！？…\n]+[。!?！？…]*[”」』\"]?")
#: texts whose sentences are remembered, some kilobytes each
_REMEMBERED: Final = 4_096
_ENDS: Final = (*'。!?！？…”」』"',)
_SHORTEST_HEADLINE: Final = 6
_TAG: Final = re.compile(r"[#＃]([^#＃\n]+)[#＃]|【([^】\n]+)】")
_LEADING_TAGS: Final = re.compile(rf"\A(?:\s*(?:{_TAG.pattern}))+\s*")


@dataclass(frozen=True, slots=True)
class Story:
    """One text of an event: the earliest post with it."""

    order: Order
    title: str
    text: str
    vector: Vector | None


def title_and_summary(stories: Sequence[Story]) -> tuple[str, str]:
    """Return the most central headline, at most 60 characters, and an extract of at most 200.

    Central is what is most like the mean of all; of equally central texts the earlier. Texts with a headline of their
    own come before those that have to be called by their first sentence. Raises ValueError without a text.
    """
    ordered = sorted(stories, key=lambda story: story.order)[:READ]
    if not ordered:
        raise ValueError("an event has at least one text")
    central = _by_centrality(ordered)[:_CENTRAL]
    named = next((story for story in central if _headline(story)), central[0])
    return title_of(named.title, named.text), _extract(central)


def title_of(title: str, text: str) -> str:
    """Return a post's title, else its hashtag or bracketed headline, else its first sentence, at most 60 characters.

    A hashtag or bracketed text of fewer than six characters (#移民补偿#) says nothing by itself: it is no headline, and
    left out of the sentence that it stands before.
    """
    found = title.strip() or _tagged(text)
    if not found:
        told = _LEADING_TAGS.sub("", text) or text
        found = next((s.strip() for s in _SENTENCE.findall(told) if s.strip()), told.strip())
    return found if len(found) <= TITLE_CHARACTERS else found[: TITLE_CHARACTERS - 1] + "…"


def quotes(title: str, posts: Iterable[tuple[str, str]]) -> bool:
    """Tell whether `title` is of the text of one of `posts`, (title, text), and no post's own title."""
    said = title.removesuffix("…")
    of_a_post, of_a_text = False, False
    for headline, text in posts:
        of_a_post |= bool(headline.strip()) and title_of(headline, "") == title
        of_a_text |= not headline.strip() and said in text
    return of_a_text and not of_a_post


def title_of_words(keywords: Sequence[str], places: Sequence[str]) -> str:
    """Return a title for an event of whose texts none is left: what it was most about, else where."""
    return " ".join((keywords or places)[:_WORDS]) or _WORDLESS


def _headline(story: Story) -> bool:
    return bool(story.title.strip() or _tagged(story.text))


def _tagged(text: str) -> str:
    """Return the first hashtag or bracketed text that is long enough for a headline, "" without one."""
    tags = ((tag[1] or tag[2]).strip() for tag in _TAG.finditer(text))
    return next((tag for tag in tags if len(tag) >= _SHORTEST_HEADLINE), "")


def _by_centrality(stories: Sequence[Story]) -> list[Story]:
    """Return the stories, most central first; those without a vector last."""
    vectors = {story.order: story.vector for story in stories if story.vector is not None}
    if len(vectors) < 3:  # with two, both are as central: the earlier speaks
        return list(stories)
    # whole numbers: the same in any order
    central = dict(zip(vectors, centrality(list(vectors.values())), strict=True))
    return sorted(stories, key=lambda story: (-central.get(story.order, -1), story.order))


def _extract(stories: Sequence[Story]) -> str:
    """Return up to three sentences that say what most texts say, in the order in which they were published."""
    found: list[tuple[Story, int, _Sentence]] = []
    spread: Counter[str] = Counter()
    for story in stories:
        sentences = _sentences(story.text[:OPENING])
        spread.update(frozenset().union(*(one.pairs for one in sentences)))
        found += [(story, place, one) for place, one in enumerate(sentences) if one.tells]
    if not found:
        return " ".join(stories[0].text.split())[:SUMMARY_CHARACTERS]

    def weight(place: int, pairs: frozenset[str]) -> float:
        # what many texts hold, early in the text; long sentences gain by what they hold, not by their length
        return (sum(map(spread.__getitem__, pairs)) - len(pairs)) / (len(pairs) + 10) / (1 + 0.2 * place)

    chosen: list[tuple[Story, int, _Sentence]] = []
    left = SUMMARY_CHARACTERS
    for one in sorted(found, key=lambda one: (-weight(one[1], one[2].pairs), one[0].order, one[1])):
        fits = len(one[2].said) <= left
        if fits and not any(_overlap(one[2].pairs, other[2].pairs) >= _SAME for other in chosen):
            chosen.append(one)
            left -= len(one[2].said) + 1
        if len(chosen) == _SENTENCES:
            break
    if not chosen:
        return found[0][2].said[: SUMMARY_CHARACTERS - 1] + "…"
    *before, last = (one[2].said for one in sorted(chosen, key=lambda one: (one[0].order, one[1])))
    # a line without a full stop would run into the next
    return "".join(one if one.endswith(_ENDS) else f"{one}。" for one in before) + last


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence, its pairs of neighbouring letters and digits, and whether it is long enough to tell something."""

    said: str
    pairs: frozenset[str]
    tells: bool


def forget() -> None:
    """Keep no text any longer that events were described by."""
    _sentences.cache_clear()


# an event is described anew with each text that it gains, mostly by texts that it was described by before
@lru_cache(maxsize=_REMEMBERED)
def _sentences(text: str) -> tuple[_Sentence, ...]:
    found = []
    for sentence in _SENTENCE.findall(text):
        said = " ".join(sentence.split())
        key = story_key(said)
        found.append(_Sentence(said, frozenset(map(add, key, key[1:])), len(key) >= _SHORTEST_SENTENCE))
    return tuple(found)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))
