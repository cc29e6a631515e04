"""Texts as they are passed on: cut, prefixed, with other signs, in traditional characters, with emoji."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np
import opencc

from bench.events_parts.sets import Item

_LATER: Final = timedelta(hours=1)
_SIGN: Final = re.compile(r"[,，。、；;：:！!？?“”\"]")
_EMOJI: Final = ("😡", "🙏", "👍", "😭")
_TRADITIONAL: Final = opencc.OpenCC("s2t")


def _emoji(text: str) -> str:
    pieces = re.split(r"(?<=[。！!？?])", text)
    return "".join(piece + _EMOJI[number % len(_EMOJI)] for number, piece in enumerate(pieces))


KINDS: Final[dict[str, Callable[[str], str]]] = {
    "cut to 60 %": lambda text: text[: len(text) * 6 // 10],
    "cut to 30 %": lambda text: text[: len(text) * 3 // 10],
    "prefixed": lambda text: f"转发微博 太让人揪心了,大家都来看看吧//@路人甲:{text}",
    "other signs": lambda text: _SIGN.sub(" ", text),
    "traditional": _TRADITIONAL.convert,
    "emoji": _emoji,
}


def reposts(items: Sequence[Item], count: int, seed: int) -> list[tuple[str, int, Item]]:
    """Return (kind, place of the original, repost) of `count` originals a kind, an hour after each, without title."""
    able = [number for number, item in enumerate(items) if item.story is not None and len(item.text) >= 120]
    random = np.random.default_rng(seed)
    made: list[tuple[str, int, Item]] = []
    for kind, change in KINDS.items():
        for place in random.permutation(len(able))[:count]:
            original = items[able[place]]
            text = change(original.text[:400])
            made.append((kind, able[place], replace(original, title="", text=text, at=original.at + _LATER)))
    return made
