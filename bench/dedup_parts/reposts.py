"""Ways in which people and platforms change a text when they pass it on, and one in which they make another text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import opencc

_EMOJI = [
    "😂",
    "🙏",
    "😡",
    "👍",
    "❤️",
    "🔥",
    "😭",
    "💪",
    "⚠️",
    "🇨🇳",
    "[笑cry]",
    "[泪]",
    "[允悲]",
    "[蜡烛]",
    "[怒]",
    "[doge]",
]
_COMMENTS = [
    "",
    "转发微博",
    "太可怕了",
    "关注一下",
    "大家注意",
    "这是真的吗？",
    "希望尽快解决！",
    "说得好",
    "看看",
    "扩散",
    "求证实",
]
_NAMES = ["山南水北", "小城故事2020", "云上的日子", "Leo_王", "老街坊", "青石板-巷子", "晨跑的人"]
_MARKS = ["【转】", "转：", "转发：", "转发微博//", "[转] ", "转载："]
_TO_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TO_HALF = str.maketrans("，。！？：；（）", ",.!?:;()")
_TRADITIONAL = opencc.OpenCC("s2t")
_TAIWAN = opencc.OpenCC("s2tw")


def cut(text: str, chance: random.Random) -> str:
    """Keep the beginning: 140 characters of a long text, else half to four fifths; at least 20 characters."""
    size = 140 if len(text) >= 200 else max(20, int(len(text) * chance.uniform(0.5, 0.8)))
    return text[:size] + chance.choice(["", "…", "...全文", "…展开全文c"])


def excerpt(text: str, chance: random.Random) -> str:
    """Keep half to four fifths from somewhere within; at least 20 characters."""
    size = max(20, int(len(text) * chance.uniform(0.5, 0.8)))
    begin = chance.randint(0, max(len(text) - size, 0))
    return text[begin : begin + size]


def prefixed(text: str, chance: random.Random) -> str:
    """Put a mark of reposting before the text, a comment, or a chain of one to three persons' comments."""
    if chance.random() < 0.3:
        return chance.choice(_MARKS) + text
    if chance.random() < 0.2:
        return chance.choice(_COMMENTS[2:]) + " " + text
    chain = "".join(f"//@{chance.choice(_NAMES)}：{chance.choice(_COMMENTS)}" for _ in range(chance.randint(0, 2)))
    return f"{chance.choice(_COMMENTS)}{chain}//@{chance.choice(_NAMES)}:{text}"


def emoji(text: str, chance: random.Random) -> str:
    """Put two to six emoji into the text and behind it."""
    for _ in range(chance.randint(2, 6)):
        place = chance.choice([len(text), chance.randint(0, len(text))])
        text = text[:place] + chance.choice(_EMOJI) + text[place:]
    return text


def punctuation(text: str, chance: random.Random) -> str:
    """Add, change and leave out punctuation and white space."""
    if chance.random() < 0.5:
        text = text.translate(_TO_HALF)
    if chance.random() < 0.3:
        text = re.sub(r"[，。、；]", lambda found: chance.choice(["", " ", "\n", found[0]]), text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randint(0, len(text))
        if not (text[max(place - 1, 0) : place + 1].isascii() and text[max(place - 1, 0) : place + 1].isalnum()):
            text = text[:place] + chance.choice(["！", "~", "……", " ", "“", "\n\n", "★"]) + text[place:]
    return text + chance.choice(["！！！", "？？", "。", "~~~", ""])


def script(text: str, chance: random.Random) -> str:
    """Write it in traditional characters (as a converter does), full width, or both."""
    kind = chance.random()
    if kind < 0.7:
        text = (_TRADITIONAL if kind < 0.4 else _TAIWAN).convert(text)
    return text.translate(_TO_FULL) if kind >= 0.55 else text


def mixture(text: str, chance: random.Random) -> str:
    """Do two to four of the others, cutting first and prefixing last."""
    steps = [cut, emoji, punctuation, script, prefixed]
    for place in sorted(chance.sample(range(len(steps)), chance.randint(2, 4))):
        text = steps[place](text, chance)
    return text


def other_figures(text: str, chance: random.Random) -> str:
    """Change one to three figures: another notice of the same template, no repost."""
    figures = list(re.finditer(r"(?<![A-Za-z#\d/.])\d+(?![A-Za-z\d])", text))
    for found in chance.sample(figures, min(len(figures), chance.randint(1, 3))):
        new = "".join(str((int(digit) + chance.randint(1, 9)) % 10) for digit in found[0])
        text = text[: found.start()] + new + text[found.end() :]
    return text


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "cut": cut,
    "excerpt": excerpt,
    "prefixed": prefixed,
    "emoji": emoji,
    "punctuation": punctuation,
    "script": script,
    "mixture": mixture,
}
