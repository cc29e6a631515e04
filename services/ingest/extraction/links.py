"""Which links of a list page lead to articles, and which to the list's next page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from courlan import extract_domain

from services.ingest.extraction.document import Element, parse, shown, squeeze, unseen, words

_CJK: Final = re.compile(r"[\u3400-\u9fff]")
#: characters of an anchor's text from which it may be a title, and from which it surely is long enough
_TITLE: Final = 6
_LONG_TITLE: Final = 12
_LONGEST_TITLE: Final = 160
#: links of one shape from which the shape itself speaks for a link
_FAMILY: Final = 3
_DATE_BESIDE: Final = re.compile(
    r"(?:(?:19|20)\d\d\s*[-/.年]\s*)?\d{1,2}\s*[-/.月]\s*\d{1,2}日?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?|\d+\s*(?:分钟|小时|天)前|刚刚|(?:昨天|今天|前天)(?:\s*\d{1,2}:\d\d)?"
)
_DATE_IN_PATH: Final = re.compile(r"(?:19|20)\d\d[-/_]?(?:0[1-9]|1[0-2])(?:[-/_]?\d\d)?(?=[/_.-]|$)|/t?20\d{6}_")
_NUMBER_IN_NAME: Final = re.compile(r"\d{4,}|(?<![a-z\d])\d+(?=\.(?:s?html?|aspx?|jsp|php)$)")
_ARTICLE_PATH: Final = re.compile(
    r"/(?:articles?|news|content|detail|show|view|thread|post|story|info|art|a|p|n\d?|doc|topic|t|c|zwgk|xwzx|tzgg)[/_-]|"
    r"(?:content|article|thread|show|detail|view)[-_]?\d|\.s?html?$"
)
_ID_PARAMETERS: Final = frozenset(
    (
        "id",
        "aid",
        "tid",
        "nid",
        "newsid",
        "articleid",
        "contentid",
        "docid",
        "infoid",
        "news_id",
        "cid",
        "pid",
        "itemid",
    )
)
_NO_ARTICLE_PATH: Final = re.compile(
    r"/(?:tags?|search|login|register|user|users|member|space|u|home|about|contact|help|rss|feed|sitemap|category|special|zt|"
    r"author|profile|passport|account|download|app|ads?|author|privacy|copyright|jobs?)(?:[/_.?-]|$)|"
    r"(?:^|/)(?:index|list|default|column|channel|forum|node|more|home|main)(?:[-_]\d+)*(?:\.\w+)?$|"
    r"\.(?:jpe?g|png|gif|webp|svg|pdf|docx?|xlsx?|pptx?|zip|rar|7z|mp[34]|apk|exe|css|js|xml|ico)$",
    re.I,
)
_NO_TITLE: Final = re.compile(
    r"^[\W\d]*(?:首页|主页|更多.*|更多>+|more.*|登录.*|注册.*|关于.{0,6}|联系.{0,6}|网站(?:地图|声明|导航|首页)|免责声明|隐私.{0,6}|版权.{0,8}|法律.{0,4}|"
    r"友情链接|广告.{0,6}|设为首页|加入收藏|返回.{0,6}|无障碍.{0,8}|上一[页篇].*|下一[页篇].*|尾页|末页|第?\s*\d+\s*页?|阅读全文|查看.{0,6}|详情|点击.{0,6}|评论.{0,4}|"
    r"回复.{0,6}|分享.{0,6}|举报.*|客服.*|手机版|客户端.*|繁體.*|English|RSS.*|.{0,12}(?:ICP备|公网安备|ICP证|许可证).*|不良信息.*|.*网站标识码.*|用户协议.*|人才招聘|招聘.{0,4})\W*$",
    re.I,
)
_BESIDE: Final = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|menu|foot|footer|header|top|topbar|crumbs?|breadcrumb|pager?|pages|pagination|login|friend\w*|"
    r"side|sidebar|hot|rank\w*|ad|ads|links?|yqlj|copyright|bottom|tags?)(?:$|[\s_-])"
)
_ENOUGH: Final = 3.0
_NEXT: Final = re.compile(
    r"^\W*(?:下一?页|下页|后一页|下一頁|后页|next(?:\s*page)?|older(?:\s*posts)?)\W*$|^\s*(?:>|›|»|&gt;)\s*$", re.I
)
_NEXT_NAME: Final = re.compile(r"(?:^|[\s_-])(?:next|nxt|next-?page|page-?next|pagi\w*next)(?:$|[\s_-])")
_CURRENT_NAME: Final = re.compile(
    r"(?:^|[\s_-])(?:cur|current|active|on|now|selected|this|thispage|page-?current)(?:$|[\s_-])"
)
_OFF_NAME: Final = re.compile(r"(?:^|[\s_-])(?:disabled?|gray|unable|nolink)(?:$|[\s_-])")
#: createPageHTML(number of pages, this page from 0, name of the first page, its suffix)
_TRS_PAGES: Final = re.compile(
    r"createPageHTML\w*\(\s*(?:['\"][^'\"]*['\"]\s*,\s*)?(?P<count>\d{1,5})\s*,\s*(?P<current>\d{1,5})\s*,\s*"
    r"['\"](?P<name>[\w-]+)['\"]\s*,\s*['\"](?P<suffix>\w{2,5})['\"]"
)
#: entries from which repeated blocks that link elsewhere are a list, and the share of an index's text that they hold
_ENTRIES: Final = 5
_ENTRIES_HOLD: Final = 0.6


@dataclass(frozen=True, slots=True)
class Link:
    """A link that seems to lead to an article. `dated` is the date shown beside it, as it is written, or ''."""

    url: str
    title: str
    dated: str = ""


def article_links(html: str, base_url: str) -> list[Link]:
    """Return the links that lead to articles of the same site, in the page's order, each address once."""
    root = parse(html)
    if root is None:
        return []
    base = _base(root, base_url)
    found: dict[str, tuple[float, str, Element]] = {}
    for anchor, address in _addresses(root, base):
        if address.split("#")[0] == base_url.split("#")[0] or not same_site(address, base_url):
            continue
        title = _title(anchor)
        score = _score(anchor, address, title)
        before = found.get(address)
        if before is None:
            found[address] = score, title, anchor
        elif score > before[0] or (len(title) > len(before[1]) and before[0] < _ENOUGH):
            # the first link to an article is often its picture
            found[address] = max(score, before[0]), title if len(title) > len(before[1]) else before[1], anchor
    families = Counter(_shape(address) for address, (score, _, _) in found.items() if score >= _ENOUGH)
    kept = []
    for address, (score, title, anchor) in found.items():
        family = 1.5 if families[_shape(address)] >= _FAMILY else 0.0
        if score + family >= _ENOUGH and len(title) >= 4:
            kept.append(Link(address, title, _dated(anchor)))
    return kept


