"""What went wrong with a source, in the words of an officer."""

from __future__ import annotations

from typing import Final

from services.ingest.fetching.page import FetchProblem

#: by problem: Chinese, English
WORDS: Final[dict[str, tuple[str, str]]] = {
    FetchProblem.NOT_AN_ADDRESS: ("网址无效", "not a web address"),
    FetchProblem.FORBIDDEN_ADDRESS: (
        "网址指向内部网络，不予访问",
        "the address lies inside a network that is not public",
    ),
    FetchProblem.ROBOTS: ("网站不允许抓取（robots.txt）", "the site's robots.txt forbids it"),
    FetchProblem.DNS: ("域名解析失败", "the name does not resolve"),
    FetchProblem.CONNECT: ("连接失败", "no connection"),
    FetchProblem.TLS: ("证书或加密连接有误", "TLS failed"),
    FetchProblem.TIMEOUT: ("超时", "timed out"),
    FetchProblem.PROTOCOL: ("对方应答不合规范", "the answer breaks the protocol"),
    FetchProblem.TOO_LARGE: ("页面过大", "too large"),
    FetchProblem.REDIRECTS: ("跳转过多或跳转有误", "too many or wrong redirects"),
    FetchProblem.HTTP_STATUS: ("网站返回错误", "the site answers with an error"),
    FetchProblem.RATE_LIMITED: ("网站要求放慢访问", "the site asks to slow down"),
    FetchProblem.CONTENT: ("内容不是预期的格式", "the content is not what was expected"),
    "config": ("采集设置有误", "the source's settings are wrong"),
    "defect": ("程序缺陷，已记入日志", "a defect; see the log"),
}


def in_words(problem: str) -> tuple[str, str]:
    """Return a problem in Chinese and English."""
    return WORDS.get(problem, (problem, problem))
