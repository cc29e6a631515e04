"""The repeated blocks of a forum page, and what one of them says: author, time, floor, words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.ingest.extraction.body import boilerplate
from services.ingest.extraction.counters import labelled_counts, read_count
from services.ingest.extraction.dates import Reading, find_time
from services.ingest.extraction.document import Element, Line, lines, shown, squeeze, words

#: names that forum software gives to the block of one post, and to nothing else
POST_NAME: Final = re.compile(
    r"(?:^|\s)(?:post_\d+|pid\d+|l_post|j_l_post|post-?\d{3,}|reply_?\d+|r_\d+|floor-?\d+|atl-item|read_tr|topic_post|cell-post|"
    r"post-item|postitem|reply-item|thread-post|forum-post|topic-reply)(?:$|\s)"
)
_CONTENT_NAME: Final = re.compile(
    r"(?:^|[\s_-])(?:t_f|postmessage|d_post_content|(?:post|reply|topic|floor|message|thread|answer|comment|bbs|rich|read)[-_]?"
    r"(?:content|text|txt|body|message|msg|cont|detail|con|info)|content|message|msg|markdown|cont|words|desc)(?:$|[\s_-]|\d)"
)
_AUTHOR_NAME: Final = re.compile(
    r"(?:^|[\s_-])(?:p_author_name|authi|author(?:[-_]?name|[-_]?link)?|user(?:[-_]?name|[-_]?link|[-_]?nick)?|nick(?:[-_]?name)?|poster|"
    r"xw1|uname|writer|louzhu|member[-_]?name|mod-user-name|name|dark)(?:$|[\s_-])"
)
_AUTHOR_LINK: Final = re.compile(
    r"space[-_.]?(?:uid|username)|[?&](?:uid|un|username|userid|user_id)=|/(?:u|user|users|people|member|members|home/main|profile|i|author)/"
    r"|home\.php|profile\.php|/~|/@",
    re.I,
)
_AUTHOR_LABEL: Final = re.compile(r"(?:作者|楼主|发帖人|发布者|发表者|网友|回复者)\s*[:：]\s*(?P<name>[^\s:：|]{1,30})")
_FLOOR: Final = re.compile(
    r"(?:^|[\s第|])(?P<number>\d{1,6})\s*(?:楼(?!上|下|主)|#|F(?![a-z]))|(?:^|\s)#\s*(?P<after>\d{1,6})(?!\d)", re.I
)
_NAMED_FLOORS: Final = {"沙发": 2, "板凳": 3, "地板": 4}
_OPENER: Final = re.compile(r"^\W*楼主\W*$|只看楼主|电梯直达")
_FLOOR_NAME: Final = re.compile(r"floor|postnum|louceng|(?:^|[\s_-])(?:lc|no|num)(?:$|[\s_-])")
#: what is no part of a post's own words
_NOT_WORDS: Final = re.compile(
    r"(?:^|[\s_-])(?:quote|blockquote|sign|signature|pstatus|user[-_]?info|pls|pi|po|plhin_side|d_author|p_author|authi|avatar|"
    r"tail-info|core_reply|j_lzl\w*|lzl\w*|rate|cm|pcb_rate|locked|attach_nopermission|op|operate|operations?|actions?|tools?|toolbar|btns?)"
    r"(?:$|[\s_-])"
)
_META: Final = re.compile(
    r"^\W*(?:发表于|发布于|回复于|回帖|发贴时间|发帖时间|来自|来自.{0,12}(?:客户端|网友|手机)|IP属地|楼主|回复|引用|举报|点评|评分|收藏|支持|反对|赞|顶|踩|"
    r"只看.{0,6}|倒序浏览|电梯直达|编辑|道具|使用道具|显示全部楼层|阅读模式|分享|积分|帖子|主题|等级|威望|注册时间|发消息|加好友|精华|在线时间|最后登录)"
    r"\W*\S{0,30}(?:\s+\S{0,20}){0,4}$|^本帖最后由.{0,60}编辑\W*$|^\W*(?:[一二三四五六七八九\d]+级|Lv\.?\s*\d+)\W*$",
    re.I,
)
_EDITED: Final = re.compile(r"本帖最后由[^\n]{0,60}?编辑")
_SHARE_OF_POSTS: Final = 0.6
#: blocks that are looked at on one page
_BLOCKS: Final = 600
_TIME_LINE: Final = 100


@dataclass(slots=True)
class Block:
    """What one repeated block says."""

    element: Element
    text: str
    author: str | None
    reading: Reading | None
    floor: int | None
    opener: bool
    counters: Mapping[str, int] = field(default_factory=dict)
    anchor: str | None = None

    @property
    def is_post(self) -> bool:
        """Tell whether somebody says something at some time."""
        return bool(self.text) and self.author is not None and self.reading is not None


def find_blocks(root: Element, now: datetime) -> list[Block]:
    """Return the posts of the page's largest group of alike blocks, in the page's order; [] where none is."""
    groups: dict[tuple[Element, str, str, str], list[Element]] = {}
    for element in root.iter("div", "li", "table", "tr", "article", "section", "tbody", "dl", "td"):
        parent = element.getparent()
        if parent is not None:
            groups.setdefault((parent, str(element.tag), _stable(element), _id_shape(element)), []).append(element)
    found: list[tuple[int, list[Block]]] = []
    looked_at = 0
    for (_, tag, names, shape), members in groups.items():
        named = POST_NAME.search(words(members[0])) is not None
        if (len(members) < 2 and not named) or tag == "td" or (not names and not shape and len(members) > 60):
            continue
        if not named and not _may_be_posts(members):
            continue
        looked_at += len(members)
        if looked_at > _BLOCKS:
            break
        blocks = [read_block(member, now) for member in members]
        posts = [block for block in blocks if block.is_post]
        filled = [block for block in blocks if block.text]
        if posts and len(posts) >= _SHARE_OF_POSTS * len(filled):
            found.append((sum(len(block.text) for block in posts) * (2 if named else 1), posts))
    kept = [(size, posts) for size, posts in found if not any(_holds(posts, other) for _, other in found)]
    return max(kept, key=lambda one: one[0])[1] if kept else []


def _holds(outer: Sequence[Block], inner: Sequence[Block]) -> bool:
    """Tell whether one of these blocks is but the box around several others: it has no head of its own."""
    first = inner[0]
    if len(inner) < 2 or outer is inner:
        return False
    return any(
        block.author == first.author
        and first.text in block.text
        and block.element is not first.element
        and block.element in first.element.iterancestors()
        for block in outer
    )


def _stable(element: Element) -> str:
    """Return those of an element's classes that say what it is, not which it is."""
    kept = [
        name
        for name in (element.get("class") or "").split()
        if not re.search(r"\d|^(?:odd|even|first|last|lz|louzhu|alt|hover)$", name)
    ]
    return " ".join(kept)


