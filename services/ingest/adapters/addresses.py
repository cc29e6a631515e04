"""Addresses that pages, feeds and APIs give: made absolute, and chosen by their path."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated
from urllib.parse import unquote, urljoin, urlsplit

from pydantic import Field

_PathPattern = Annotated[str, Field(min_length=1, max_length=200)]
Include = Annotated[
    list[_PathPattern],
    Field(
        default_factory=list,
        max_length=50,
        title="只看路径 · Include",
        description="只读路径匹配的页面，* 为任意字符，如 /news/*；留空为全部 / only pages whose path matches",
    ),
]
Exclude = Annotated[
    list[_PathPattern],
    Field(
        default_factory=list,
        max_length=50,
        title="排除路径 · Exclude",
        description="不读路径匹配的页面，如 /video/* / pages whose path matches are left out",
    ),
]


def web_address(value: object, base: str) -> str | None:
    """Return a public web address, made absolute by `base`; None where the value is none."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        value.encode()  # half a surrogate pair is in no address: UnicodeEncodeError is a ValueError
        joined = urljoin(base, value.strip())
        parts = urlsplit(joined)
        return joined if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def path_wanted(url: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Tell whether an address's path matches one of `include` (where there are any) and none of `exclude`."""
    path = unquote(urlsplit(url).path) or "/"
    if any(fnmatchcase(path, pattern) for pattern in exclude):
        return False
    return not include or any(fnmatchcase(path, pattern) for pattern in include)
