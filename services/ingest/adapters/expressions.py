"""JMESPath expressions in an adapter's settings: checked when the source is made, asked of the JSON that comes."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Annotated, Any, Final

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field

from services.ingest.adapters.markup import plain_text
from services.ingest.adapters.times import stated_time
from services.ingest.extraction.counters import read_count
from services.ingest.fetching.page import FetchFailed, FetchProblem, Page

_CALLBACK: Final = re.compile(r"^[\w$.]{1,100}\s*\(\s*(?=[\[{])")


def _checked(expression: str) -> str:
    expression = expression.strip()
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        first = " ".join(str(error).split("\n")[0].split())
        raise ValueError(
            f"“{expression}”不是有效的 JMESPath 表达式（{first}） / not a JMESPath expression that can be read"
        ) from None
    return expression


#: a JMESPath expression (jmespath.org) that is known to be readable
Expression = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_checked)]


class NoAnswer(ValueError):
    """An expression cannot be asked of what came; the message says why, in Chinese."""


def ask(expression: str | None, document: Any) -> Any:
    """Return what the expression finds, None where there is no expression. Raises :class:`NoAnswer`."""
    if expression is None:
        return None
    try:
        return jmespath.search(expression, document)
    except (JMESPathError, ValueError, TypeError, RecursionError) as error:
        raise NoAnswer(f"表达式 {expression} 无法求值：{' '.join(str(error).split())[:200]}") from None


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
        seen = " ".join(text[:80].split())
        detail = f"返回的不是 JSON，开头是：{seen}" if seen else "返回的内容为空，不是 JSON"
        raise FetchFailed(FetchProblem.CONTENT, detail, url=page.url, status=page.status) from None