def _id_shape(element: Element) -> str:
    """Return the shape of a numbered id: what makes blocks without a class alike."""
    name = "" if element.get("class") else element.get("id") or ""
    return re.sub(r"\d+", "N", name) if re.search(r"\d", name) else ""


def _may_be_posts(members: Sequence[Element]) -> bool:
    """Tell cheaply whether blocks may be posts: one of the first holds text, an author and a figure."""
    for member in members[:3]:
        text = shown(member)
        if len(text) > 5 and (re.search(r"\d|刚刚|昨天|前天", text) is not None) and author_in(member) is not None:
            return True
    return False


def read_block(element: Element, now: datetime) -> Block:
    """Read one block; what it does not say is None."""
    facts = _field(element)
    content = _content(element)
    spoken = _words_of(content if content is not None else element, whole=content is None)
    inside = {line.text for line in spoken}
    beside = [line for line in lines(element) if line.text not in inside]
    author = squeeze(str(facts.get("author", {}).get("user_name") or "")) or author_in(element) or _labelled(beside)
    reading = _time(element, beside, now) or find_time(str(facts.get("content", {}).get("date") or ""), now)
    text = "\n".join(line.text for line in spoken if not _head(line, author, now))
    if spoken and sum(line.linked for line in spoken) > 0.7 * sum(line.length for line in spoken):
        # a list's row leads to a post, it is none
        text = ""
    floor, opener = _floor(element, beside)
    number = facts.get("content", {}).get("post_no")
    anchor = element.get("id") or next(
        (one.get("id") or one.get("name") for one in element.iter("a") if one.get("name")), None
    )
    counts = labelled_counts([line.spaced for line in beside if line.length <= 60])
    counts.pop("reads", None)
    answered = read_count(str(facts.get("content", {}).get("comment_num", "")))
    if answered is not None:
        counts["comments"] = answered
    return Block(
        element,
        _EDITED.sub("", text).strip(),
        author,
        reading,
        number if isinstance(number, int) else floor,
        opener,
        counts,
        anchor,
    )


def _field(element: Element) -> dict[str, Any]:
    """Return the facts that an element carries as JSON in `data-field`, as Tieba's posts do."""
    try:
        found = json.loads(element.get("data-field") or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, dict)}


def _content(element: Element) -> Element | None:
    """Return the inner element that holds the post's words, by its name: the one with most text."""
    best, size = None, 0
    marked = next((one for one in element.iter() if one.get("itemprop") in ("text", "articleBody", "reviewBody")), None)
    if marked is not None:
        return marked
    named = author_in(element)
    for inner in element.iter("div", "td", "p", "span", "article", "section"):
        if inner is element or not _CONTENT_NAME.search(words(inner)):
            continue
        if any(_NOT_WORDS.search(words(one)) for one in _path(inner, element)):
            continue
        length = len(shown(inner))
        if named and author_in(inner) == named and re.search(r"\d", shown(inner)[: len(named) + 24]):
            # the block's head is in it too
            continue
        nested = best is not None and best in inner.iterancestors()
        if length > size or (nested and length >= 0.8 * size):
            best, size = inner, length
    return best


