"""Finding the article's body: the subtree whose lines read most like prose, told by text alone and by its names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.ingest.extraction.document import Element, Line, words

_GOOD_NAME: Final = re.compile(
    r"article|content|(?:^|[\s_-])(?:main|body|text|txt|detail|post|entry|story|news|zoom|zw|zhengwen|trs_editor|"
    r"con|nr|neirong|wenzhang)(?:$|[\s_-])|artibody|articlebody|rich_?media|textbody|newstext|conttext|xxgk|ucap"
)
#: names that editors give to the body itself and to little else
_BODY_NAME: Final = re.compile(
    r"article[-_]?(?:content|body|text|main|con|detail)(?![a-z])|artibody|(?:news|post|content|main|detail|art)[-_]?"
    r"(?:text|body|content|con)(?![a-z])|trs_editor|js_content|ucap-content|rich_media_content|zoom(?:$|\s)|"
    r"(?:^|\s)(?:content|article|endtext|cont|text|textbody|zhengwen|detail[-_]?con\w*)(?:$|\s)|vsb_content|txt_con"
)
#: names of what stands beside an article
_BAD_NAME: Final = re.compile(
    r"comment(?!ary)|reply|recommend|relat(?:ed|ion|e[-_])|side[-_]?bar|foot(?:er)?(?:$|[\s_-])|copyright|share|(?:^|[\s_-])nav|"
    r"crumb|position(?:$|\s)|(?:^|[\s_-])(?:hot|rank|top(?:list|bar|nav)|ad|ads|advert\w*|gg|menu|toolbar|tools?|links?|aside|"
    r"right|login|search|pager?|pages|paging|pagination|tags?|keywords|statement|disclaimer|declare|mzsm|qr\w*|ewm|app[-_]?down\w*|"
    r"like|tie|post_(?:recommend|next)\w*|prev|next|guess|author[-_]?(?:info|card|box)|user[-_]?(?:info|card)|editor|zebian|"
    r"xgyd|xgxw|tuijian|xiangguan|pinglun|fenxiang)(?:$|[\s_-])|banner|weixin|wechat[-_]?code|download|feedback|"
    r"survey|vote|popup|dialog|modal|toast|tooltip|cookie"
)
_TALK: Final = re.compile(r"comment|reply|pinglun|tie-|cmt")
_ASIDE_TAGS: Final = frozenset(("nav", "footer", "aside", "form", "figcaption", "dialog", "menu"))
#: a line at which what belongs to the article ends
END: Final = re.compile(
    r"^\W{0,3}(?:相关(?:阅读|新闻|链接|文章|推荐|报道|内容|专题|附件|信息|稿件|资讯)|延伸阅读|推荐阅读|热门(?:推荐|文章|评论|新闻|阅读|跟帖|资讯|标签)|"
    r"精彩(?:推荐|评论|图片|阅读)|更多(?:新闻|推荐|阅读|精彩|内容|资讯|文章|热点)|为您推荐|为你推荐|猜你喜欢|大家都在看|大家都爱看|往期(?:推荐|回顾|精彩)|"
    r"(?:网友|最新|全部|我要|发表|用户|热点|网友)(?:评论|跟贴|跟帖|回复|点评)|评论区|编辑推荐|新闻推荐|今日推荐|图片新闻|阅读排行|点击排行|热点排行|新闻排行|"
    r"作者最新文章|扫一扫在手机打开|上一[篇条页]|下一[篇条]|相关搜索|热点新闻|频道精选|小编推荐|最新文章|本栏(?:最新|热门)|你可能(?:还)?喜欢|"
    r"您可能(?:还)?(?:感兴趣|喜欢)|看完这篇|读完这篇|回复\s*\d*\s*[条楼]|全部回复|精彩回放|推荐视频|点击进入专题)[\s\S]{0,16}$"
)
#: lines that are no part of what the article says
BOILERPLATE: Final = re.compile(
    r"^\W{0,3}(?:责任编辑|责编|编辑|值班编辑|本文编辑|本期编辑|校对|审核|初审|复审|终审|监制|美编|值班主任|编审|编校|统筹|制作)\s*[:：丨|/／]\s*\S{0,24}"
    r"(?:\s+\S{0,12}){0,4}\W*$"
    r"|^\W{0,3}(?:责任编辑|责编|编辑)(?:\s*[:：]?\s*|\s+)[\u4e00-\u9fff·]{2,4}\W*$|^\W{0,3}(?:责任编辑|责编)\s*[:：]?\s*\S{1,24}$"
    r"|^\W{0,3}(?:分享|分享到|分享至|转发|收藏|点赞|打印|打印本页|关闭|关闭窗口|纠错|我要纠错|返回顶部|字号|举报|投诉|赞|评论|复制链接|手机看|扫码|"
    r"微信|微博|QQ空间|朋友圈|新浪微博|腾讯微博|大|中|小|默认|超大|超大字体|放大|缩小|加入收藏|正文|首页|阅读全文|展开全文|阅读原文|查看原文|已关注|关注|"
    r"广告|原创|来源|更多|上一页|下一页|提示|取消|确定|登录|注册|暂无评论)(?:[\s::|/丨·【】\[\]()（）>»到至]*(?:分享|分享到|分享至|转发|收藏|"
    r"点赞|打印|本页|关闭|窗口|微信|微博|QQ空间|朋友圈|新浪微博|大|中|小|默认|超大|字体|纠错|评论))*\W*$"
    r"|^.{0,12}(?:扫一扫|扫描|长按|扫码|微信扫).{0,12}(?:二维码|分享|关注|朋友圈|手机|下载|识别).{0,20}$"
    r"|(?:版权所有|Copyright\s*[©(]|©\s*\d{4}|All Rights? Reserved|ICP备|ICP证|公网安备|网站标识码|违法和不良信息举报|"
    r"增值电信业务经营许可|互联网新闻信息服务许可证)"
    r"|^\W{0,3}(?:特别声明|版权声明|免责声明|免责条款|郑重声明|本站声明|转载声明|法律声明)\s*[:：].{8,}"
    r"|(?:未经.{0,12}(?:授权|许可|书面).{0,16}(?:转载|使用|复制)|如(?:有|涉).{0,10}侵权.{0,16}(?:联系|删除)|"
    r"仅代表作者(?:本人)?观点.{0,6}不代表|不代表本(?:网|站|平台|报).{0,6}(?:立场|观点))"
    r"|^\W{0,3}(?:您的浏览器|请使用|当前浏览器).{0,30}(?:升级|不支持|播放|浏览器)"
    r"|^\W{0,3}(?:点击|关注|下载).{0,20}(?:公众号|客户端|APP|App|小程序).{0,20}$"
)
_COMMENTS: Final = re.compile(
    r"^\W{0,3}(?:网友|最新|热门|全部|精彩|热点|用户|读者)?(?:评论|跟帖|跟贴|留言|回复)(?:区|列表)?\W*(?:\d+\W*[条个]?)?\W*$"
    r"|^\W{0,3}(?:共有?\s*)?\d+\s*条?(?:评论|跟帖|跟贴|留言|回复)\W*$"
)
#: prose before a heading of comments from which it is one, and no button; and how much of the comments' is counted
_BEFORE_COMMENTS: Final = 100.0
_MUTED: Final = 0.1
_RIGHTS_LINE: Final = 400
#: how much of a subtree's worth a part of it must keep to stand for it
_KEEPS: Final = 0.86
_NAMED_KEEPS: Final = 0.6
#: worth of a line from which it is prose, and no heading
_PROSE: Final = 8.0
#: worth (about: characters of prose) below which there is no article
_LEAST: Final = 24.0


@dataclass(frozen=True, slots=True)
class Body:
    """The body: its element, its lines, and where in the page's lines its first prose stands and it ends."""

    element: Element
    lines: Sequence[Line]
    begins: int
    ends: int

    @property
    def text(self) -> str:
        """Return the lines, one under the other."""
        return "\n".join(line.text for line in self.lines)


