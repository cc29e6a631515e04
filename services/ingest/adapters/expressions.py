"""JMESPath expressions in an adapter's settings: checked when the source is made, asked of the JSON that comes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, ParamSpec, TypeVar

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field

from services.ingest.adapters.markup import plain_text
from services.ingest.adapters.times import stated_time
from services.ingest.extraction.counters import read_count
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page

_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")

#: an expression of some hundred characters could else double a page's data dozens of times
_MOST_NESTED: Final = 3
_MOST_GROWTH: Final = 100
_MOST_RESULTS: Final = 10_000
#: bytes of a page that are read without a thread: some milliseconds
_SMALL: Final = 100_000
_MULTIPLYING: Final = frozenset({"multi_select_list", "multi_select_dict"})
_SEQUENTIAL: Final = frozenset(
    {"pipe", "subexpression", "projection", "value_projection", "filter_projection", "index_expression", "flatten"}
)
_QUOTED: Final = 60
_CALLBACK: Final = re.compile(r"^[\w$.]{1,100}\s*\(\s*(?=[\[{])")


def _checked(expression: str) -> str:
    expression = expression.strip()
    try:
        nested, growth = _multiplied(jmespath.compile(expression).parsed)
    except RecursionError:
        raise ValueError("表达式嵌套太深 / the expression nests too deeply") from None
    except JMESPathError as error:
        first = " ".join(str(error).split("\n")[0].split())
        raise ValueError(
            f"“{expression}”不是有效的 JMESPath 表达式（{first}） / not a JMESPath expression that can be read"
        ) from None
    if nested > _MOST_NESTED or growth > _MOST_GROWTH:
        raise ValueError(
            f"表达式会把数据成倍复制，多重选择（[a, b]、{{…}}、to_string）最多连用 {_MOST_NESTED} 层 / "
            "the expression multiplies what it reads"
        )
    return expression


def _multiplied(node: Any) -> tuple[int, int]:
    """Return how many multiplying parts of an expression feed one another, and what they multiply data by at most."""
    if not isinstance(node, dict):
        return 0, 1
    kind, parts = node["type"], node["children"]
    found = [_multiplied(part) for part in parts]
    nested, growth = max((one[0] for one in found), default=0), max((one[1] for one in found), default=1)
    if kind in _MULTIPLYING:
        return nested + (len(parts) > 1), sum(one[1] for one in found)
    if kind == "function_expression":
        if any(part["type"] == "expref" for part in parts):
            nested, growth = _in_sequence(found)
        name = node["value"]
        # a text within a list is escaped once more each time; a separator that is no constant comes again and again
        if name == "to_string" or (name == "join" and parts and parts[0]["type"] != "literal"):
            nested, growth = nested + 1, growth * 2
        return nested, growth
    return _in_sequence(found) if kind in _SEQUENTIAL else (nested, growth)


def _in_sequence(found: list[tuple[int, int]]) -> tuple[int, int]:
    nested, growth = 0, 1
    for one in found:
        nested, growth = nested + one[0], growth * one[1]
    return nested, growth


#: a JMESPath expression (jmespath.org) that is known to be readable
Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_checked)]


class NoAnswer(ValueError):
    """An expression cannot be asked of what came; the message says why, in Chinese."""


def ask(expression: str | None, document: Any) -> Any:
    """Return what the expression finds, of a list the first 10 000; None where there is no expression.

    Raises :class:`NoAnswer`.
    """
    if expression is None:
        return None
    try:
        found = jmespath.search(expression, document)
    except (JMESPathError, ValueError, TypeError, RecursionError) as error:
        raise NoAnswer(f"表达式 {expression} 无法求值：{quoted(error)}") from None
    return found[:_MOST_RESULTS] if isinstance(found, list) else found


def quoted(value: object) -> str:
    """Return the beginning of what a source answered, for a message: one line of 60 characters at most."""
    return " ".join(str(value)[:1000].split())[:_QUOTED]


async def beside(page: Page, read: Callable[_Given, _Found], *given: _Given.args, **named: _Given.kwargs) -> _Found:
    """Return what `read` finds in a page; where the page is large in a thread, since callers share this loop."""
    if len(page.body) <= _SMALL:
        return read(*given, **named)
    return await asyncio.to_thread(read, *given, **named)


def text_of(value: Any) -> str:
    """Return a value as plain text: markup undone, the parts of a list one a line; nothing for objects."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return "\n".join(part for part in map(text_of, value) if part)
    return ""


def line_of(value: Any) -> str:
    """Return a value as plain text in one line."""
    return " ".join(text_of(value).split())


def time_of(value: Any, now: datetime) -> datetime | None:
    """Return a value as a time; see :func:`stated_time`."""
    return stated_time(value, now)


def count_of(value: Any) -> int | None:
    """Return a value as a count: a number, or one as pages write it (1.2万). None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return round(value) if 0 <= value <= 1e12 else None
    found = read_count(str(value))
    return found if found is not None and found <= 1e12 else None


def document_of(page: Page) -> Any:
    """Return a page's JSON, taken out of a callback where it is wrapped in one. Raises FetchFailed where it is none."""
    text = page.text.lstrip("\ufeff \t\r\n")
    if wrapped := _CALLBACK.match(text):
        text = text[wrapped.end() :].rstrip().rstrip(";").rstrip().removesuffix(")")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        seen = quoted(text)
        detail = f"返回的不是 JSON，开头是：{seen}" if seen else "返回的内容为空，不是 JSON"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status) from None