def _path(inner: Element, outer: Element) -> list[Element]:
    path = [inner]
    for one in inner.iterancestors():
        if one is outer:
            break
        path.append(one)
    return path


def _words_of(element: Element, *, whole: bool) -> list[Line]:
    skipped = frozenset(
        one
        for one in element.iterdescendants()
        if isinstance(one.tag, str) and (one.tag == "blockquote" or _NOT_WORDS.search(words(one)))
    )
    kept = [line for line in lines(element, skipped) if not boilerplate(line) and not _EDITED.fullmatch(line.text)]
    if not whole:
        return kept
    return [line for line in kept if not _META.search(line.text) and not (line.density > 0.9 and line.length < 20)]


def author_in(element: Element) -> str | None:
    """Return the name of the first author whom an element names or links to, or None."""
    named = linked = None
    for one in element.iter("a", "span", "div", "em", "strong", "b", "td", "cite", "p", "h3", "h4"):
        if len(one) > 4:
            continue
        is_named = _AUTHOR_NAME.search(words(one)) is not None
        is_linked = one.tag == "a" and _AUTHOR_LINK.search(one.get("href") or "") is not None
        if not is_named and not is_linked:
            continue
        text = shown(one)
        if not 1 <= len(text) <= 30 or re.fullmatch(r"[\W\d_]+|楼主|作者|发消息|加好友|关注|只看.*|TA", text):
            continue
        if is_linked and is_named:
            return text
        if is_linked and linked is None:
            linked = text
        elif is_named and named is None and re.search(r"\d{1,2}:\d\d|发表于|前$|刚刚|昨天", text) is None:
            named = text
    return linked or named


def _labelled(beside: Sequence[Line]) -> str | None:
    """Return the author that a label before the name says: 作者：…"""
    for line in beside:
        match = _AUTHOR_LABEL.search(line.spaced) if line.length <= _TIME_LINE else None
        if match:
            return match["name"]
    return None


def _time(element: Element, beside: Sequence[Line], now: datetime) -> Reading | None:
    first: Reading | None = None
    for one in element.iter("time"):
        stamped = find_time(one.get("datetime") or "", now)
        if stamped is not None:
            return stamped
    for line in beside:
        if line.length <= _TIME_LINE and re.search(r"\d|刚刚|昨天|前天|今天", line.text) and "注册" not in line.text:
            reading = find_time(line.spaced, now)
            if reading is not None and (first is None or (reading.exact and not first.exact)):
                first = reading
    if first is not None and first.absolute:
        return first
    # the exact time is often in a title beside the relative one
    for one in element.iter("span", "em", "time", "a", "abbr"):
        hint = one.get("datetime") or one.get("title") or one.get("data-time") or ""
        if re.search(r"\d{4}-|\d{10}", hint):
            reading = find_time(hint, now)
            if reading is not None:
                return reading
    return first


def _head(line: Line, author: str | None, now: datetime) -> bool:
    """Tell whether a line says only who speaks, when, or from which floor."""
    if line.text == author or _only_time(line.text, now) or _floor_only(line.text):
        return True
    begins = line.text.startswith(("作者", "楼主", "网友")) or (author is not None and line.text.startswith(author))
    return begins and not line.clauses and line.length <= _TIME_LINE and find_time(line.spaced, now) is not None


def _only_time(text: str, now: datetime) -> bool:
    return (
        len(text) <= 24
        and re.search(r"[，。！？]", text) is None
        and re.search(r"\d{1,2}:\d\d|前$|^\d{4}-", text) is not None
        and (find_time(text, now) is not None)
    )


def _floor_only(text: str) -> bool:
    return len(text) <= 8 and (
        _FLOOR.search(text) is not None or text in _NAMED_FLOORS or _OPENER.search(text) is not None
    )


def _floor(element: Element, beside: Sequence[Line]) -> tuple[int | None, bool]:
    """Return the floor that the block names, and whether it says that it is the opening post."""
    opener = any(_OPENER.search(line.text) for line in beside if line.length <= 60)
    for line in beside:
        if line.length > 60:
            continue
        match = _FLOOR.search(line.spaced)
        if match:
            return int(match["number"] or match["after"]), opener
        if line.text.strip("# ") in _NAMED_FLOORS:
            return _NAMED_FLOORS[line.text.strip("# ")], opener
    for one in element.iter("span", "em", "a", "div", "b", "meta"):
        if len(one) < 3 and (one.get("itemprop") == "position" or _FLOOR_NAME.search(words(one))):
            text = (one.get("content") or shown(one)).strip("#楼第 ")
            if text.isdigit() and len(text) <= 6:
                return int(text), opener
    return None, opener
