"""What people ask, complain of or want done in a post (诉求).

A sentence counts where somebody speaks for themselves: it asks (question), complains (complaint) or wants something
done (request), of a public matter or of an office. Notices, replies, news that tells of others, praise and set phrases
do not.
"""

from __future__ import annotations

from typing import Final, Literal

from contracts.findings import Concern, ConcernKind
from services.analysis.enrich.concerns import sentences, speech, themes
from services.analysis.enrich.folding import fold

__all__ = ["find"]

#: concerns that one post shows at most, so that no long letter outweighs the others
MOST: Final = 5
#: share of a post's sentences by an office from which the whole of it is an office's
_THEIRS: Final = 0.3
#: points (characters of theme words, standing, what the rest of the post is about) below which a sentence is nobody's
#: business but the writer's
_TELLING: Final = {ConcernKind.REQUEST: 4, ConcernKind.COMPLAINT: 5, ConcernKind.QUESTION: 5}

#: points of a theme that people seldom bring up in talk of their own life
_WEIGHTY: Final = 2

_Found = tuple[int, Concern]


def find(text: str, title: str = "") -> list[Concern]:
    """Return the concerns of a post in its order, at most MOST, each theme once a kind.

    Spans count characters of `text` or `title` as given. A concern without words of a theme has that of the whole post.
    """
    fields: tuple[tuple[Literal["title", "text"], str], ...] = (("title", title), ("text", sentences.own_words(text)))
    whole = themes.read(fold(f"{title}\n{fields[1][1]}"))
    reported = speech.is_report(fields[1][1])
    best: dict[tuple[ConcernKind, str], _Found] = {}
    for field, content in fields:
        for start, end in sentences.sentences(content):
            found = _concern(content[start:end], whole, reported=reported)
            if found is None:
                continue
            kind, reading, worth = found
            concern = Concern(
                field=field,
                start=start,
                end=end,
                quote=content[start:end],
                kind=kind,
                theme=reading.theme,
                ask=reading.ask,
            )
            key = (kind, reading.theme)
            if key not in best or worth > best[key][0]:
                best[key] = (worth, concern)
    if not best or _official(fields[1][1]):
        return []
    kept = sorted(best.values(), key=lambda found: -found[0])[:MOST]
    return [concern for _, concern in sorted(kept, key=lambda found: (found[1].field == "text", found[1].start))]


def _concern(sentence: str, whole: themes.Reading, *, reported: bool) -> tuple[ConcernKind, themes.Reading, int] | None:
    """Return the kind and theme of a sentence and what it is worth as a sample, or None where it is no concern."""
    kind = speech.kind_of(sentence)
    if kind is None or speech.by_office(sentence):
        return None
    if reported or speech.by_reporter(sentence):
        sentence = speech.quoted(sentence)
        kind = speech.kind_of(sentence)
        if kind is None or speech.by_office(sentence):
            return None
    if kind is not ConcernKind.REQUEST and speech.in_praise(sentence):
        return None
    reading = themes.read(fold(sentence))
    standing = speech.standing(sentence)
    points = min(reading.weight, 8) + standing + _WEIGHTY * themes.is_weighty(reading.theme)
    if whole.theme == reading.theme or not reading.weight:
        points += min((whole.weight - reading.weight) // 2, 4)
    if points < _TELLING[kind]:
        return None
    if not reading.weight:
        reading = themes.Reading(whole.theme, whole.ask)
    return kind, reading, min(reading.weight, 12) + standing + min(len(sentence), 40) // 8


def _official(text: str) -> bool:
    """Tell whether a post is an office's: it reads as a letter of one, or many of its sentences do."""
    if speech.is_reply(text):
        return True
    spans = list(sentences.sentences(text))
    theirs = sum(1 for start, end in spans if speech.by_office(text[start:end]))
    return len(spans) > 1 and theirs / len(spans) >= _THEIRS
