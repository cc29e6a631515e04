"""From a piece of HTML, as feeds, APIs and selected elements carry it, to plain text: one line a paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Final

from lxml.html import document_fromstring, tostring
from selectolax.lexbor import LexborHTMLParser, LexborNode

_LOOKS_LIKE_MARKUP: Final = re.compile(r"<\s*/?\s*[A-Za-z!][^<>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]{2,8});")
#: control characters, and halves of surrogate pairs, which JSON can hold and UTF-8 cannot
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_VOID: Final = frozenset(("br", "img", "meta", "link", "input", "hr", "area", "base", "col", "embed", "source", "wbr"))
_DEEPEST: Final = 500
_UNSEEN: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "svg",
        "head",
        "form",
        "button",
        "select",
        "textarea",
        "object",
        "canvas",
        "audio",
        "video",
    ]
)
_BREAKING: Final = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "blockquote",
        "section",
        "article",
        "header",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "hr",
        "dt",
        "dd",
        "figure",
    ]
)


def plain_text(markup: str) -> str:
    """Return the text that a reader sees; text without markup comes back with its white space folded."""
    markup = _CONTROLS.sub("", markup)
    if not _LOOKS_LIKE_MARKUP.search(markup):
        return folded(markup)
    if "<" not in markup:
        return folded(unescape(markup))
    body = parsed(markup).body
    return paragraphs([body]) if body is not None else ""


def parsed(markup: str) -> LexborHTMLParser:
    """Return HTML as a tree that CSS selectors can search, in time that grows with its length alone."""
    if _open_at_once(markup) > _DEEPEST:
        # Lexbor's time grows with the square of the depth; libxml2 cuts what lies deeper than its 256 levels
        cut = document_fromstring(_CONTROLS.sub("", markup) or "<p>", ensure_head_body=True)
        markup = tostring(cut, encoding="unicode")
    return LexborHTMLParser(markup)


def _open_at_once(markup: str) -> int:
    depth = deepest = 0
    for tag in _TAG.finditer(markup):
        if tag[1]:
            depth = max(0, depth - 1)
        elif tag[2].lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def paragraphs(nodes: Iterable[LexborNode]) -> str:
    """Return what a reader sees of nodes, one line a paragraph."""
    parts: list[str] = []
    for node in nodes:
        _walk(node, parts)
        parts.append("\n")
    return folded("".join(parts))


def one_line(node: LexborNode) -> str:
    """Return what a reader sees of a node, in one line."""
    return " ".join(paragraphs([node]).split())


def folded(text: str) -> str:
    """Return lines with their white space folded, empty ones left out."""
    lines = (" ".join(line.split()) for line in _CONTROLS.sub("", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _walk(root: LexborNode, parts: list[str]) -> None:
    # with a stack of its own: hostile markup nests deeper than Python recurses
    stack: list[LexborNode | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:
            parts.append("\n")
            continue
        tag = node.tag or ""
        if tag == "-text":
            parts.append((node.text_content or "").replace("\n", " "))
            continue
        if tag in _UNSEEN or (tag.startswith("-") and node is not root):
            continue
        if tag in _BREAKING:
            parts.append("\n")
            stack.append(None)
        children: list[LexborNode] = []
        child = node.child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend(reversed(children))
