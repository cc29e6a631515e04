"""What went wrong with a source, in the words of an officer."""

from __future__ import annotations

import re
from typing import Final

from services.ingest.fetching.page import FetchProblem
from services.ingest.folding import cleaned
from services.ingest.privacy import mask, mask_url

#: by problem: Chinese, English
WORDS: Final[dict[str, tuple[str, str]]] = {
    FetchProblem.NOT_AN_ADDRESS: ("网址无效", "not a web address"),
    FetchProblem.FORBIDDEN_ADDRESS: (
        "网址指向内部网络或不常用的端口，不予访问；确需监测时，请管理员把该主机写入 HUIYING_ALLOWED_HOSTS",
        "the address lies inside a network or at an unusual port; HUIYING_ALLOWED_HOSTS can name the host",
    ),
    FetchProblem.ROBOTS: (
        "网站的 robots.txt 不允许抓取，或暂时读不到",
        "the site's robots.txt forbids it, or cannot be read",
    ),
    FetchProblem.DNS: ("域名不存在或暂时无法解析，请核对网址", "the name does not resolve"),
    FetchProblem.CONNECT: ("连不上对方服务器，可能已停机或端口有误", "no connection"),
    FetchProblem.TLS: ("对方的安全证书有误或已过期", "TLS failed"),
    FetchProblem.TIMEOUT: ("对方应答过慢，已超时", "timed out"),
    FetchProblem.PROTOCOL: ("对方应答不合规范", "the answer breaks the protocol"),
    FetchProblem.TOO_LARGE: ("页面过大", "too large"),
    FetchProblem.REDIRECTS: ("跳转过多或跳转有误", "too many or wrong redirects"),
    FetchProblem.HTTP_STATUS: ("网站返回错误", "the site answers with an error"),
    FetchProblem.RATE_LIMITED: ("网站要求放慢访问", "the site asks to slow down"),
    FetchProblem.CONTENT: ("内容不是预期的格式", "the content is not what was expected"),
    "config": ("采集设置有误", "the source's settings are wrong"),
    "storage": ("存储故障，已记入日志，稍后再试", "storage failed; see the log"),
    "defect": ("程序缺陷，已记入日志", "a defect; see the log"),
}


def in_words(problem: str) -> tuple[str, str]:
    """Return a problem in Chinese and English."""
    return WORDS.get(problem, (problem, problem))


#: what libraries and servers say, in Chinese
_DETAILS: Final = (
    (re.compile(r"status (\d{3})"), r"状态码 \1"),
    (re.compile(r"\[Errno -?\d+\] "), ""),
    (re.compile(r"Connection refused"), "连接被拒绝"),
    (re.compile(r"Connection reset by peer"), "连接被对方中断"),
    (re.compile(r"Name or service not known|No address associated with hostname"), "没有这个域名"),
    (re.compile(r"Temporary failure in name resolution"), "域名服务器暂无应答"),
    (re.compile(r"Network is unreachable|No route to host"), "网络不通"),
    (re.compile(r": private$"), "：内网地址"),
    (re.compile(r": loopback$"), "：本机地址"),
    (re.compile(r": port (\d+)$"), r"：端口 \1"),
    (re.compile(r"robots\.txt says no"), "robots.txt 写明不允许"),
)


def safe(text: str, length: int = 500) -> str:
    """Return what was seen as it may be stored, shown and logged: personal numbers masked, cut to `length`."""
    return mask(cleaned(text))[:length]


def safe_url(url: str) -> str:
    """Return an address as it may be stored, shown and logged."""
    try:
        return mask_url(cleaned(url))[:500]
    except ValueError:
        return safe(url)


def detail_in_words(detail: str | None, *, chinese: bool) -> str | None:
    """Return what exactly was seen, in Chinese where its words are known."""
    if detail is None or not chinese:
        return detail
    for pattern, words in _DETAILS:
        detail = pattern.sub(words, detail)
    return detail
