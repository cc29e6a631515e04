"""The keys that change by themselves: made, followed by new ones in time, and dropped when nothing rests on them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from huiying.errors import CommandError
from huiying.folder import write_private
from kit.keyring import Kind, due, public_part, rotated

#: for how long a new key stands in the files before it signs, so that every part has read it by then
AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The files of one purpose. `kept`: how long a followed key is believed, longer than anything that it signed."""

    name: str
    kind: Kind
    private: str
    public: str | None
    kept: timedelta


#: contexts are good for a minute, access tokens for HUIYING_ACCESS_MINUTES (15)
KEY_FILES: Final = (
    KeyFiles("context", "Ed25519", "context_keys", "context_public_keys", timedelta(hours=1)),
    KeyFiles("token", "HS256", "token_keys", None, timedelta(days=1)),
)


def keep(folder: Path, now: datetime, every: timedelta) -> list[str]:
    """Make the keys that are missing in `folder` and follow those that have signed for `every`; returns their names."""
    changed = []
    for files in KEY_FILES:
        before = _read(folder / files.private)
        if due(before, now, every):
            _write(folder, files, rotated(before, files.kind, now, ahead=AHEAD, kept=files.kept))
            changed.append(files.name)
        elif files.public is not None and before is not None and not (folder / files.public).exists():
            _put(folder / files.public, public_part(before))
    return changed


def rotate(folder: Path, names: list[str], *, at_once: bool, drop: bool) -> None:
    """Follow the keys of `names` by new ones in `folder`.

    `at_once`: the new key signs now instead of in five minutes. `drop`: the old ones are believed no more, as after a
    leak; whoever holds an access token has to renew it.
    """
    now = datetime.now(UTC)
    for files in KEY_FILES:
        if files.name in names:
            before = None if drop else _read(folder / files.private)
            ahead = timedelta(0) if at_once else AHEAD
            _write(folder, files, rotated(before, files.kind, now, ahead=ahead, kept=files.kept))


def listed(folder: Path) -> list[tuple[str, str, datetime, datetime]]:
    """Return purpose, id, day of making and first moment of signing of every key in `folder`."""
    found = []
    for files in KEY_FILES:
        for entry in (_read(folder / files.private) or {"keys": []})["keys"]:
            made, begins = (datetime.fromtimestamp(entry.get(name, 0), UTC) for name in ("iat", "nbf"))
            found.append((files.name, str(entry["kid"]), made, begins))
    return found


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        keys: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(keys["keys"], list)
    except (ValueError, KeyError, TypeError, AssertionError, OSError) as error:
        raise CommandError(f"密钥文件无法读取 / the key file {path} cannot be read: {error}") from None
    return keys


def _write(folder: Path, files: KeyFiles, keys: Mapping[str, Any]) -> None:
    """Write the public part first: a key that signs is known to whoever reads what it signed."""
    if files.public is not None:
        _put(folder / files.public, public_part(keys))
    _put(folder / files.private, keys)


def _put(path: Path, keys: Mapping[str, Any]) -> None:
    text = json.dumps(keys, indent=1) + "\n"
    try:
        if path.exists() and path.stat().st_mode & 0o077:
            # mounted into containers by its inode, which a new file would not have; readers keep what they know
            # where they meet half of it, and look again
            path.write_text(text, encoding="utf-8")
        else:
            write_private(path, text)
    except OSError as error:
        raise CommandError(f"密钥文件无法写入 / the key file {path} cannot be written: {error.strerror}") from None
