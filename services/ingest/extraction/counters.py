"""How often a page says it was read, answered, passed on and liked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from services.ingest.extraction.document import Element, shown, words
from services.ingest.extraction.structured import kind_of

_UNITS: Final = {
    "千": 1e3,
    "k": 1e3,
    "万": 1e4,
    "萬": 1e4,
    "w": 1e4,
    "百万": 1e6,
    "m": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "億": 1e8,
}
_FIGURE: Final = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12}(?:\.\d{1,4})?)"
_UNIT: Final = r"(?:百万|千万|[千万萬亿億kKwWmM](?![a-zA-Z]))"
_COUNT: Final = re.compile(
    rf"^\D{{0,2}}?(?P<figure>{_FIGURE})\s*(?P<unit>{_UNIT})?\s*[+余多]?\s*(?:次|人次|人|条|篇|个|楼|赞|阅读|评论)?\W*$"
)

#: what Chinese pages call each count; the more exact word is tried first
_LABELS: Final = {
    "reads": (
        r"(?:总|文章|累计|被)?(?:阅读|浏览|点击|查看|播放|围观|访问)(?:次数|总数|人数|数量|量|数)?"
        r"|人气|浏览次數|瀏覽|閱讀|(?:page\s?)?views?|pv|hits"
    ),
    "comments": (
        r"(?:网友|全部|最新|总)?(?:评论|回复|跟贴|跟帖|回帖|留言|評論|回覆|讨论)(?:次数|总数|人数|数量|量|数)?"
        r"|comments?|repl(?:y|ies)"
    ),
    "reposts": r"(?:转发|分享|转载|轉發)(?:次数|总数|人数|数量|量|数)?|reposts?|shares?|forwards?",
    "likes": r"(?:点赞|点讚|按赞|点个赞|获赞|喜欢|支持|推荐|赞|讚|顶)(?:次数|总数|人数|数量|量|数)?|likes?|ups?",
}
_VALUE: Final = rf"(?P<value>{_FIGURE}\s*{_UNIT}?\s*\+?)"
_AFTER: Final = {
    name: re.compile(
        rf"(?:(?<=[万亿次条人])|(?<![\u4e00-\u9fffA-Za-z]))(?:{label})\s*[:：]?\s*[(\[(]?\s*{_VALUE}(?![\d:.-]|\s*[年月日时分秒/-])",
        re.I,
    )
    for name, label in _LABELS.items()
}
_BEFORE: Final = {
    name: re.compile(
        rf"(?<![\d.,:/-]){_VALUE}\s*(?:次|条|人次|人|个|篇|位)?\s*(?:{label})(?![\u4e00-\u9fffA-Za-z::\d])", re.I
    )
    for name, label in _LABELS.items()
}
_ANY_FIGURE: Final = re.compile(r"\d")
_ANY_LABEL: Final = re.compile("|".join(_LABELS.values()), re.I)
_TIMES: Final = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?|\d{1,2}:\d\d(?::\d\d)?")
_CLASSES: Final = {
    "reads": re.compile(
        r"(?:read|view|click|hit|visit|play)s?[-_]?(?:count|num|times|total)(?![a-z])|(?:^|[\s_-])(?:views|hits|pv)(?:$|[\s_-])",
        re.I,
    ),
    "comments": re.compile(r"(?:comment|reply|replies|cmnt)s?[-_]?(?:count|num|total)(?![a-z])", re.I),
    "reposts": re.compile(r"(?:repost|share|forward)s?[-_]?(?:count|num|total)(?![a-z])", re.I),
    "likes": re.compile(r"(?:like|praise|digg|zan|up|vote)s?[-_]?(?:count|num|total)(?![a-z])", re.I),
}
#: a class that says only that a number stands here: the element around it says of what
_BARE_CLASS: Final = re.compile(r"(?:^|\s)(?:num|number|count|cnt)(?:$|\s)", re.I)
_ROOTS: Final = {
    "reads": re.compile(r"(?:^|[\s_-])(?:read|view|click|hit|visit|play)s?(?:$|[\s_-])"),
    "comments": re.compile(r"(?:^|[\s_-])(?:comments?|repl(?:y|ies)|cmn?t|pinglun)(?:$|[\s_-])"),
    "reposts": re.compile(r"(?:^|[\s_-])(?:repost|share|forward)s?(?:$|[\s_-])"),
    "likes": re.compile(r"(?:^|[\s_-])(?:like|praise|digg|zan|vote)s?(?:$|[\s_-])"),
}
_ANY_CLASS: Final = re.compile(r"count|num|times|total|views|hits|pv", re.I)
#: a line longer than this is prose, and a number in it no counter
_LABEL_LINE: Final = 120
_ACTIONS: Final = {
    "readaction": "reads", "viewaction": "reads", "watchaction": "reads", "commentaction": "comments",
    "replyaction": "comments", "shareaction": "reposts", "likeaction": "likes",
}  # fmt: skip


def read_count(text: str) -> int | None:
    """Return a count as Chinese pages write it (1,234; 1.2万; 3亿; 10w+), or None where `text` is not one."""
    match = _COUNT.match(unicodedata.normalize("NFKC", text).strip()) if len(text) <= 40 else None
    if not match:
        return None
    return round(float(match["figure"].replace(",", "")) * _UNITS.get((match["unit"] or "").lower(), 1))


def labelled_counts(texts: Iterable[str]) -> dict[str, int]:
    """Return the counts that short lines name by a word before or after the number; the first of each kind is taken.

    Keys are `reads`, `comments`, `reposts`, `likes`.
    """
    found: dict[str, int] = {}
    for text in texts:
        if len(text) > _LABEL_LINE or not any(sign.isdigit() for sign in text):
            continue
        line = _TIMES.sub(" ", unicodedata.normalize("NFKC", text))
        figures, labels = (
            [one.start() for one in _ANY_FIGURE.finditer(line)],
            [one.start() for one in _ANY_LABEL.finditer(line)],
        )
        if not figures or not labels:
            continue
        # 阅读 12 评论 3, or 12 阅读 3 评论: a line that begins with a number and ends with a word is of the second form
        after = labels[0] < figures[0] or labels[-1] < figures[-1]
        first, second = (_AFTER, _BEFORE) if after else (_BEFORE, _AFTER)
        forms = first if any(pattern.search(line) for pattern in first.values()) else second
        for name in _LABELS:
            if name in found:
                continue
            match = forms[name].search(line)
            count = read_count(match["value"]) if match else None
            if count is not None:
                found[name] = count
    return found


def marked_counts(root: Element) -> dict[str, int]:
    """Return the counts in elements whose class or id says what they hold (`readNum`, `comment-count`)."""
    found: dict[str, int] = {}
    for element in root.iter("span", "em", "i", "b", "a", "div", "strong", "font"):
        own = words(element)
        if len(element) > 1 or not _ANY_CLASS.search(own):
            continue
        name = next((name for name, pattern in _CLASSES.items() if pattern.search(own)), None)
        if name is None and _BARE_CLASS.search(own):
            around = " ".join(words(one) for one in islice(element.iterancestors(), 2))
            name = next((name for name, pattern in _ROOTS.items() if pattern.search(around)), None)
        if name and name not in found:
            count = read_count(shown(element)[:20])
            if count is not None:
                found[name] = count
    return found


def declared_counts(node: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a JSON-LD node: interactionStatistic, commentCount."""
    found: dict[str, int] = {}
    statistics = node.get("interactionStatistic") or []
    for one in statistics if isinstance(statistics, list) else [statistics]:
        if not isinstance(one, dict):
            continue
        action = one.get("interactionType")
        kind = kind_of(action) if isinstance(action, dict) else str(action or "")
        name = _ACTIONS.get(kind.rsplit("/", 1)[-1].lower())
        count = read_count(str(one.get("userInteractionCount", "")))
        if name and count is not None:
            found.setdefault(name, count)
    count = read_count(str(node.get("commentCount", "")))
    if count is not None:
        found.setdefault("comments", count)
    return found
