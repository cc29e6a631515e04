"""``huiying openapi``: the API document of all services, without starting any."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

from gateway.openapi import merged
from huiying.contract_diff import contract
from huiying.parts import part

#: In the order in which the gateway merges them.
_SERVICES: Final = ("gateway", "ingest", "analysis", "cases", "notify")
_KEYS: Final = ("INTERNAL_KEY", "TOKEN_KEY", "AUTHOR_KEY")


def document(*, chinese: bool = False) -> dict[str, Any]:
    """Return the document that the gateway shows at ``/openapi.json``, whatever this machine's settings are."""
    with _neutral_settings():
        return merged({name: _own(name) for name in _SERVICES}, chinese=chinese)


def document_text(*, chinese: bool = False) -> str:
    """Return the document as `docs/openapi.json` holds it."""
    return json.dumps(document(chinese=chinese), ensure_ascii=False, indent=1) + "\n"


def contract_text() -> str:
    """Return what of the document binds, as `docs/openapi-baseline.json` holds it."""
    return json.dumps(contract(document()), ensure_ascii=False, separators=(",", ":")) + "\n"


def _own(name: str) -> dict[str, Any]:
    chosen = part(name)
    assert chosen is not None
    module, _, function = chosen.factory.partition(":")
    app = getattr(import_module(module), function)()
    own: dict[str, Any] = getattr(app, "own", app).openapi()
    return own


@contextmanager
def _neutral_settings() -> Iterator[None]:
    """Build the apps from settings of nobody's: no key of the deployment is read, nothing is connected to."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("HUIYING_")}
    with tempfile.TemporaryDirectory(prefix="huiying-openapi-") as data:
        for name in kept:
            del os.environ[name]
        own = {f"HUIYING_{key}": "k" * 32 for key in _KEYS}
        own |= {"HUIYING_DATA": data, "HUIYING_REDIS_URL": "redis://127.0.0.1:1/0", "HUIYING_LOG_LEVEL": "error"}
        os.environ.update(own)
        try:
            yield
        finally:
            for name in own:
                os.environ.pop(name, None)
            os.environ.update(kept)
