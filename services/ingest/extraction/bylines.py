"""Who wrote it and which outlet it is from, as a page's byline says: 来源：… 作者：…"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from services.ingest.extraction.document import Element, shown, squeeze, words
from services.ingest.extraction.structured import AUTHOR_NAMES, SOURCE_NAMES, Declared, said

_LONGEST_OUTLET: Final = 30
_LONGEST_AUTHOR: Final = 40
_STOP: Final = (
    r"(?=\s*(?:$|[|｜丨/／;；]|作者|记者|编辑|责编|责任编辑|发布|时间|日期|浏览|阅读|点击|字号|字体|来源|稿源|分享|举报|评论|收藏|关注|转载|打印|评论|人气|访问|"
    r"通讯员|审核|\d{4}\s*[-/年.]|\d{1,2}\s*[-/月]|\d+\s*(?:分钟|小时|天)前|昨天|今天|前天|刚刚|\d{1,2}:\d\d|【|\[|（|\(|A-|责|】|\]|\)|）|原标题|我要|查看|微信|上传|关键))"
)
_OUTLET: Final = re.compile(
    r"(?:(?:信息|文章|稿件|新闻|本文|内容|消息|图文|资料|原文)?(?:来源|來源|出处|稿源)(?:于)?|转载自|转自|摘自|来自于?)\s*[:：】\]]\s*"
    rf"(?P<name>\S.*?){_STOP}"
)
_REPRINTED: Final = re.compile(r"(?:转载自|转自|摘自)\s*[:：]?\s*[《「“\"]?(?P<name>[^\s《》「」”\",，。;；)）]{2,24})")
_AUTHOR: Final = re.compile(
    rf"(?:作者|撰文|撰稿人?|文|发布者|发布人|发帖人|楼主|供稿|By)\s*[:：/／丨|]\s*(?P<name>\S.*?){_STOP}", re.I
)
_NAMES: Final = r"(?P<name>[\u4e00-\u9fff·]{2,4}(?:[\s、]+[\u4e00-\u9fff·]{2,4}){0,3})"
_NAMES_ALONE: Final = _NAMES.replace("name", "alone")
#: a reporter is named in brackets, or alone on a line; 记者 within a sentence is followed by what he did
_REPORTER: Final = re.compile(
    rf"[(（【\[]\s*[^()（）【】]{{0,16}}?(?:记者|通讯员)\s*[:：]?\s*{_NAMES}(?=\s*(?:[)）】\]]|摄|文|/|通讯员|实习|编辑|报道))"
    rf"|^\W*(?:采写|撰文|文|来源)?\s*[:：/]?\s*[\u4e00-\u9fff]{{0,10}}?记者\s*[:：]?\s*{_NAMES_ALONE}\W*$"
)
#: names that editors give to what holds the outlet, and the author
OUTLET_NAME: Final = re.compile(
    r"(?:^|\s)(?:[a-z]+[-_])*(?:source|media[-_]?name|js_name|nickname|laiyuan|come-?from|origin|mp-name)(?:[-_]?name)?(?:$|\s)"
)
AUTHOR_NAME: Final = re.compile(
    r"(?:^|\s)(?:[a-z]+[-_])*(?:author|writer|reporter|zuozhe|byline)(?:[-_]?name)?(?:$|\s)"
)
_HOLDERS: Final = frozenset(("a", "span", "em", "i", "p", "div", "strong", "b", "td", "li", "font"))
_MENU: Final = re.compile(r"^(?:来源|作者|关注|订阅|更多)\W*$|登录|首页|\d{1,2}:\d\d|\d{4}-\d")
_BYLINE: Final = 220
#: what stands where a name should: labels, placeholders, addresses, roles
_NO_NAME: Final = re.compile(
    r"^(?:未知|佚名|不详|无|空|匿名|本站|本网|原创|网络|互联网|网络整理|综合|admin\w*|editor|administrator|author|name\b.*|null|none|undefined|none|test|-+|"
    r"编辑|作者|来源|记者|阅读|查看|点击|浏览|时间|发布.*|我来说两句.*|[\W\d_]+)$|@|https?:|责任编辑|浏览|点击",
    re.I,
)
#: an organisation, not a person
_BODY_OF_PEOPLE: Final = re.compile(
    r"(?:网|报|社|台|局|办|委|部|厅|院|会|政府|中心|公司|集团|新闻|财经|科技|日报|晚报|时报|周刊|频道|客户端|在线|办公室|公众号|编辑部|传媒|\.(?:com|cn|net|org))$",
    re.I,
)


def named(root: Element, kind: re.Pattern[str], until: Element) -> str:
    """Return the text of the first short element above `until` whose class or id says what it holds, or ''."""
    for element in root.iter():
        if element is until:
            break
        if len(element) < 2 and element.tag in _HOLDERS and kind.search(words(element)):
            text = shown(element)
            if 1 < len(text) <= _LONGEST_AUTHOR and not _MENU.search(text):
                return text
    return ""


def find_outlet(facts: Declared, bylines: Iterable[str], marked: str) -> str | None:
    """Return the outlet that the page names as its source, or None; `marked` is what is marked up as it."""
    for text in bylines:
        for pattern in (_OUTLET, _REPRINTED):
            match = pattern.search(text[:_BYLINE])
            name = _outlet(match["name"]) if match else None
            if name:
                return name
    return _outlet(re.sub(r"^\W*来源\s*[:：]\s*", "", marked)) or _outlet(facts.first(SOURCE_NAMES))


def find_author(facts: Declared, bylines: Iterable[str], outlet: str | None, site: str, marked: str) -> str | None:
    """Return the author's name as the page gives it, or None.

    An organisation that is but the outlet, and a name that is part of the site's (`site`: what a <title> holds besides
    the title) are none. `marked` is what is marked up as the author.
    """
    shown = list(bylines)
    for text in shown:
        match = _AUTHOR.search(text[:_BYLINE])
        name = _author(match["name"]) if match else None
        if name and name != outlet:
            return name
    for value in (marked, said(facts.article, "author"), facts.properties.get("author", ""), facts.first(AUTHOR_NAMES)):
        name = _author(value)
        if name and name != outlet and name not in site and not _BODY_OF_PEOPLE.search(name):
            return name
    for text in shown:
        match = _REPORTER.search(text[:_BYLINE])
        if match:
            return squeeze(match["name"] or match["alone"])
    return None


def declared_outlet(facts: Declared, site: str) -> str | None:
    """Return an organisation other than the site that is declared as the author, as portals do with a reprint."""
    name = _author(said(facts.article, "author") or facts.first(AUTHOR_NAMES))
    return name if name and name not in site and _BODY_OF_PEOPLE.search(name) else None


def _outlet(text: str) -> str | None:
    name = squeeze(text)
    name = (
        name
        if name.count("《") == name.count("》") > 0 and not (name[0] == "《" and name[-1] == "》")
        else name.strip("《》")
    )
    name = name.strip("“”\"'「」:：,，。-—[]【】()（） ")
    if not 2 <= len(name) <= _LONGEST_OUTLET or _NO_NAME.search(name) or "本站" in name:
        return None
    return name


def _author(text: str) -> str | None:
    name = re.sub(
        r"^(?:作者|文|by)\s*[:：/]\s*|^[\u4e00-\u9fff]{0,8}记者\s*[:：]?\s*(?=[\u4e00-\u9fff]{2})",
        "",
        squeeze(text),
        flags=re.I,
    ).strip("“”\"':：,，。-—[]【】()（）/／ ")
    if not 1 < len(name) <= _LONGEST_AUTHOR or _NO_NAME.search(name):
        return None
    return name
