"""Keys that change while the system runs: a JWK Set (RFC 7517), read again as soon as its file changes.

A set holds what is needed to change a key without refusing anybody: a new key stands in it for a while before it signs
(its `nbf`, seconds of the Unix epoch), so that everybody who reads knows it by then, and the old one stays until
nothing signed with it is good any more. The newest key whose time has come signs; every key of the set is believed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

_log = structlog.get_logger(__name__)
#: seconds between two looks at a file
_LOOK: Final = 1.0
#: characters that a secret word has at least
_SHORTEST: Final = 32

Kind = Literal["Ed25519", "HS256"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `signs_from`: from when it signs, seconds of the Unix epoch."""

    id: str
    algorithm: Kind
    material: OKPKey | OctKey
    signs_from: float = 0.0

    @property
    def private(self) -> bool:
        """Tell whether it can sign."""
        return isinstance(self.material, OctKey) or self.material.is_private


class KeyRing:
    """Several keys of one purpose; see the module. Made of a text, of words, or of a file that is read again.

    `version` grows whenever the keys have changed, for whoever keeps something that rests on them.
    """

    def __init__(self, keys: Sequence[Key] = (), *, path: Path | None = None, kind: Kind | None = None) -> None:
        self._path, self._kind = path, kind
        self._stamp: tuple[int, int, int] | None = None
        self._looked = float("-inf")
        self._keys: tuple[Key, ...] = tuple(keys)
        self._by_id = {key.id: key for key in keys}
        self.version = 0
        if path is not None:
            self._read(first=True)

    @classmethod
    def of_file(cls, path: Path, kind: Kind) -> KeyRing:
        """Read a JWK Set from `path`, now and whenever the file changes; ValueError where it holds none of `kind`."""
        return cls(path=path, kind=kind)

    @classmethod
    def of_text(cls, text: str, kind: Kind) -> KeyRing:
        """Read a JWK Set; raises ValueError where `text` is none of `kind`."""
        return cls(_keys_of(text, kind))

    @classmethod
    def of_words(cls, words: Sequence[str], what: str) -> KeyRing:
        """Take secret words, the newest first; `what` names them in errors (ValueError)."""
        if not words or any(len(word) < _SHORTEST for word in words):
            raise ValueError(f"{what} must have at least {_SHORTEST} characters")
        count = len(words)
        return cls(
            [
                Key(hashlib.sha256(word.encode()).hexdigest()[:8], "HS256", OctKey.import_key(word), count - i - 1.0)
                for i, word in enumerate(words)
            ]
        )

    def signing(self, now: float) -> Key:
        """Return the key that signs at `now` (seconds of the Unix epoch); raises ValueError where none can."""
        self._look()
        able = [key for key in self._keys if key.private]
        if not able:
            raise ValueError("there is no private key to sign with")
        begun = [key for key in able if key.signs_from <= now]
        # of two of one second the later in the set; where none has begun (a clock that lags), the first to begin
        return max(reversed(begun), key=_age) if begun else min(able, key=_age)

    def named(self, id_: str | None) -> tuple[Key, ...]:
        """Return the keys that may have signed something: the one of that id, or all where it names none."""
        self._look()
        if id_ is None:
            return self._keys
        key = self._by_id.get(id_)
        if key is None and self._path is not None:
            self._read()
            key = self._by_id.get(id_)
        return (key,) if key is not None else ()

    def _look(self) -> None:
        if self._path is not None and time.monotonic() - self._looked >= _LOOK:
            self._read()

    def _read(self, *, first: bool = False) -> None:
        """Read the file where it has changed. What cannot be read leaves the keys as they were, and is logged."""
        assert self._path is not None
        self._looked = time.monotonic()
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp == self._stamp:
                return
            keys = _keys_of(self._path.read_text(encoding="utf-8"), self._kind)
        except (OSError, ValueError) as error:
            if first:
                raise ValueError(f"{self._path}: {error}") from error
            _log.warning("keys.not_read", file=str(self._path), error=str(error))
            return
        self._stamp, self._keys = stamp, keys
        self._by_id = {key.id: key for key in keys}
        self.version += 1
        if not first:
            _log.info("keys.changed", file=self._path.name, keys=[key.id for key in keys])


def _age(key: Key) -> float:
    return key.signs_from


def _keys_of(text: str, kind: Kind | None) -> tuple[Key, ...]:
    try:
        entries = json.loads(text)["keys"]
        keys = tuple(_key_of(entry) for entry in entries)
    except (json.JSONDecodeError, KeyError, TypeError, JoseError) as error:
        raise ValueError(f"not a JWK Set of this system: {type(error).__name__} {error}") from error
    if not keys:
        raise ValueError("the JWK Set is empty")
    if any(key.algorithm != kind for key in keys):
        raise ValueError(f"keys of {kind} alone are of use here")
    return keys


def _key_of(entry: Mapping[str, Any]) -> Key:
    algorithm: Kind = "HS256" if entry["kty"] == "oct" else "Ed25519"
    material: OKPKey | OctKey
    if algorithm == "HS256":
        material = OctKey.import_key({"kty": "oct", "k": entry["k"]})
    else:
        if entry["crv"] != "Ed25519":
            raise ValueError(f"the curve {entry['crv']} is none of ours")
        material = OKPKey.import_key({part: entry[part] for part in ("kty", "crv", "x", "d") if part in entry})
    return Key(str(entry["kid"]), algorithm, material, float(entry.get("nbf", 0)))


def rotated(
    before: Mapping[str, Any] | None, kind: Kind, now: datetime, *, ahead: timedelta, kept: timedelta
) -> dict[str, Any]:
    """Return a JWK Set with a new key that signs from `now` + `ahead` on.

    Keys that have been followed by another for longer than `kept` are left out. The very first key signs at once.
    """
    entries: list[dict[str, Any]] = sorted((before or {}).get("keys", []), key=lambda entry: entry.get("nbf", 0))
    moment = int(now.timestamp())
    starts = [entry.get("nbf", 0) for entry in entries[1:]]
    stays = [entry for i, entry in enumerate(entries) if i >= len(starts) or moment - starts[i] <= kept.total_seconds()]
    fresh = OctKey.generate_key(256) if kind == "HS256" else OKPKey.generate_key("Ed25519")
    material = fresh.as_dict(private=True)
    material.pop("kid", None)
    new = {
        **material,
        "kid": f"{now:%Y%m%d}-{fresh.thumbprint()[:8]}",
        "use": "sig",
        "alg": kind,
        "iat": moment,
        "nbf": moment + (int(ahead.total_seconds()) if entries else 0),
    }
    return {"keys": [*stays, new]}


def public_part(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JWK Set without what signs. A set of secret keys has no public part: ValueError."""
    if any(entry["kty"] == "oct" for entry in keys["keys"]):
        raise ValueError("secret keys have no public part")
    return {"keys": [{name: value for name, value in entry.items() if name != "d"} for entry in keys["keys"]]}


def due(keys: Mapping[str, Any] | None, now: datetime, every: timedelta) -> bool:
    """Tell whether the newest key has been signing for longer than `every`."""
    entries = (keys or {}).get("keys", [])
    return not entries or now.timestamp() - max(entry.get("nbf", 0) for entry in entries) > every.total_seconds()