def boilerplate(line: Line) -> bool:
    """Tell whether a line is a portal's own: editors, buttons, rights."""
    return line.length <= _RIGHTS_LINE and BOILERPLATE.search(line.text) is not None


def aside(element: Element) -> bool:
    """Tell whether an element's tag or names say that it stands beside the article."""
    if element.tag in _ASIDE_TAGS:
        return True
    names = words(element)
    return len(names) > 1 and _BAD_NAME.search(names) is not None and _BODY_NAME.search(names) is None


def worth(line: Line) -> float:
    """Return how much a line speaks for an article: about its characters of prose; less than 0 is against."""
    if boilerplate(line):
        return -4.0
    plain = line.length - line.linked
    if line.density > 0.5:
        return -min(12.0, line.length / 2)
    clauses = line.clauses
    if clauses == 0:
        return 0.4 * plain if plain >= 40 else -1.0 if plain < 30 else 2.0
    if plain < 16:
        return 1.0 if line.text[-1] in "。！？；!?" else -1.0
    return plain * min(1.0, 0.5 + 0.25 * clauses)


def find_body(root: Element, page: Sequence[Line]) -> Body | None:
    """Return the article's body on a page of these lines, or None where nothing on it reads like one."""
    values = _muted(page, [worth(line) for line in page])
    shunned = _shunned(page, values)
    total: dict[Element, float] = {}
    best: Element | None = None
    for line, value in zip(page, values, strict=True):
        if line.block in shunned:
            continue
        element: Element | None = line.block
        while element is not None:
            total[element] = total.get(element, 0.0) + value
            element = element.getparent()
    if not total:
        return None
    weighed = {element: value * _name_weight(element) for element, value in total.items()}
    best = max(weighed, key=lambda element: (weighed[element], _depth(element)))
    if total[best] < _LEAST:
        return None
    best = _narrowed(best, total)
    return _cut(best, page, shunned)


