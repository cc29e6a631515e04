"""How a file is to be read, as its sender says it: in the query, or in fields of the form that brings the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from contracts.words import Channel
from kit.problems import FieldError, Problem
from services.ingest.imports.columns import FIELDS
from services.ingest.imports.reading import Options
from services.ingest.imports.reasons import told

#: what may be chosen, and the characters that each may have
CHOICES: Final = {"mapping": 4_000, "source": 100, "channel": 20, "sheet": 100}


def with_fields(options: Options, fields: Mapping[str, str]) -> Options:
    """Return the options of the query with those of a form where the query has none; a 422 problem for a bad one."""
    given = {name: fields[name].strip() for name in CHOICES if fields.get(name, "").strip()}
    for name, value in given.items():
        if len(value) > CHOICES[name]:
            raise _bad(name, f"至多 {CHOICES[name]} 个字", f"at most {CHOICES[name]} characters", "body")
    channel = given.get("channel")
    if channel is not None and channel not in frozenset(Channel):
        words = ", ".join(Channel)
        raise _bad("channel", f"须为以下之一：{words}", f"one of {words}", "body")
    return replace(
        options,
        mapping=options.mapping or mapping_of(given.get("mapping"), "body"),
        source=options.source or given.get("source"),
        channel=options.channel or channel,
        sheet=options.sheet or given.get("sheet"),
    )


def mapping_of(text: str | None, where: str = "query") -> dict[str, str]:
    """Return columns by field out of JSON; a 422 problem for what is none."""
    if not text:
        return {}
    try:
        columns: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad("mapping", f"不是有效的 JSON：{error}", f"not JSON: {error}", where) from None
    if not isinstance(columns, dict) or not all(isinstance(column, str) for column in columns.values()):
        raise _bad("mapping", "须为由文字组成的对象", "an object of strings is wanted", where)
    if unknown := told(", ".join(sorted(set(columns) - set(FIELDS)))):
        known = ", ".join(FIELDS)
        raise _bad(
            "mapping", f"没有字段 {unknown}，可用：{known}", f"no such field: {unknown}; there are {known}", where
        )
    return columns


def _bad(name: str, zh: str, en: str, where: str) -> Problem:
    return Problem(
        422,
        f"bad-{name}",
        zh=f"{name} 参数无效：{zh}",
        en=f"{name} cannot be used: {en}",
        errors=[FieldError(pointer=f"{where}.{name}" if where == "query" else f"/{name}", detail=en, zh=zh)],
    )
