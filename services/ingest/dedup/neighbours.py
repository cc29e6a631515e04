"""Which posts are worth comparing: those that share one of the keys that a signature is found by."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.ingest.dedup.buckets import Keys
from services.ingest.dedup.signature import EXACT, HASHES, SAMPLED, Signatures

Places = npt.NDArray[np.int64]

#: Keys that a post is found by, at most.
KEYS: Final = 16
_COLUMNS: Final = np.arange(HASHES)
#: Posts of one call that share a key are compared with so many before them, and so many of the first.
_BEFORE, _FIRST = 6, 4


class Option(NamedTuple):
    """A post that another may be a near repeat of."""

    share: float
    adds_nothing: bool
    #: Its row, or its place in the call.
    place: int
    in_call: bool = False


def keys_of(signed: Signatures) -> tuple[Keys, Places]:
    """Return the signatures' keys, and for each the place of its signature: the smallest hashes of each sample."""
    fields: Any = signed
    whole, lead = fields["whole"].astype(np.int64)[:, None], fields["lead"].astype(np.int64)[:, None]
    each = np.where(lead > 0, KEYS // 2, KEYS)
    wanted = (np.minimum(whole, each) > _COLUMNS) | ((whole <= _COLUMNS) & (whole + np.minimum(lead, each) > _COLUMNS))
    wanted &= (fields["kind"] == SAMPLED)[:, None]
    wanted[:, 0] |= fields["kind"] == EXACT
    owner, column = np.nonzero(wanted)
    return fields["hashes"][owner, column], owner


def pairs_within(keys: Keys, owner: Places) -> tuple[Places, Places]:
    """Return pairs of places, a later and an earlier one, of signatures that share a key; once for each shared key."""
    order = np.argsort(keys, kind="stable")
    keys, owner = keys[order], owner[order]
    begin = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else order
    first = np.repeat(begin, np.diff(np.concatenate((begin, [len(keys)]))))
    here = np.arange(len(keys))
    tried = [here - step for step in range(1, _BEFORE + 1)]
    # the first of all, but not twice
    tried += [np.where(here - first - step > _BEFORE, first + step, -1) for step in range(_FIRST)]
    later, earlier = np.tile(here, len(tried)), np.concatenate(tried)
    valid = earlier >= first[later]
    later, earlier = owner[later[valid]], owner[earlier[valid]]
    return later, earlier


def worth_comparing(later: Places, earlier: Places, one: Any, other: Any) -> tuple[Places, Places]:
    """Return different pairs of places in `one` and `other`, without those that share too little to be near repeats.

    Pairs are given once for each key that they share. One key is enough for what has few: texts of two samples, which
    share the less the more their lengths differ, and short ones. Others must share two.
    """
    pairs, shared = np.unique(later * len(other) + earlier, return_counts=True)
    later, earlier = np.divmod(pairs, len(other))
    alone = np.flatnonzero(shared == 1)
    few = np.zeros(len(pairs), dtype=np.bool_)
    for signed, places in ((one, later), (other, earlier)):
        few[alone] |= (signed["lead"][places[alone]] > 0) | (signed["kind"][places[alone]] == EXACT)
    wanted = (shared > 1) | few
    return later[wanted], earlier[wanted]
