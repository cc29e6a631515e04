"""What is wrong with a field, in Chinese: pydantic's errors in the words of the people who fill forms in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: by pydantic's error type; `{…}` are names of its context
_WORDS: Final[dict[str, str]] = {
    "missing": "必填",
    "extra_forbidden": "没有这个字段",
    "string_type": "须为文字",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "至多 {max_length} 个字",
    "string_pattern_mismatch": "格式不符（{pattern}）",
    "int_type": "须为整数",
    "int_parsing": "须为整数",
    "int_from_float": "须为整数",
    "float_type": "须为数字",
    "float_parsing": "须为数字",
    "finite_number": "须为有限的数字",
    "bool_type": "须为 true 或 false",
    "bool_parsing": "须为 true 或 false",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "不得小于 {ge}",
    "less_than": "须小于 {lt}",
    "less_than_equal": "不得大于 {le}",
    "list_type": "须为列表",
    "dict_type": "须为对象",
    "model_type": "须为对象",
    "model_attributes_type": "须为对象",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "url_parsing": "不是有效的网址",
    "url_scheme": "须为 http 或 https 网址",
    "uuid_parsing": "不是有效的编号",
    "none_required": "须为空",
    "nul": "不得含有空字符（NUL）",
    "json_invalid": "不是有效的 JSON",
}


def in_chinese(error: Mapping[str, Any]) -> str:
    """Return what one of pydantic's errors says, in Chinese; what a validator of ours says is given as it stands."""
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind in ("enum", "literal_error"):
        return f"须为以下之一：{str(context.get('expected', '')).replace(' or ', ', ')}"
    if kind == "value_error":
        return plain(error)
    if kind in _WORDS:
        return _WORDS[kind].format_map({**dict.fromkeys(("min_length", "max_length", "pattern"), ""), **context})
    return "不是有效的时间" if "date" in kind or "time" in kind else "不符合要求"


def plain(error: Mapping[str, Any]) -> str:
    """Return what one of pydantic's errors says in its own words, without what only programmers read."""
    return str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
