"""CSS selectors in an adapter's settings: checked when the source is made, used when its pages are read."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from services.ingest.adapters.markup import one_line
from services.ingest.adapters.protocol import Config


@cache
def _empty() -> LexborHTMLParser:
    return LexborHTMLParser("<html></html>")


def _checked(selector: str) -> str:
    selector = selector.strip()
    try:
        _empty().css(selector)
    except SelectolaxError:
        raise ValueError(
            f"“{selector}”不是有效的 CSS 选择器 / “{selector}” is not a CSS selector that can be read"
        ) from None
    return selector


#: a CSS selector that is known to be readable
Selector = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_checked)]


class ArticleSelectors(Config):
    """Where an article page keeps its parts, for pages that are misread without it. What is left out is found."""

    title: Selector | None = Field(
        None, title="标题 · Title", description="文章页标题的 CSS 选择器 / CSS selector of the title"
    )
    text: Selector | None = Field(
        None, title="正文 · Text", description="文章页正文的 CSS 选择器，可选中多个元素 / CSS selector of the text"
    )
    time: Selector | None = Field(
        None, title="时间 · Time", description="文章页发布时间的 CSS 选择器 / CSS selector of the time of publication"
    )
    author: Selector | None = Field(
        None, title="作者 · Author", description="文章页作者的 CSS 选择器 / CSS selector of the author"
    )

    @property
    def any(self) -> bool:
        """Tell whether at least one part is named."""
        return any((self.title, self.text, self.time, self.author))


def stated(node: LexborNode) -> str:
    """Return what a node states as a time: its machine-readable form where it has one, else its text."""
    for name in ("datetime", "data-time", "content", "title"):
        value = node.attributes.get(name)
        if value and any(sign.isdigit() for sign in value):
            return value
    return one_line(node)
