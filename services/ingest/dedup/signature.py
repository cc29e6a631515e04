"""Signatures of posts: 128 bytes that say which posts share how much of their text, and in which figures they differ.

A signature samples the text's shingles of four units: it keeps the smallest of their hashes (a bottom-k sketch, Cohen
and Kaplan 2007), from which containment can be told, not resemblance alone: a text's part keeps its share of the text's
smallest hashes. Of a text that is long, or that others' comments stand before, its beginning is sampled too, since that
is what excerpts and reposts are mostly made of. Beside that stand figures, each with a hash of the two units before and
after it: notices of one template differ there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.ingest.dedup.units import SCANNED, U64, Units, mixed, powers, units

#: Kinds of signatures: of nothing to compare, of a text too short for parts of it to mean anything, of a sampled text.
NOTHING, EXACT, SAMPLED = range(3)
HASHES: Final = 24
SLOTS: Final = 8
SIGNATURE: Final = np.dtype(
    [
        ("kind", "u1"),
        ("whole", "u1"),  # how many of the hashes are the whole text's; those of its beginning follow
        ("lead", "u1"),
        ("slots", "u1"),
        ("units", "<u2"),
        ("lead_units", "u1"),
        ("figures", "u1"),  # a hash of all figures in their order
        ("hashes", "<u4", HASHES),
        ("slot_keys", "<u2", SLOTS),
        ("slot_values", "u1", SLOTS),
    ]
)
Signatures = npt.NDArray[np.void]

#: Texts with fewer characters are equal or not.
SHORTEST: Final = 15
_SHINGLE: Final = 4
_FEWEST_SHINGLES: Final = 8
#: Units of a text up to which the whole is sampled alone.
_ONE_SAMPLE: Final = 400
WHOLE: Final = 16
LEAD: Final = HASHES - WHOLE
_LEAD_UNITS: Final = 160
_FIGURE: Final = np.uint64(0xF16)
_BORDER: Final = np.uint64(0xB0D)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


def signatures(texts: Sequence[str]) -> Signatures:
    """Return the texts' signatures, one-dimensional, of dtype `SIGNATURE`; the same everywhere and always."""
    signed = np.zeros(len(texts), dtype=SIGNATURE)
    if texts:
        _sign(units(texts), signed)
    return signed


def as_bytes(signature: np.void) -> bytes:
    """Return a signature as it is stored: at most 128 bytes, none where there is nothing to compare."""
    return signature.tobytes().rstrip(b"\0")


def from_bytes(stored: Sequence[bytes]) -> Signatures:
    """Return stored signatures as an array; those of kinds that this version does not know compare to nothing.

    Raises ValueError for bytes that are no signature.
    """
    size = SIGNATURE.itemsize
    if any(len(one) > size for one in stored):
        raise ValueError(f"a signature has at most {size} bytes")
    signed: Any = np.frombuffer(b"".join(one.ljust(size, b"\0") for one in stored), dtype=SIGNATURE).copy()
    signed[signed["kind"] > SAMPLED] = 0
    if (signed["whole"].astype(int) + signed["lead"] > HASHES).any() or (signed["slots"] > SLOTS).any():
        raise ValueError("bytes that are no signature")
    result: Signatures = signed
    return result


def _sign(all_units: Units, signed: Any) -> None:
    count = len(signed)
    body = all_units.where(~all_units.tag)
    text, values = body.text, body.values
    lengths = np.bincount(text, minlength=count)
    hashes = values[: max(len(values) - _SHINGLE + 1, 0)].copy()
    for step in range(1, _SHINGLE):
        hashes = hashes * powers(2)[1] + values[step : step + len(hashes)]
    hashes = mixed(hashes)
    within = body.segment[: len(hashes)] == body.segment[_SHINGLE - 1 :][: len(hashes)]
    of_text = text[: len(hashes)]

    characters = np.bincount(text, weights=body.size, minlength=count)
    short = (characters < SHORTEST) | (np.bincount(of_text[within], minlength=count) < _FEWEST_SHINGLES)
    _sign_exactly(all_units, short, signed)
    if short.all():
        return

    start, lead_units, chained = _leads(body, lengths)
    two = ~short & ((lengths > _ONE_SAMPLE) | chained)
    begins = np.arange(len(hashes)) - start[of_text]
    leading = within & two[of_text] & (begins >= 0) & (begins + _SHINGLE <= lead_units[of_text])
    sampled = within & ~short[of_text]
    none = np.zeros(count, np.int64)
    signed["kind"][~short] = SAMPLED
    signed["units"] = np.where(short, 0, np.minimum(lengths, 0xFFFF))
    signed["lead_units"] = np.where(two, lead_units, 0)
    _keep_smallest(hashes[sampled], of_text[sampled], np.where(two, WHOLE, HASHES), none, signed, "whole")
    after = np.where(short, 0, signed["whole"]).astype(np.int64)
    _keep_smallest(hashes[leading], of_text[leading], none + LEAD, after, signed, "lead")
    _keep_figures(body.where(~short[text]), signed)


