"""Keys that a source needs: named in its settings by an environment variable, and never kept in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from services.ingest.fetching.fetcher import OWN_HEADERS
from services.ingest.fetching.page import FetchFailed, FetchProblem

#: only variables of this name may be sent out, so that no source can be made to give away another secret
PREFIX: Final = "HUIYING_SOURCE_"
_KEPT_ELSEWHERE: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "access-key")

SecretName = Annotated[
    str,
    Field(pattern=rf"^{PREFIX}[A-Z0-9_]{{1,80}}$", description=f"环境变量名，以 {PREFIX} 开头 / a variable's name"),
]
_HeaderName = Annotated[str, Field(max_length=80, pattern=r"^[-_]*[A-Za-z0-9][A-Za-z0-9_-]*$")]
_HeaderValue = Annotated[str, Field(max_length=1000, pattern=r"^[\x20-\x7e]*$")]


def _settable(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in OWN_HEADERS:
            raise ValueError(f"不能设置请求头 {name} / the header {name} cannot be set")
    return headers


def _open(headers: dict[str, str]) -> dict[str, str]:
    for name in _settable(headers):
        if any(word in name.lower().replace("_", "-") for word in _KEPT_ELSEWHERE):
            raise ValueError(
                f"请求头 {name} 应写在 secret_headers，值为环境变量名 / {name} belongs into secret_headers"
            )
    return headers


#: request headers that hold no secret
OpenHeaders = Annotated[dict[_HeaderName, _HeaderValue], AfterValidator(_open)]
#: request headers whose values are taken from environment variables
SecretHeaders = Annotated[dict[_HeaderName, SecretName], AfterValidator(_settable)]


def secret(name: str) -> str:
    """Return a secret's value. Raises FetchFailed, naming the variable, where it is not set or is no header's value."""
    value = os.environ.get(name, "")
    if not value:
        raise FetchFailed(FetchProblem.CONTENT, f"没有设置环境变量 {name}")
    if not value.isprintable():
        raise FetchFailed(FetchProblem.CONTENT, f"环境变量 {name} 的值含有换行或控制字符")
    return value


def revealed(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with their secrets in place."""
    return {name: secret(variable) for name, variable in headers.items()}