def _muted(page: Sequence[Line], values: list[float]) -> list[float]:
    """Let little speak for what follows a heading of comments, where prose came before it."""
    prose = 0.0
    for number, (line, value) in enumerate(zip(page, values, strict=True)):
        prose += max(0.0, value)
        if prose >= _BEFORE_COMMENTS and _COMMENTS.match(line.text):
            return values[: number + 1] + [min(later, _MUTED * later) for later in values[number + 1 :]]
    return values


def _name_weight(element: Element) -> float:
    if _body_name(element):
        return 1.25
    return 1.1 if element.tag == "article" or _GOOD_NAME.search(words(element)) else 1.0


def _body_name(element: Element) -> bool:
    return element.get("itemprop") == "articleBody" or _BODY_NAME.search(words(element)) is not None


def _depth(element: Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _shunned(page: Sequence[Line], values: Sequence[float]) -> frozenset[Element]:
    """Return the blocks that lie in something beside the article; never those that hold most of the page's prose."""
    prose = sum(value for value in values if value > 0)
    verdicts: dict[Element, Element | None] = {}
    held: dict[Element, float] = {}

    def keeper(element: Element) -> Element | None:
        """Return the outermost element beside the article that holds `element`."""
        path = []
        node: Element | None = element
        while node is not None and node not in verdicts:
            path.append(node)
            node = node.getparent()
        above = verdicts[node] if node is not None else None
        for one in reversed(path):
            if above is None and one.tag not in ("body", "html") and aside(one):
                above = one
            verdicts[one] = above
        return above

    for line, value in zip(page, values, strict=True):
        holder = keeper(line.block)
        if holder is not None and value > 0:
            held[holder] = held.get(holder, 0.0) + value
    spared = {holder for holder, value in held.items() if value > 0.5 * prose and not _TALK.search(words(holder))}
    return frozenset(block for block, holder in verdicts.items() if holder is not None and holder not in spared)


def _narrowed(element: Element, total: dict[Element, float]) -> Element:
    """Go down to the smallest part that keeps nearly all."""
    while True:
        inner = max((child for child in element if child in total), key=lambda child: total[child], default=None)
        if inner is None or inner.tag in ("p", "li", "tr", "tbody"):
            break
        if total[inner] < _KEEPS * total[element]:
            break
        element = inner
    named = [
        one
        for one, value in total.items()
        if value >= _NAMED_KEEPS * total[element] and element in one.iterancestors() and _body_name(one)
    ]
    return max(named, key=lambda one: (total[one], _depth(one)), default=element)


def _cut(element: Element, page: Sequence[Line], shunned: frozenset[Element]) -> Body | None:
    inside = [line for line in page if line.block is element or element in line.block.iterancestors()]
    kept: list[Line] = []
    prose = 0.0
    whole = sum(max(0.0, worth(line)) for line in inside if line.block not in shunned)
    for line in inside:
        if line.block in shunned or boilerplate(line):
            continue
        if END.match(line.text) and prose >= 0.5 * whole:
            break
        prose += max(0.0, worth(line))
        if _link_list(line):
            continue
        kept.append(line)
    if not kept:
        return None
    begins = next((line.order for line in kept if line.clauses and worth(line) >= _PROSE), kept[0].order)
    return Body(element, kept, begins, kept[-1].order)


def _link_list(line: Line) -> bool:
    """Tell whether a line is but links: a menu, a list of other articles."""
    return line.density > 0.7 and not (line.clauses and line.text[-1] in "。！？" and line.links == 1)
