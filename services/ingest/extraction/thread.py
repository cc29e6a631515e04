"""What a thread page says: its opening post and the answers to it, each for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from services.ingest.extraction.article import Article, article_of
from services.ingest.extraction.body import find_body
from services.ingest.extraction.counters import declared_counts, labelled_counts
from services.ingest.extraction.dates import read_time
from services.ingest.extraction.document import Element, lines, parse, words
from services.ingest.extraction.post_blocks import POST_NAME, Block, author_in, find_blocks
from services.ingest.extraction.structured import Declared, declared, kind_of, said
from services.ingest.extraction.title import find_title

_THREAD_ADDRESS: Final = re.compile(
    r"thread[-_/]?\d|viewthread|[?&](?:tid|topicid|threadid)=\d|//(?:bbs|forum|forums|club|tieba|luntan|shequ|ask|community)\.|"
    r"/(?:bbs|forum|forums|club|luntan|shequ|thread|threads|topic|topics|tieba|t|p|post|posts|question|questions)/(?:\w+/)*[\w-]*\d|"
    r"/(?:post|read|topic|showtopic)[-_]\w*-?\d|read\.php|showtopic",
    re.I,
)
_FORUM_SOFTWARE: Final = re.compile(
    r"discuz|phpwind|phpbb|vbulletin|xenforo|nodebb|discourse|flarum|xiuno|mybb|fluxbb|hadsky|startbbs", re.I
)
_QUESTIONS: Final = re.compile(r"discussionforumposting|^question$", re.I)
#: levels around the opening post's text in which its author is looked for
_AROUND: Final = 5
#: nesting of answers to answers that is followed in JSON-LD
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class ThreadPost:
    """One post of a thread. `floor` is its place as the page names it; the opening post's is 1, or 0
    where answers are counted from 1.

    `title` is the thread's, on its opening post only; `url` is the page's address with the post's
    anchor, if it has one.
    """

    text: str
    author: str | None = None
    published_at: datetime | None = None
    floor: int | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    url: str | None = None
    title: str = ""


def read_thread(html: str, url: str, now: datetime) -> list[ThreadPost]:
    """Return the posts of a thread page in its order; none where the page is no thread. `now` has a zone."""
    root = parse(html)
    if root is None:
        return []
    facts = declared(root)
    stated = _stated(facts, url, now)
    if stated:
        return stated
    blocks = find_blocks(root, now)
    if not blocks:
        return []
    hints = _hints(root, facts, url)
    page = lines(root)
    title = find_title(root, facts, page, None)
    totals = labelled_counts(line.spaced for line in page if line.length <= 60)
    own = {name: count for name, count in totals.items() if name in ("reads", "comments")}
    posts = [_post(block, url) for block in blocks]
    article = _opening(root, blocks, url, now)
    if article is not None:
        # an article with comments below it is no thread, unless the page is a forum's
        opening = ThreadPost(
            article.text,
            article.author,
            article.published_at,
            1,
            {**own, **article.counters},
            url,
            title or article.title,
        )
        return _numbered([opening, *posts]) if hints else []
    if not hints and sum(1 for block in blocks if block.floor is not None) < 0.5 * len(blocks):
        return []
    first, opener = posts[0], blocks[0].opener
    if first.floor == 1 or (first.floor is None and (opener or _first_page(url))):
        posts[0] = replace(first, floor=1, title=title, counters={**first.counters, **own})
    return _numbered(posts)


def _numbered(posts: list[ThreadPost]) -> list[ThreadPost]:
    """Give the opening post the place before the first answer's, where software counts answers only."""
    if any(post.floor == 1 for post in posts[1:]):
        posts[0] = replace(posts[0], floor=0)
    return posts


def _first_page(url: str) -> bool:
    return re.search(r"[?&](?:page|pn|p)=(?:[2-9]|1\d)|-\d+-(?:[2-9]|1\d+)-\d+\.html", url) is None


def _post(block: Block, url: str) -> ThreadPost:
    address = f"{url.split('#')[0]}#{block.anchor}" if block.anchor else None
    moment = block.reading.moment if block.reading else None
    return ThreadPost(block.text, block.author, moment, block.floor, dict(block.counters), address)


def _hints(root: Element, facts: Declared, url: str) -> int:
    """Count what says that a page is a forum's: its address, its software, the names of its blocks."""
    found = 1 if _THREAD_ADDRESS.search(url) else 0
    if _FORUM_SOFTWARE.search(f"{facts.meta.get('generator', '')} {facts.meta.get('application-name', '')}"):
        found += 1
    if any(POST_NAME.search(words(element)) for element in root.iter("div", "table", "li", "tr", "article")):
        found += 1
    return found


def _opening(root: Element, blocks: Sequence[Block], url: str, now: datetime) -> Article | None:
    """Return the opening post where it is built otherwise than its answers and stands above them, else None.

    Cuts the tree off at the first answer: nobody reads it after this.
    """
    if blocks[0].opener:
        return None
    place = {element: number for number, element in enumerate(root.iter())}
    first = min(place[block.element] for block in blocks)
    for element, number in place.items():
        parent = element.getparent()
        if number >= first and parent is not None and place[parent] < first:
            parent.remove(element)
    body = find_body(root, lines(root))
    if body is None:
        return None
    article = article_of(root, url, now)
    around = [body.element, *body.element.iterancestors()][:_AROUND]
    author = article.author or next((name for name in map(author_in, around) if name), None)
    # floors of answers begin with 1 in some software; what stands above without a time is the forum's own notice
    if not article.text or (blocks[0].floor == 1 and article.published_at is None):
        return None
    return replace(article, author=author)


def _stated(facts: Declared, url: str, now: datetime) -> list[ThreadPost]:
    """Return the thread that the page declares as JSON-LD: a posting or a question, and what answers it."""
    node = next((one for one in facts.nodes if _QUESTIONS.search(kind_of(one))), None)
    if node is None:
        return []
    text = said(node, "articleBody", "text", "description")
    if not text:
        return []
    opening = ThreadPost(
        text,
        said(node, "author") or None,
        read_time(said(node, "datePublished", "dateCreated"), now),
        1,
        declared_counts(node),
        said(node, "url", "@id") or url,
        said(node, "headline", "name"),
    )
    return [opening, *_answers(node, url, now, 0)]


def _answers(node: Mapping[str, Any], url: str, now: datetime, depth: int) -> Iterator[ThreadPost]:
    for name in ("acceptedAnswer", "suggestedAnswer", "comment"):
        below = node.get(name) or []
        for one in below if isinstance(below, list) else [below]:
            if not isinstance(one, dict) or depth >= _DEPTH:
                continue
            text = said(one, "text", "articleBody")
            if text:
                moment = read_time(said(one, "datePublished", "dateCreated"), now)
                address = said(one, "url", "@id") or None
                yield ThreadPost(text, said(one, "author") or None, moment, None, declared_counts(one), address)
            yield from _answers(one, url, now, depth + 1)
