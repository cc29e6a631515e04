"""What texts are compared by: units, without the marks of reposting, links, emoji and punctuation.

A unit is one Chinese character (a traditional one as its simplified form), a word in letters, or a whole figure.
All texts of a call are taken apart together, in numpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kit.simplified import table

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Characters of a text that are looked at; two longer ones differ before, if they differ.
SCANNED: Final = 20_000
_TEXT_END: Final = "\x1e"
_CHAIN_MARK: Final = "\x1d"
_TAG_BEGIN: Final = "\x1c"
_TAG_END: Final = "\x1f"
_OUR_MARKS: Final = re.compile(r"[\x1c-\x1f]")
_DROPPED, _SINGLE, _LETTER, _DIGIT, _NUMERAL, _BEGIN, _BACK, _NEXT, _END = range(9)
_MARKS_FROM: Final = _BEGIN
_NUMERALS: Final = "〇零一二两三四五六七八九十百千万亿"
#: Scripts from here on are read character by character (CJK, kana, Hangul).
_CHARACTERS_FROM: Final = 0x2E80
_HAN_BEYOND_BMP: Final = (0x20000, 0x3FFFF)
#: Letters of a word or digits of a figure that tell it from others.
_RUN: Final = 64

_LINK: Final = re.compile(r"https?://(?:(?!//@)[!-~])+")
#: 「说得好//@某某:原文」 and 「||@某某:原文」: what follows is another person's text.
_CHAIN: Final = re.compile(r"(?://|\|\|)\s*@[^:\s\x1c-\x1f]{1,40}\s*:")
#: Who writes under one hashtag writes of one thing, not the same.
_TAG: Final = re.compile(r"#([^#\s\x1c-\x1f]{1,50})#")
#: What platforms and their users put around a text, written after NFKC and in lower case. [泪] and the like are emoji.
_AROUND: Final = re.compile(
    r"\[[^\[\]\s\x1c-\x1f]{1,6}\]|[【「(\[](?:转|轉|转发|轉發|转载|轉載)[】」)\]]|(?:快)?(?:转发|轉發)(?:微博|了)?(?=//|\s*[\x1c-\x1f])"
    r"|(?:转发|轉發)微博|回[复覆]@[^:\s\x1c-\x1f]{1,40}:|(?:(?<=[\x1c-\x1f])|^)\s*(?:转|轉|转发|轉發|转载|轉載|rt\s*@[^:\s\x1c-\x1f]{1,40})\s*:"
    r"|o?网页链接|(?:收起|展开)全文[cd]?|(?<=\.\.\.)\s*全文(?=\s*[\x1c-\x1f])"
)


@dataclass(frozen=True, slots=True)
class Units:
    """The units of several texts one after another: their hashes, what they are, and where they stand."""

    values: U64
    figure: Flags
    #: Parts of texts that nothing runs across: before, in and after a hashtag; what each person in a chain wrote.
    segment: I64
    #: Those of chains alone.
    link: I64
    text: I64
    #: Within a hashtag.
    tag: Flags
    #: Characters in each.
    size: I64

    def where(self, wanted: Flags) -> Units:
        """Return some of the units."""
        return Units(
            values=self.values[wanted],
            figure=self.figure[wanted],
            segment=self.segment[wanted],
            link=self.link[wanted],
            text=self.text[wanted],
            tag=self.tag[wanted],
            size=self.size[wanted],
        )


def mixed(values: U64) -> U64:
    """Return 64-bit integers scrambled, one to one (the finalizer of SplitMix64, Steele et al. 2014)."""
    x = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@cache
def powers(count: int) -> U64:
    """Return the first powers, modulo 2^64, of the odd number that sequences are hashed with."""
    factors = np.full(count, 0x9E3779B97F4A7C15, dtype=np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


@cache
def _simplified() -> npt.NDArray[np.uint32]:
    """Return for each character of the basic plane its simplified form, by OpenCC's t2s for single characters."""
    forms = np.arange(0x10000, dtype=np.uint32)
    for old, new in table().items():
        forms[old] = ord(new)
    return forms


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Return for each character of the basic plane what part it has in a unit."""
    table = np.zeros(0x10000, dtype=np.uint8)
    for code in range(0x10000):
        character = chr(code)
        if character.isdecimal():
            table[code] = _DIGIT
        elif character.isalnum():
            table[code] = _SINGLE if code >= _CHARACTERS_FROM else _LETTER
    table[[ord(numeral) for numeral in _NUMERALS]] = _NUMERAL
    for mark, part in ((_TAG_BEGIN, _BEGIN), (_TAG_END, _BACK), (_CHAIN_MARK, _NEXT), (_TEXT_END, _END)):
        table[ord(mark)] = part
    return table


def _joined(texts: Sequence[str]) -> str:
    """Return the texts in NFKC and lower case in one string, each ended by a mark, parts of repost chains too."""
    parts = [text[:SCANNED] for text in texts]
    joined = _TEXT_END.join(parts)
    if len(_OUR_MARKS.findall(joined)) != len(parts) - 1:
        joined = _TEXT_END.join(_OUR_MARKS.sub(" ", part) for part in parts)
    normal = unicodedata.normalize("NFKC", joined).casefold() + _TEXT_END
    linked = _CHAIN.sub(_CHAIN_MARK, _LINK.sub(" ", normal))
    return _TAG.sub(rf"{_TAG_BEGIN}\1{_TAG_END}", _AROUND.sub(" ", linked))


def units(texts: Sequence[str]) -> Units:
    """Return the units of the texts."""
    code: Any = np.frombuffer(_joined(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    beyond = code > 0xFFFF
    simple = _simplified()[np.minimum(code, 0xFFFF)]
    kind = _classes()[simple]
    if beyond.any():
        han = (code >= _HAN_BEYOND_BMP[0]) & (code <= _HAN_BEYOND_BMP[1])
        simple, kind = np.where(beyond, code, simple), np.where(beyond, np.where(han, _SINGLE, _DROPPED), kind)
    before = np.concatenate(([_END], kind[:-1]))
    kept = (kind != _DROPPED) & (kind < _MARKS_FROM)
    starts = (kept & ((kind == _SINGLE) | (kind != before)))[kept]
    first = np.flatnonzero(starts)
    place = np.arange(starts.size) - first[np.cumsum(starts) - 1]
    scrambled = mixed(simple[kept].astype(np.uint64) + np.uint64(1)) * powers(_RUN)[np.minimum(place, _RUN - 1)]
    of_unit = kind[kept][first]
    begun = np.cumsum(kind == _BEGIN) > np.cumsum(kind == _BACK)
    return Units(
        values=np.add.reduceat(scrambled, first) if first.size else scrambled,
        figure=(of_unit == _DIGIT) | (of_unit == _NUMERAL),
        segment=np.cumsum(kind >= _MARKS_FROM)[kept][first],
        link=np.cumsum(kind >= _NEXT)[kept][first],
        text=np.cumsum(kind == _END)[kept][first],
        tag=begun[kept][first],
        size=np.diff(np.concatenate((first, [starts.size]))),
    )
