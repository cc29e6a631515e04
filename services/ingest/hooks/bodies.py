"""From the body of a delivery to the items that it brings, by the hook's format."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from kit.tables.unreadable import Unreadable
from services.ingest.adapters.expressions import NoAnswer, ask, text_of
from services.ingest.hooks.digest import NotMail, mail_of, posts_of
from services.ingest.hooks.schemas import HookConfig, JsonMapping
from services.ingest.imports.reading import Options, PostFile
from services.ingest.imports.reasons import Reason
from services.ingest.imports.rows import post_of, unexpected

#: items that one delivery may bring
MAX_ITEMS: Final = 10_000


def items_of(format_: str, body: bytes, config: HookConfig) -> list[Any]:
    """Return each item as a post in the API's words, or as the Reason why it is none.

    Raises :class:`Unreadable` where the body as a whole is not what the hook takes.
    """
    read = {"posts": _posts, "json": _mapped, "csv": _table, "email": _mail}
    items = read[format_](body, config)
    if len(items) > MAX_ITEMS:
        raise Unreadable(
            f"一次最多 {MAX_ITEMS:,} 条，收到 {len(items):,} 条",
            f"a delivery has at most {MAX_ITEMS:,} items, this one {len(items):,}",
        )
    return items


def _defaults(config: HookConfig) -> dict[str, str]:
    found = {"source": config.source, "channel": config.channel.value if config.channel else None}
    return {field: value for field, value in found.items() if value is not None}


def _posts(body: bytes, config: HookConfig) -> list[Any]:
    read = _json(body)
    posts = read.get("posts") if isinstance(read, dict) else read
    if not isinstance(posts, list):
        raise Unreadable('请求体须为 {"posts": [...]}', 'the body has to be {"posts": [...]}')
    return [{**_defaults(config), **post} if isinstance(post, dict) else post for post in posts]


def _mapped(body: bytes, config: HookConfig) -> list[Any]:
    mapping = config.mapping or JsonMapping(fields={"text": "text"})
    try:
        found = ask(mapping.items, _json(body))
    except NoAnswer as error:
        raise Unreadable(f"映射与请求体不符：{error}", f"the mapping does not fit the body: {error}") from None
    if found is None:
        raise Unreadable(f"请求体中没有 {mapping.items}", f"there is no {mapping.items} in the body")
    defaults = _defaults(config)
    return [_entry(one, mapping, defaults) for one in (found if isinstance(found, list) else [found])]


def _entry(entry: Any, mapping: JsonMapping, defaults: dict[str, str]) -> Any:
    try:
        cells = {field: _cell(field, ask(one, entry)) for field, one in mapping.fields.items()}
    except NoAnswer as error:
        return Reason(f"映射与该条不符：{error}", f"the mapping does not fit the item: {error}")
    except Exception as error:
        return unexpected(error)
    post, problem = post_of(cells, defaults)
    return post if post is not None else problem


def _cell(field: str, value: Any) -> Any:
    """Return a value; the text and the title without the markup that vendors leave in them."""
    return text_of(value) if field in ("text", "title") else value


def _mail(body: bytes, config: HookConfig) -> list[Any]:
    try:
        mail = mail_of(body)
    except NotMail as error:
        raise Unreadable(f"请求体不是电子邮件：{error}", f"the body is no e-mail: {error}") from None
    return _read(posts_of(mail, config.digest), config)


def _table(body: bytes, config: HookConfig) -> list[Any]:
    defaults = _defaults(config)
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(body)
        file.flush()
        options = Options(config.columns, defaults.get("source"), defaults.get("channel"))
        table = PostFile(Path(file.name), options, name="body.csv")
        return [one.post if one.post is not None else one.problem for one in table.records()]


def _read(cells: Iterable[dict[str, Any]], config: HookConfig) -> list[Any]:
    defaults = _defaults(config)
    found: list[Any] = []
    for one in cells:
        post, problem = post_of(one, defaults)
        found.append(post if post is not None else problem)
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"请求体不是有效的 JSON：{error}", f"the body is not JSON: {error}") from None
