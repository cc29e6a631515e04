"""A page as a tree and as lines of visible text. Bounded in time by the size read and libxml2's depth of 255."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element

#: characters of a page that are read; the largest real page measured had 770,000
READ: Final = 3_000_000

#: lines of a page that are looked at; the longest real page measured has 1,500
LINES: Final = 20_000

_UNSEEN: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "svg",
        "math",
        "object",
        "embed",
        "canvas",
        "select",
        "option",
        "button",
        "textarea",
        "head",
        "datalist",
        "map",
        "audio",
        "video",
        "frameset",
        "noframes",
        "applet",
        "input",
    ]
)
_INLINE: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "o",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "img",
    ]
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none", re.I)
#: signs that end or divide a Chinese or western clause; none of them is common in menus and lists of titles
_CLAUSES: Final = re.compile("[，。；！？、;!?]|,(?!\\d)|\\.(?=\\s|$)")
_SPACE: Final = re.compile(r"[\s\u00a0\u3000\u200b\ufeff]+")


@dataclass(slots=True)
class Line:
    """A stretch of text between two breaks. `block` holds it, `linked` counts its characters in links."""

    text: str
    block: Element
    linked: int
    links: int
    bold: bool = False
    order: int = 0
    parts: Sequence[str] = ()

    @property
    def spaced(self) -> str:
        """Return the text with a space between elements that touch: apart for the eye, by the style sheet."""
        return squeeze(" ".join(self.parts)) if len(self.parts) > 1 else self.text

    @property
    def length(self) -> int:
        """Count the characters."""
        return len(self.text)

    @property
    def density(self) -> float:
        """Return the share of characters that lie in links."""
        return min(1.0, self.linked / len(self.text)) if self.text else 0.0

    @property
    def clauses(self) -> int:
        """Count the signs that divide clauses."""
        return len(_CLAUSES.findall(self.text))


@dataclass(slots=True)
class _Open:
    """A line that is being gathered."""

    parts: list[str] = field(default_factory=list)
    linked: int = 0
    links: int = 0
    bold: int = 0


def parse(html: str) -> Element | None:
    """Return the root of a page, or None where there is no element in it; comments and instructions are left out."""
    kept = html[:READ].replace("\x00", "")
    if "<" not in kept:
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root: Element | None = etree.fromstring(kept.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None
    return root


def words(element: Element) -> str:
    """Return an element's class and id, in lower case."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def unseen(element: Element) -> bool:
    """Tell whether a reader does not see the element."""
    style = element.get("style")
    return (
        element.tag in _UNSEEN
        or (style is not None and _HIDDEN.search(style) is not None)
        or element.get("hidden") is not None
    )


def shown(element: Element) -> str:
    """Return the visible text of one element in one line."""
    if not len(element):
        return squeeze(element.text or "")
    return squeeze("".join(_texts(element)))


def squeeze(text: str) -> str:
    """Fold white space."""
    return _SPACE.sub(" ", text).strip()


def _texts(element: Element) -> Iterator[str]:
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, node in walker:
        if event == "start":
            if node is not element and (not isinstance(node.tag, str) or unseen(node)):
                walker.skip_subtree()
            elif node.text:
                yield node.text
            if node.tag not in _INLINE:
                yield " "
        elif node is not element:
            if node.tag not in _INLINE:
                yield " "
            if node.tail:
                yield node.tail


def lines(root: Element, but: frozenset[Element] = frozenset()) -> list[Line]:
    """Return the visible lines under `root` in the page's order; the elements in `but` are passed over."""
    found: list[Line] = []
    gathered = _Open()
    blocks: list[Element] = [root]
    in_link = 0
    in_bold = 0

    def close() -> None:
        nonlocal gathered
        if gathered.parts:
            text = squeeze("".join(gathered.parts))
            if text:
                bold = gathered.bold >= 0.8 * len(text)
                found.append(Line(text, blocks[-1], gathered.linked, gathered.links, bold, len(found), gathered.parts))
            gathered = _Open()

    def take(text: str | None) -> None:
        if text:
            gathered.parts.append(text)
            if in_link or in_bold:
                size = len(squeeze(text))
                gathered.linked += size if in_link else 0
                gathered.bold += size if in_bold else 0

    walker = etree.iterwalk(root, events=("start", "end"))
    skipping: Element | None = None
    for event, node in walker:
        if len(found) >= LINES:
            return found
        tag = node.tag
        if event == "start":
            if node is not root and (not isinstance(tag, str) or unseen(node) or node in but):
                skipping = node
                walker.skip_subtree()
                continue
            if tag == "a":
                in_link += 1
                gathered.links += 1
            elif tag in ("b", "strong"):
                in_bold += 1
            elif tag == "br":
                close()
            elif tag not in _INLINE:
                close()
                blocks.append(node)
            take(node.text)
            continue
        if node is skipping:
            skipping = None
            if tag not in _INLINE and tag not in ("script", "style", "noscript"):
                close()
        elif tag == "a":
            in_link -= 1
        elif tag in ("b", "strong"):
            in_bold -= 1
        elif tag not in _INLINE and tag != "br":
            close()
            blocks.pop()
        if node is not root:
            take(node.tail)
    close()
    return found