def next_page(html: str, base_url: str) -> str | None:
    """Return the address of the list's next page, or None on its last."""
    root = parse(html)
    if root is None:
        return None
    base = _base(root, base_url)
    for element in root.iter("link", "a"):
        if "next" in (element.get("rel") or "").lower().split():
            address = _absolute(element.get("href") or "", base)
            if address and same_site(address, base_url):
                return _other(address, base_url)
    anchors = list(_addresses(root, base, hidden=False))
    for wanted in (_says_next, _named_next):
        for anchor, address in anchors:
            if wanted(anchor) and same_site(address, base_url) and not _OFF_NAME.search(words(anchor)):
                other = _other(address, base_url)
                if other:
                    return other
    return _after_current(root, base, base_url) or _scripted_next(root, base_url)


def same_site(one: str, other: str) -> bool:
    """Tell whether two addresses are of one registered domain; hosts without one must be the same."""
    first, second = urlsplit(one).hostname, urlsplit(other).hostname
    if first is None or second is None or first == second:
        return first == second and first is not None
    domain = extract_domain(one)
    return (
        domain is not None
        and "." in domain
        and not domain.replace(".", "").isdigit()
        and domain == extract_domain(other)
    )


def is_index(body: Element, url: str) -> bool:
    """Tell whether what looks like a body is a list of entries that lead elsewhere, each with its summary."""
    groups: dict[tuple[object, str, str], list[int]] = {}
    whole = len(shown(body))
    for element in body.iter("li", "div", "dl", "tr", "article", "section"):
        if element is body:
            continue
        leading = _leading_link(element, url)
        if leading:
            key = (element.getparent(), str(element.tag), element.get("class") or "")
            groups.setdefault(key, []).append(len(shown(element)))
    return any(len(sizes) >= _ENTRIES and sum(sizes) >= _ENTRIES_HOLD * whole for sizes in groups.values())


def _leading_link(element: Element, url: str) -> bool:
    """Tell whether an entry begins with a title that leads to another page."""
    own = url.split("#")[0]
    for anchor in list(element.iter("a"))[:3]:
        href = (anchor.get("href") or "").strip()
        title = shown(anchor)
        if href and not href.startswith(("#", "javascript:")) and urljoin(url, href) != own and len(title) >= 8:
            return len(title) < _LONGEST_TITLE and shown(element).find(title) <= 24
    return False


def _base(root: Element, base_url: str) -> str:
    element = next(root.iter("base"), None)
    href = element.get("href") if element is not None else None
    return _absolute(href, base_url) or base_url if href else base_url


def _addresses(root: Element, base: str, *, hidden: bool = True) -> Iterator[tuple[Element, str]]:
    for anchor in root.iter("a", "area"):
        if not hidden and unseen(anchor):
            continue
        address = _absolute(anchor.get("href") or "", base)
        if address:
            yield anchor, address


def _absolute(href: str, base: str) -> str | None:
    """Return an address of the web without its fragment, or None."""
    href = re.sub(r"[\t\r\n]", "", href).strip()
    if not href or href.startswith("#"):
        return None
    try:
        parts = urlsplit(urljoin(base, href))
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    path = parts.path.replace(" ", "%20") or "/"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query.replace(" ", "%20"), ""))


