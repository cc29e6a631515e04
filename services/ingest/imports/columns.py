"""Which column of a file fills which field of a post: by its name in Chinese or English, else by what is in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.ingest.imports.names import NAMES
from services.ingest.imports.values import is_address, is_channel, is_time

COUNTERS: Final = ("reads", "likes", "comments", "reposts")

FIELDS: Final = tuple(NAMES)

_BRACKETED: Final = re.compile(r"[(\[{<【〔].*?[)\]}>】〕]")
_NOISE: Final = re.compile(r"[\s_\-.·:：*#/|\"'“”]+")
_PRIORITY: Final = {name: (rank, field) for field, names in NAMES.items() for rank, name in enumerate(names)}
_WORDS: Final = re.compile(r"[^\W\d_]")
#: letters that the cells of a column without a telling name hold on average, from which it may be the text
_TEXT_LIKE: Final = 8
#: share of a column's filled cells that have to look like an address, a time or a channel
_ALIKE: Final = 0.7

By = Literal["chosen", "name", "content"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, the field that it fills (None: unused), and what told so."""

    name: str
    field: str | None = None
    by: By | None = None


def plain(name: str) -> str:
    """Return a column's name without case, width, white space, punctuation and what stands in brackets."""
    wide = unicodedata.normalize("NFKC", name).strip().lower().removeprefix("\ufeff")
    return _NOISE.sub("", _BRACKETED.sub("", wide)) or _NOISE.sub("", wide)


def known(name: str) -> str | None:
    """Return the field that a column of this name fills, or None."""
    found = _rank(name)
    return found[1] if found else None


def _rank(name: str) -> tuple[int, str] | None:
    found = _PRIORITY.get(plain(name))
    if found is None and "." in name:  # user.screen_name, of nested JSON
        found = _PRIORITY.get(plain(name.rpartition(".")[2]))
    return found


def read_columns(
    names: Sequence[str], samples: Sequence[Mapping[str, Any]], chosen: Mapping[str, str] | None = None
) -> list[Column]:
    """Return each column with the field that it fills.

    `samples` are some rows by column name, `chosen` columns by field as a person chose them, which wins. Of several
    columns whose names say the same field the better name wins, but one without any value never does. Where no name
    tells the address, the time or the text, what is in the columns does.
    """
    found: dict[str, Column] = {}
    taken: set[str] = set()
    for field, name in (chosen or {}).items():
        found[name] = Column(name, field, "chosen")
        taken.add(field)
    empty = {name for name in names if samples and not any(_filled(row.get(name)) for row in samples)}
    ranked = sorted(
        (name in empty, rank[0], place, name, rank[1])
        for place, name in enumerate(names)
        if name not in found and (rank := _rank(name)) is not None
    )
    for _, _, _, name, field in ranked:
        if field == "channel" and not _mostly(is_channel, name, samples):
            field = "source"  # 平台: 某某客户端 is an outlet, no channel
        if field not in taken:
            found[name] = Column(name, field, "name")
            taken.add(field)
    for name, field in _by_content([name for name in names if name not in found], samples, taken):
        found[name] = Column(name, field, "content")
    return [found.get(name, Column(name)) for name in names]


def _by_content(
    names: Sequence[str], samples: Sequence[Mapping[str, Any]], taken: set[str]
) -> Iterable[tuple[str, str]]:
    cells = {name: [row[name] for row in samples if _filled(row.get(name))] for name in names if _rank(name) is None}
    # a list within JSON is no text, and may name people
    left = {name: values for name, values in cells.items() if values and not isinstance(values[0], (list, dict))}
    for field, test in (("url", is_address), ("published_at", is_time)):
        if field in taken:
            continue
        for name in left:
            if _mostly(test, name, samples):
                yield name, field
                del left[name]
                break
    if "text" not in taken and left:
        letters = {
            name: sum(len(_WORDS.findall(str(one))) for one in values) / len(values) for name, values in left.items()
        }
        best = max(letters, key=lambda name: letters[name])
        if letters[best] >= _TEXT_LIKE and not all(map(is_address, left[best])):
            yield best, "text"


def _mostly(test: Callable[[Any], bool], name: str, samples: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the filled cells of a column pass a test, but for some; a column of no cells passes."""
    values = [row[name] for row in samples if _filled(row.get(name))]
    return sum(map(test, values)) >= _ALIKE * len(values)


def _filled(value: Any) -> bool:
    return value is not None and str(value).strip() != ""
