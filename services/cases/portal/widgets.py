"""The versions of the embeddable widget. A version that was released never changes: pages pin it by its hash."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Widget:
    """A version of the script, its entity tag, and the hash for `integrity="…"` (Subresource Integrity)."""

    script: bytes
    tag: str
    integrity: str

    @classmethod
    def of(cls, script: bytes) -> Widget:
        """Tag a script by its digest."""
        digest = base64.b64encode(hashlib.sha384(script).digest()).decode()
        return cls(script, f'"{hashlib.sha256(script).hexdigest()[:32]}"', f"sha384-{digest}")


def _read() -> dict[str, Widget]:
    folder = files("services.cases.portal") / "widget"
    scripts = {one.name.removesuffix(".js"): one.read_bytes() for one in folder.iterdir() if one.name.endswith(".js")}
    return {version: Widget.of(script) for version, script in scripts.items()}


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


WIDGETS: Final = _read()
NEWEST: Final = max(WIDGETS, key=_order)