def _title(anchor: Element) -> str:
    """Return what a link says: its text, or its title attribute where the text is cut short or missing."""
    heading = next(anchor.iter("h1", "h2", "h3", "h4", "h5"), None)
    text = shown(heading if heading is not None else anchor)
    named = squeeze(anchor.get("title") or "")
    if not text:
        picture = next(anchor.iter("img"), None)
        text = squeeze(picture.get("alt") or "") if picture is not None else ""
    cut = text.rstrip(".… ")
    if named and (not text or (cut != text and named.startswith(cut[: max(4, len(cut) - 2)]))):
        text = named
    return text[:_LONGEST_TITLE]


def _score(anchor: Element, address: str, title: str) -> float:
    if not title or _NO_TITLE.match(title):
        return -9.0
    length = len(title) if _CJK.search(title) else len(title.split()) * 3
    score = 0.0 if length < _TITLE else 1.0 if length < _LONG_TITLE else 2.0
    parts = urlsplit(address)
    path = parts.path.lower()
    name = path.rsplit("/", 1)[-1]
    if _NO_ARTICLE_PATH.search(path):
        score -= 2.5
    if _DATE_IN_PATH.search(path):
        score += 1.5
    if _NUMBER_IN_NAME.search(name) or re.search(r"\d{5,}", path):
        score += 1.0
    elif re.search(r"[0-9a-f]{12,}|[a-z0-9]+(?:-[a-z0-9]+){3,}", name):
        score += 0.75
    if any(key.lower() in _ID_PARAMETERS and value for key, value in parse_qsl(parts.query)):
        score += 1.5
    if _ARTICLE_PATH.search(path):
        score += 0.75
    if path.endswith("/") and not re.search(r"\d{4,}", path) and not parts.query:
        score -= 1.5
    if any(
        ancestor.tag in ("nav", "footer", "header") or _BESIDE.search(words(ancestor)) for ancestor in _up(anchor, 5)
    ):
        score -= 1.5
    if _dated(anchor):
        score += 1.0
    if any(ancestor.tag in ("h1", "h2", "h3", "h4") for ancestor in _up(anchor, 2)):
        score += 0.5
    return score


def _up(element: Element, levels: int) -> Iterator[Element]:
    for level, ancestor in enumerate(element.iterancestors()):
        if level >= levels or ancestor.tag in ("body", "html"):
            return
        yield ancestor


def _dated(anchor: Element) -> str:
    """Return the date beside a link: in the smallest block around it that holds no other title."""
    own = shown(anchor)
    for ancestor in _up(anchor, 4):
        others = [one for one in ancestor.iter("a") if one is not anchor and len(shown(one)) >= _TITLE]
        if len([one for one in others if one.get("href") != anchor.get("href")]) > 1:
            return ""
        text = shown(ancestor)
        if len(text) > len(own) + 400:
            return ""
        rest = text.replace(own, " ", 1)
        match = (
            _DATE_BESIDE.search(rest)
            if len(rest) < 60
            else _DATE_BESIDE.search(rest[-60:]) or _DATE_BESIDE.search(rest[:40])
        )
        if match:
            return squeeze(match[0])
    return ""


def _shape(address: str) -> str:
    """Return an address with every number and name of an article taken out: alike for articles of one list."""
    parts = urlsplit(address)
    head, _, name = parts.path.rpartition("/")
    name = re.sub(r"[0-9a-f]{12,}|\d+", "N", name.lower())
    keys = ",".join(sorted(key for key, _ in parse_qsl(parts.query)))
    return f"{parts.hostname}{re.sub(r'[0-9]+', 'N', head)}/{name}?{keys}"


def _says_next(anchor: Element) -> bool:
    return _NEXT.match(shown(anchor)) is not None or _NEXT.match(anchor.get("title") or "") is not None


def _named_next(anchor: Element) -> bool:
    return _NEXT_NAME.search(words(anchor)) is not None and not _CJK.search(shown(anchor))


def _other(address: str, base_url: str) -> str | None:
    return address if address != urlsplit(base_url)._replace(fragment="").geturl() else None


def _scripted_next(root: Element, base_url: str) -> str | None:
    """Return the next page of a list whose pages are numbered by TRS's script, as many government sites' are."""
    for script in root.iter("script"):
        match = _TRS_PAGES.search(script.text or "")
        if match and int(match["current"]) + 1 < int(match["count"]):
            return urljoin(base_url, f"{match['name']}_{int(match['current']) + 1}.{match['suffix']}")
    return None


def _after_current(root: Element, base: str, base_url: str) -> str | None:
    """Return where the number after the current page's leads, in a row of page numbers without 下一页."""
    for element in root.iter("span", "strong", "b", "em", "a", "li", "font"):
        text = shown(element) if len(element) < 3 else ""
        if (
            not text.isdigit()
            or len(text) > 4
            or not (element.tag in ("strong", "b", "em") or _CURRENT_NAME.search(words(element)))
        ):
            continue
        following = element.getnext()
        if following is None and element.getparent() is not None:
            following = element.getparent().getnext()
        anchor = next(following.iter("a"), None) if following is not None else None
        if anchor is not None and shown(anchor) == str(int(text) + 1):
            address = _absolute(anchor.get("href") or "", base)
            if address and same_site(address, base_url):
                return _other(address, base_url)
    return None
