"""How much two posts have in common, told from their signatures: which share of one is contained in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.ingest.dedup.signature import EXACT, HASHES, LEAD, SAMPLED, WHOLE, Signatures

#: Share of one text's shingles that the other holds, from which on they are near repeats (bench/dedup.py).
NEAR: Final = 0.7
#: Share from which on the later text has nothing of its own.
NOTHING_NEW: Final = 0.9
#: Sampled shingles in common that near repeats have at least.
_EVIDENCE: Final = 5
#: Units up to which one other figure makes another post; in a longer text a quarter of the figures may be edited.
_NOTICE: Final = 400
_EDITED: Final = 0.25
_PAIRS_AT_ONCE: Final = 4096

_COLUMNS: Final = np.arange(HASHES)
_UNBOUNDED: Final = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of pairs of posts: whether the later nearly repeats the earlier, the share in common, and if it adds nothing."""

    near: npt.NDArray[np.bool_]
    share: npt.NDArray[np.float64]
    adds_nothing: npt.NDArray[np.bool_]


def likeness(earlier: Signatures, later: Signatures) -> Likeness:
    """Compare signatures pair by pair; both arrays are as long."""
    parts = [
        _likeness(earlier[first : first + _PAIRS_AT_ONCE], later[first : first + _PAIRS_AT_ONCE])
        for first in range(0, max(len(earlier), 1), _PAIRS_AT_ONCE)
    ]
    return Likeness(
        np.concatenate([part.near for part in parts]),
        np.concatenate([part.share for part in parts]),
        np.concatenate([part.adds_nothing for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A sample of each text: its columns, the hash up to which it is complete, and whether it speaks for the text."""

    columns: npt.NDArray[np.bool_]
    bound: npt.NDArray[np.uint32]
    speaks: npt.NDArray[np.bool_]


def _parts(signed: Any) -> list[_Part]:
    whole, lead, hashes = signed["whole"], signed["lead"], signed["hashes"]
    two = signed["lead_units"] > 0
    full = whole == np.where(two, WHOLE, HASHES)
    rows = np.arange(len(signed))
    last = hashes[rows, np.maximum(whole, 1) - 1]
    all_of = _Part(whole[:, None] > _COLUMNS, np.where(full, last, _UNBOUNDED), np.ones(len(signed), np.bool_))
    if not two.any():
        return [all_of]
    last = hashes[rows, np.maximum(whole + lead, 1) - 1]
    begins = (whole[:, None] <= _COLUMNS) & ((whole + lead)[:, None] > _COLUMNS)
    speaks = signed["lead_units"].astype(np.int64) * 2 >= signed["units"]
    return [all_of, _Part(begins, np.where(lead == LEAD, last, _UNBOUNDED), speaks & two)]


def _likeness(earlier: Any, later: Any) -> Likeness:
    one, other = earlier["hashes"], later["hashes"]
    share, within = np.zeros(len(earlier)), np.zeros(len(earlier))
    own = _parts(earlier)
    for theirs in _parts(later):
        common = np.zeros(one.shape, dtype=np.bool_)
        for column in range(HASHES):
            common |= (one == other[:, column, None]) & theirs.columns[:, column, None]
        for ours in own:
            both = (common & ours.columns).sum(axis=1)
            bound = np.minimum(ours.bound, theirs.bound)[:, None]
            of_one = (ours.columns & (one <= bound)).sum(axis=1)
            of_other = (theirs.columns & (other <= bound)).sum(axis=1)
            in_one = np.where(theirs.speaks, _share(both, of_other), 0.0)
            in_other = np.where(ours.speaks, _share(both, of_one), 0.0)
            within = np.maximum(within, in_one)
            share = np.maximum(share, np.maximum(in_one, in_other))
    sampled = (earlier["kind"] == SAMPLED) & (later["kind"] == SAMPLED)
    equal = (earlier["kind"] == EXACT) & (later["kind"] == EXACT) & (one[:, :2] == other[:, :2]).all(axis=1)
    near = equal | (sampled & (share >= NEAR) & ~_other_figures(earlier, later))
    longer = later["units"].astype(np.int64) * 10 > earlier["units"].astype(np.int64) * 11
    return Likeness(
        near=near,
        share=np.where(equal, 1.0, np.where(sampled, share, 0.0)),
        adds_nothing=near & (equal | ((within >= NOTHING_NEW) & ~longer)),
    )


def _share(both: Any, of: Any) -> Any:
    """Return the share contained, as far as the sample is evidence of it: few shingles must be all the same."""
    enough = (both >= _EVIDENCE) & (both - 1 >= NEAR * of)
    return np.where(enough, both / np.maximum(of, 1), 0.0)


def _other_figures(earlier: Any, later: Any) -> npt.NDArray[np.bool_]:
    """Return where the same words stand around different figures."""
    places = np.arange(earlier["slot_keys"].shape[1])
    shared = earlier["slot_keys"][:, :, None] == later["slot_keys"][:, None, :]
    shared &= (places < earlier["slots"][:, None])[:, :, None] & (places < later["slots"][:, None])[:, None, :]
    different = shared & (earlier["slot_values"][:, :, None] != later["slot_values"][:, None, :])
    count, of = different.sum(axis=(1, 2)), shared.sum(axis=(1, 2))
    short = np.minimum(earlier["units"], later["units"]) <= _NOTICE
    # as long to the unit, and yet other figures somewhere: a template filled in anew
    anew = (earlier["units"] == later["units"]) & (earlier["figures"] != later["figures"])
    other: npt.NDArray[np.bool_] = np.where(short, (count > 0) | anew, count > _EDITED * of)
    return other
