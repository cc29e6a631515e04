"""What a template of the office's own may be: text, fields, a few filters and conditions; nothing that runs on.

Without loops, calls, arithmetic and attributes a template takes time in proportion to its length, so that no template
can hold up the letters of others. What is wrong is told with line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notify.wording.fields import NAMES

#: Characters of a subject and of a body as they are written, and of the letter that comes of them.
LONGEST_SUBJECT: Final = 300
LONGEST_BODY: Final = 4_000
LONGEST_LETTER: Final = 50_000
#: Fields that one template may name, each time counted.
MOST_FIELDS: Final = 100
#: Signs of a condition; deeper nesting is no wording any more.
DEEPEST: Final = 8

_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
    nodes.Filter,
    nodes.List,
    nodes.Tuple,
    nodes.Keyword,
)
_SAID: Final[Mapping[type[nodes.Node], tuple[str, str]]] = {
    nodes.For: ("不能使用循环", "loops are not allowed"),
    nodes.Macro: ("不能定义宏", "macros are not allowed"),
    nodes.Include: ("不能引用其他模板", "other templates cannot be included"),
    nodes.Extends: ("不能引用其他模板", "other templates cannot be extended"),
    nodes.Import: ("不能引用其他模板", "other templates cannot be imported"),
    nodes.FromImport: ("不能引用其他模板", "other templates cannot be imported"),
    nodes.Call: ("不能调用函数", "nothing can be called"),
    nodes.Getattr: ("字段没有下级内容", "fields have no parts"),
    nodes.Getitem: ("字段没有下级内容", "fields have no parts"),
    nodes.Assign: ("不能赋值", "nothing can be set"),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a template, and where. `part`: "subject" or "body"; lines and columns count from 1."""

    part: str
    line: int
    column: int
    zh: str
    en: str


def first_sentence(text: str) -> str:
    """Return the beginning of a text up to the end of its first sentence or line."""
    found = re.match(r"[^\n。！？]*[。！？]?", text.strip())
    return found.group() if found else ""


def shortened(text: str, most: int = 60) -> str:
    """Return a text of at most so many characters; one that is cut ends with an ellipsis."""
    said = " ".join(str(text).split())
    return said if len(said) <= most else f"{said[: max(0, most - 1)]}…"


def or_else(text: object, other: str) -> object:
    """Return a text, or another where it is empty."""
    return text or other


#: The filters that a template may use, with what they do, in both languages.
FILTERS: Final[Mapping[str, tuple[str, str]]] = {
    "first_sentence": ("第一句", "the first sentence"),
    "shortened": ("缩短到若干字（默认 60）", "cut to so many characters (60 by default)"),
    "or_else": ("为空时的替代文字，如 or_else('尚未立案')", "what stands for an empty one"),
    "trim": ("去掉首尾空白", "without blanks around it"),
}


def environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox in which templates of the office's own are made into letters."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    own = {"first_sentence": first_sentence, "shortened": shortened, "or_else": or_else}
    made.filters = {name: own.get(name, made.filters.get(name)) for name in FILTERS}
    made.globals.clear()
    return made


_ENVIRONMENT: Final = environment()


@lru_cache(maxsize=512)
def compiled(source: str) -> Template:
    """Return a template that was found to be right, ready for use."""
    return _ENVIRONMENT.from_string(source)


def mistakes_in(subject: str, body: str) -> list[Mistake]:
    """Return what is wrong with a template, in order; nothing where it can be used."""
    found = []
    for part, source, longest in (("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY)):
        if not source.strip():
            found.append(Mistake(part, 1, 1, "不能为空", "must not be empty"))
        elif len(source) > longest:
            found.append(Mistake(part, 1, 1, f"超过 {longest} 字", f"has more than {longest} characters"))
        else:
            found += _mistakes_of(part, source)
    return found


def _mistakes_of(part: str, source: str) -> Iterator[Mistake]:
    try:
        tree = _ENVIRONMENT.parse(source)
    except RecursionError:
        yield Mistake(part, 1, 1, "括号嵌套过深", "brackets lie too deep in each other")
        return
    except TemplateSyntaxError as error:
        line = error.lineno or 1
        said = (error.message or "").strip()
        yield Mistake(
            part, line, _column(source, line, ("{{", "{%", "{#")), f"写法有误：{said}", f"is malformed: {said}"
        )
        return
    named = 0
    for node, depth in _walk(tree):
        line = getattr(node, "lineno", 1) or 1
        if not isinstance(node, _ALLOWED):
            zh, en = next(
                (said for kind, said in _SAID.items() if isinstance(node, kind)),
                (f"不能使用这种写法（{type(node).__name__}）", f"{type(node).__name__} is not allowed"),
            )
            yield Mistake(part, line, _column(source, line, ("{%", "{{")), zh, en)
            return
        if depth > DEEPEST:
            yield Mistake(part, line, 1, "条件嵌套过深", "conditions lie too deep in each other")
            return
        if isinstance(node, nodes.Name):
            named += 1
            if node.name not in NAMES:
                known = "、".join(sorted(NAMES))
                yield Mistake(
                    part,
                    line,
                    _column(source, line, (node.name,)),
                    f"没有字段 {node.name}；可用：{known}",
                    f"there is no field {node.name}; there are {', '.join(sorted(NAMES))}",
                )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield Mistake(
                part,
                line,
                _column(source, line, (node.name,)),
                f"没有过滤器 {node.name}；可用：{'、'.join(FILTERS)}",
                f"there is no filter {node.name}; there are {', '.join(FILTERS)}",
            )
    if named > MOST_FIELDS:
        yield Mistake(part, 1, 1, f"字段超过 {MOST_FIELDS} 处", f"names fields more than {MOST_FIELDS} times")


def _walk(node: nodes.Node, depth: int = 0) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    below = depth + isinstance(node, nodes.If | nodes.CondExpr)
    for child in node.iter_child_nodes():
        yield from _walk(child, below)


def _column(source: str, line: int, wanted: tuple[str, ...]) -> int:
    lines = source.splitlines() or [""]
    text = lines[min(line, len(lines)) - 1]
    places = [text.find(one) for one in wanted if one in text]
    return min(places) + 1 if places else 1
