"""Finding an article's title: heading, <title> and what is declared must bear each other out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from services.ingest.extraction.document import Element, Line, shown, squeeze, words
from services.ingest.extraction.structured import TITLE_NAMES, Declared, said

#: characters of a title; longer ones are no titles
_LONGEST: Final = 150
_SHORTEST: Final = 4
#: lines above the body in which a heading is its own
_ABOVE: Final = 25
_DIVIDER: Final = re.compile(
    r"\s*(?:[_|｜»<>]|--+|——|\s[-–—·]\s|(?<=[\u4e00-\u9fff”》」！？!?）)])[-–—](?=\s?[\u4e00-\u9fffA-Z]))\s*"
)
_SITE: Final = re.compile(
    r"(?:网|网站|门户|频道|新闻|资讯|要闻|时政|社会|财经|科技|娱乐|体育|军事|论坛|贴吧|社区|博客|日报|晚报|早报|时报|周刊|杂志|在线|客户端|中心|平台|"
    r"人民政府|政府|委员会|管理局|订阅|专栏|正文|详情|详细页|动态|公告|通知公告|首页|板块|版块|"
    r"\.com|\.cn|\.net|powered by discuz!?.*)$",
    re.I,
)
_TITLE_NAME: Final = re.compile(
    r"(?:^|[\s_-])(?:title|headline|biaoti|bt|tit|arti?cle[-_]?title|art[-_]?tit(?:le)?|news[-_]?title|subject|h1|rich_media_title)"
    r"(?:$|[\s_-])|title\d?(?:$|\s)|thread_subject"
)
_NOT_TITLE_NAME: Final = re.compile(
    r"sub[-_]?title|fu_?title|site[-_]?(?:title|name)|logo|channel|col[-_]?title|nav|list"
)
_LEADING: Final = re.compile(r"^(?:原创|转载|置顶|精华|推荐|标题|题目)\s*[:：|]?\s*")


def fold(text: str) -> str:
    """Return a title without white space and punctuation, for comparing."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def find_title(root: Element, facts: Declared, page: Sequence[Line], begins: int | None) -> str:
    """Return the title, or '' where the page has none. `begins` is where the body begins in the page's lines."""
    tag = squeeze(next((element.text or "" for element in root.iter("title")), ""))[: 3 * _LONGEST]
    stated = [text for text in (said(facts.article, "headline", "title"), *_stated(facts)) if text]
    headings = list(_headings(root))
    whole = fold(tag)
    if len(whole) >= _SHORTEST:
        found = _borne_out(whole, [*headings, *stated], page, begins)
        if found:
            return found
    near = _near(headings, page, begins)
    if stated:
        # a quotation mark in the title ends a meta tag's content early
        outright = next((text for text in near or headings if fold(text).startswith(fold(stated[0]))), "")
        if outright:
            return outright
    if near and not whole:
        return near[0]
    cleaned = _without_site(tag, facts.meta.get("og:site_name") or facts.meta.get("sitename") or "")
    if stated and (not cleaned or fold(stated[0]) not in fold(cleaned)):
        return _without_site(stated[0], facts.meta.get("og:site_name", ""))
    # a <title> that names only the site says nothing of the article
    if near and (not cleaned or _SITE.search(cleaned) or _alike(near[0], cleaned)):
        return near[0]
    return cleaned or (stated[0] if stated else headings[0] if headings else "")


def _stated(facts: Declared) -> list[str]:
    found = [facts.meta.get(name, "") for name in TITLE_NAMES]
    return [*found, facts.properties.get("headline", "")]


def _headings(root: Element) -> Iterable[str]:
    """Yield what may be the article's heading: h1 to h3 and elements named title, likeliest first."""
    ranked: list[tuple[int, int, str]] = []
    for order, element in enumerate(root.iter("h1", "h2", "h3", "h4", "div", "p", "td", "span", "strong", "font", "a")):
        names = words(element)
        named = len(names) > 1 and _TITLE_NAME.search(names) is not None and not _NOT_TITLE_NAME.search(names)
        level = {"h1": 0, "h2": 2, "h3": 3, "h4": 4}.get(element.tag, 9)
        if level == 9 and not named:
            continue
        if level == 9 and len(element) > 6:
            continue
        text = _LEADING.sub("", shown(element))
        if len(fold(text)) >= _SHORTEST and len(text) <= _LONGEST:
            shunned = 5 if _NOT_TITLE_NAME.search(names) else 0
            ranked.append((level - (2 if named else 0) + shunned, order, text))
        if len(ranked) >= 80:
            break
    return [text for _, _, text in sorted(ranked)]


def _near(headings: Sequence[str], page: Sequence[Line], begins: int | None) -> list[str]:
    """Return the headings that stand not far above the body."""
    if begins is None:
        return []
    above = {fold(_LEADING.sub("", line.text)) for line in page[max(0, begins - _ABOVE) : begins + 2]}
    return [text for text in headings if fold(text) in above]


def _alike(heading: str, tag: str) -> bool:
    """Tell whether a heading and a <title> say about the same: the one is often a shorter form of the other."""
    signs = set(fold(heading))
    return len(signs & set(fold(tag))) >= 0.5 * len(signs)


def _borne_out(whole: str, offered: Sequence[str], page: Sequence[Line], begins: int | None) -> str:
    """Return the longest text that the page shows and that its <title> holds, or ''."""
    best, length = "", 0
    for text in offered:
        folded = fold(text)
        if length < len(folded) and folded in whole and _is_site(text, whole, folded) is False:
            best, length = text, len(folded)
    # a heading may be in an element without a name: any line at or above the body that begins the <title>
    until = len(page) if begins is None else begins + 2
    for line in page[:until]:
        if line.length > _LONGEST or line.length <= length:
            continue
        folded = fold(_LEADING.sub("", line.text))
        if len(folded) > max(length, 7) and (
            whole.startswith(folded) or (whole.endswith(folded) and 2 * len(folded) > len(whole))
        ):
            best, length = _LEADING.sub("", line.text), len(folded)
    return best if length >= max(_SHORTEST, min(8, len(whole) // 3)) else ""


def _is_site(text: str, whole: str, folded: str) -> bool:
    """Tell whether a text is but the site's part of a <title>: a short end of it, or a named channel."""
    if folded == whole:
        return False
    return len(folded) < 0.5 * len(whole) and (_SITE.search(text) is not None or not whole.startswith(folded))


def _without_site(tag: str, site: str) -> str:
    """Return a <title> without the site's and the channel's name before or after it."""
    parts = [part for part in _DIVIDER.split(tag) if part]
    if len(parts) < 2:
        return tag
    named = fold(site)

    def belongs_to_site(part: str) -> bool:
        folded = fold(part)
        return bool((named and folded and (folded in named or named in folded)) or _SITE.search(part))

    first, last = 0, len(parts)
    while last - first > 1 and (belongs_to_site(parts[last - 1]) or len(fold(parts[last - 1])) <= 6):
        last -= 1
    while last - first > 1 and belongs_to_site(parts[first]) and len(fold(parts[first])) <= 14:
        first += 1
    begin = tag.find(parts[first])
    end = tag.rfind(parts[last - 1]) + len(parts[last - 1])
    return tag[begin:end].strip()
