"""The adapters, one module each. Each module that holds `ADAPTER` is found by itself: nothing else lists it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from services.ingest.adapters.protocol import Adapter


@cache
def adapters() -> dict[str, Adapter]:
    """Return every adapter by its name."""
    found: dict[str, Adapter] = {}
    for module in iter_modules(__path__):
        adapter = getattr(import_module(f"{__name__}.{module.name}"), "ADAPTER", None)
        if adapter is not None:
            if adapter.name in found:
                raise RuntimeError(f"two adapters are named {adapter.name}")
            found[adapter.name] = adapter
    return found