def _sign_exactly(all_units: Units, short: Any, signed: Any) -> None:
    """Put one hash of all units, hashtags too, into the signatures of short texts."""
    text, count = all_units.text, len(signed)
    lengths = np.bincount(text, minlength=count)
    exact = short & (lengths > 0)
    if exact.any():
        place = np.minimum(np.arange(len(text)) - (np.cumsum(lengths) - lengths)[text], SCANNED - 1)
        sums = np.zeros(count, dtype=np.uint64)
        np.add.at(sums, text, mixed(all_units.values) * powers(SCANNED)[place])
        sums = mixed(sums)[exact]
        signed["kind"][exact] = EXACT
        signed["hashes"][exact, 0] = sums & _LOW
        signed["hashes"][exact, 1] = sums >> _HALF


def _leads(body: Units, lengths: Any) -> tuple[Any, Any, Any]:
    """Return where the longest link of each text's chain begins, the units of its lead, and if there are more links."""
    link, text, count = body.link, body.text, len(lengths)
    first = np.flatnonzero(np.concatenate(([True], link[1:] != link[:-1])))
    sizes = np.diff(np.concatenate((first, [len(link)])))
    owner = text[first]
    # of links that are as long, the last: a chain's root stands at its end
    order = np.lexsort((first, sizes, owner))
    last = order[np.concatenate((owner[order][1:] != owner[order][:-1], [True]))]
    start, size = np.zeros(count, np.int64), np.zeros(count, np.int64)
    start[owner[last]], size[owner[last]] = first[last], sizes[last]
    return start, np.minimum(size, _LEAD_UNITS), (size < lengths) & (size >= SHORTEST)


def _keep_smallest(hashes: U64, of_text: Any, most: Any, at: Any, signed: Any, name: str) -> None:
    """Put each text's smallest different hashes into its signature, from `at` on, and their number under `name`."""
    keys, owner, rank = _ranked((of_text.astype(np.uint64) << _HALF) | (hashes >> _HALF), _HALF, len(signed))
    kept = rank < most[owner]
    signed["hashes"][owner[kept], at[owner[kept]] + rank[kept]] = keys[kept] & _LOW
    signed[name] = np.minimum(np.bincount(owner, minlength=len(signed)), most)


def _ranked(keys: U64, shift: np.uint64, count: int) -> tuple[U64, Any, Any]:
    """Return different keys in order, the text in the bits from `shift` on, and the place among that text's."""
    keys = _different(keys)
    owner = (keys >> shift).astype(np.int64)
    counts = np.bincount(owner, minlength=count)
    return keys, owner, np.arange(len(keys)) - (np.cumsum(counts) - counts)[owner]


def _different(keys: U64) -> U64:
    keys = np.sort(keys)
    different: U64 = keys[np.concatenate(([True], keys[1:] != keys[:-1]))] if len(keys) else keys
    return different


def _keep_figures(body: Units, signed: Any) -> None:
    """Put figures into the signatures: a key that their surroundings give, and a value.

    Where a key has several values in one text, wider surroundings give it; where it still has, it says nothing.
    """
    at = np.flatnonzero(body.figure)
    if not at.size:
        return
    counts = np.bincount(body.text[at], minlength=len(signed))
    place = np.arange(len(at)) - (np.cumsum(counts) - counts)[body.text[at]]
    sums = np.zeros(len(signed), dtype=np.uint64)
    np.add.at(sums, body.text[at], mixed(body.values[at]) * powers(SCANNED)[place])
    signed["figures"] = mixed(sums) >> np.uint64(56)
    masked = np.where(body.figure, _FIGURE, body.values)
    narrow = _slots(body, masked, at, [-2, -1, 1, 2])
    slots, clear = _clear(narrow)
    doubtful = np.isin(narrow >> np.uint64(8), slots[~clear] >> np.uint64(8))
    wide, clear_wide = _clear(_slots(body, masked, at[doubtful], [*range(-8, 0), 1, 2]))
    keys, owner, rank = _ranked(np.concatenate((slots[clear], wide[clear_wide])), np.uint64(24), len(signed))
    kept = rank < SLOTS
    signed["slot_keys"][owner[kept], rank[kept]] = (keys[kept] >> np.uint64(8)) & np.uint64(0xFFFF)
    signed["slot_values"][owner[kept], rank[kept]] = keys[kept] & np.uint64(0xFF)
    signed["slots"] = np.minimum(np.bincount(owner, minlength=len(signed)), SLOTS)


def _slots(body: Units, masked: U64, at: Any, around: Sequence[int]) -> U64:
    """Return for each figure, in one number, its text, the key of what stands `around` it, and its value."""
    key = np.zeros(len(at), dtype=np.uint64)
    for step in around:
        near = np.clip(at + step, 0, len(masked) - 1)
        inside = (at + step == near) & (body.segment[near] == body.segment[at])
        key = key * powers(2)[1] + np.where(inside, masked[near], _BORDER)
    value = mixed(body.values[at]) >> np.uint64(56)
    text = body.text[at].astype(np.uint64) << np.uint64(24)
    slots: U64 = text | (mixed(key) >> np.uint64(48) << np.uint64(8)) | value
    return slots


def _clear(slots: U64) -> tuple[U64, Any]:
    """Return the different slots, and whether each is the only one of its key in its text."""
    slots = _different(slots)
    keys = slots >> np.uint64(8)
    border = np.concatenate(([True], keys[1:] != keys[:-1], [True])) if len(keys) else np.ones(1, np.bool_)
    return slots, border[:-1] & border[1:]
