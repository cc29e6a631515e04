"""Near repeats in a stream of posts: which post each is a near repeat of, within a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from services.ingest.dedup.buckets import Buckets
from services.ingest.dedup.neighbours import KEYS, Option, keys_of, pairs_within, worth_comparing
from services.ingest.dedup.signature import NOTHING, SIGNATURE, Signatures, from_bytes, signatures
from services.ingest.dedup.similarity import likeness

#: A post's id, its signature as stored, the id of the post that it nearly repeats, and when it was taken in.
Stored = tuple[str, bytes, str | None, datetime]

_LONGEST_ID: Final = 36
_AT_ONCE: Final = 1024
_FIRST_SIZE: Final = 16_384


class _Entry(NamedTuple):
    number: int
    at: int
    root: bytes


class _Judged(NamedTuple):
    """Of posts of one call: what each repeats; the places of those that become entries, and the entries' roots."""

    found: list[str | None]
    places: list[int]
    roots: list[bytes]


class NearIndex:
    """Knows the posts of a window and finds which of them a new one nearly repeats.

    The window holds the newest `most_posts` entries, none older than `days`. A post that repeats an entry and adds
    nothing to it takes no place of its own, but where the entry is half-way out of the window: then the text stays
    known, under the same first post. Made of nothing but what it is given, in the order given: no clock, no chance, no
    I/O. Takes about 250 bytes an entry (bench/dedup.py). Not for use by several threads at once.
    """

    def __init__(self, *, most_posts: int = 1_000_000, days: float = 30.0) -> None:
        if not 1 <= most_posts < 2**24:
            raise ValueError("most_posts is between 1 and 16 million")
        self._size = most_posts
        self._seconds = int(timedelta(days=days).total_seconds())
        self._signed: Signatures = np.zeros(most_posts, dtype=SIGNATURE)
        self._roots = np.zeros(most_posts, dtype=f"S{_LONGEST_ID}")
        self._at = np.zeros(most_posts, dtype=np.uint32)
        #: Entries are numbered as they come; those from tail to head are known, each at its number modulo the size.
        self._tail = self._head = 0
        self._reach = min(_FIRST_SIZE, most_posts)
        self._buckets = self._empty_buckets()

    def __len__(self) -> int:
        return self._head - self._tail

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the window takes: of its rows those that have been used, and the table."""
        a_row = self._signed.itemsize + self._roots.itemsize + self._at.itemsize
        return min(self._head, self._size) * a_row + self._buckets.nbytes

    def signatures(self, texts: Sequence[str]) -> Signatures:
        """Return the signatures of texts; `signature.as_bytes` gives what of each is to be stored."""
        return signatures(texts)

    def match_and_add(self, ids: Sequence[str], texts: Sequence[str], now: datetime) -> list[str | None]:
        """Return for each post the id of the first post that it nearly repeats, else None, and take all in, in order.

        Ids have at most 36 ASCII characters. Raises ValueError.
        """
        return self.match_and_add_signed(ids, signatures(texts), now)

    def match_and_add_signed(self, ids: Sequence[str], signed: Signatures, now: datetime) -> list[str | None]:
        """Do the same for posts that are signed already."""
        if len(ids) != len(signed):
            raise ValueError("as many ids as signatures")
        at = np.full(len(ids), _seconds(now), dtype=np.int64)
        return self._take(_as_ids(ids), signed, at, None)

    def match_signed(self, ids: Sequence[str], signed: Signatures, now: datetime) -> list[str | None]:
        """Return the same, and take nothing in: :meth:`load` does once it is certain that the posts are stored."""
        if len(ids) != len(signed):
            raise ValueError("as many ids as signatures")
        if not ids:
            return []
        return self._judged(_as_ids(ids), signed, np.full(len(ids), _seconds(now), dtype=np.int64), None).found

    def load(self, rows: Iterable[Stored]) -> int:
        """Take in stored posts, oldest first, with the roots they were given; returns how many they were.

        Serves for what was matched and then stored, after a restart (all posts of the window), and for what other
        replicas have stored since; what is known already changes nothing.
        """
        count = 0
        source = iter(rows)
        while part := list(islice(source, _AT_ONCE)):
            ids = _as_ids([row[0] for row in part])
            roots = _as_ids([row[2] or row[0] for row in part])
            at = np.array([_seconds(row[3]) for row in part], dtype=np.int64)
            self._take(ids, from_bytes([row[1] for row in part]), at, roots)
            count += len(part)
        return count

    def _take(self, ids: Any, signed: Signatures, at: Any, roots: Any) -> list[str | None]:
        found: list[str | None] = []
        step = min(_AT_ONCE, self._size)
        for first in range(0, len(ids), step):
            part = slice(first, first + step)
            found += self._take_some(ids[part], signed[part], at[part], None if roots is None else roots[part])
        return found

    def _take_some(self, ids: Any, signed: Signatures, at: Any, roots: Any) -> list[str | None]:
        judged = self._judged(ids, signed, at, roots)
        self._keep(signed[judged.places], judged.roots, at[judged.places])
        return judged.found

    def _judged(self, ids: Any, signed: Signatures, at: Any, roots: Any) -> _Judged:
        self._forget_before(int(at[0]) - self._seconds)
        copy_of = _first_copies(signed)
        options = self._options(signed, copy_of)
        comparable = signed["kind"] != NOTHING
        found: list[str | None] = []
        places: list[int] = []
        root_of: list[bytes] = []
        kept: dict[int, _Entry] = {}  # in this call, by the first of equal signatures the last of them
        for place, id_ in enumerate(ids):
            if not comparable[place]:
                found.append(None)
                continue
            like, now, head = int(copy_of[place]), int(at[place]), self._head + len(places)
            root, keep = self._judge([*options.get(like, ()), Option(1.0, True, like, in_call=True)], kept, now, head)
            if roots is not None:
                root = roots[place]
            found.append(None if root is None or root == id_ else root.decode("ascii"))
            if keep:
                kept[like] = _Entry(head, now, root or id_)
                places.append(place)
                root_of.append(root or id_)
        return _Judged(found, places, root_of)

    def _judge(self, options: list[Option], kept: dict[int, _Entry], now: int, head: int) -> tuple[bytes | None, bool]:
        """Return the root of the most similar option still known, of equal ones the first, and if the post is kept.

        `head` is the number that the post's entry would have.
        """
        best, root, keep = (0.0, 0), None, True
        for option in options:
            entry = kept.get(option.place) if option.in_call else self._entry(option.place)
            if entry is None or entry.number < head - self._size or entry.at < now - self._seconds:
                continue
            fresh = entry.number >= head - self._size / 2 and entry.at >= now - self._seconds / 2
            keep = keep and not (option.adds_nothing and fresh)
            rank = (-option.share, entry.number)
            if root is None or rank < best:
                best, root = rank, entry.root
        return root, keep

    def _entry(self, row: int) -> _Entry:
        number = self._head - 1 - (self._head - 1 - row) % self._size
        return _Entry(number, int(self._at[row]), bytes(self._roots[row]))

    def _options(self, signed: Signatures, copy_of: npt.NDArray[np.int64]) -> dict[int, list[Option]]:
        """Return for posts what they nearly repeat: entries, by row, and others of the call, by place.

        Of equal signatures the first stands for all.
        """
        distinct = np.flatnonzero(copy_of == np.arange(len(signed)))
        own = signed[distinct]
        keys, owner = keys_of(own)
        place, row = self._buckets.find(keys)
        post, row = worth_comparing(owner[place], row, own, self._signed)
        later, before = worth_comparing(*pairs_within(keys, owner), own, own)
        # a copy of what came before may come after
        last = np.zeros(len(signed), dtype=np.int64)
        np.maximum.at(last, copy_of, np.arange(len(signed)))
        again = last[distinct[before]] > distinct[later]
        later, before = np.concatenate((later, before[again])), np.concatenate((before, later[again]))
        alike = likeness(np.concatenate((self._signed[row], own[before])), np.concatenate((own[post], own[later])))
        options: dict[int, list[Option]] = {}
        who, whom = distinct[np.concatenate((post, later))], np.concatenate((row, distinct[before]))
        for pair in np.flatnonzero(alike.near).tolist():
            share, adds_nothing = float(alike.share[pair]), bool(alike.adds_nothing[pair])
            option = Option(share, adds_nothing, int(whom[pair]), in_call=pair >= len(post))
            options.setdefault(int(who[pair]), []).append(option)
        return options

    def _keep(self, signed: Signatures, roots: list[bytes], at: Any) -> None:
        if not roots:
            return
        self._forget(self._head + len(roots) - self._size)
        rows = np.arange(self._head, self._head + len(roots)) % self._size
        self._signed[rows], self._roots[rows], self._at[rows] = signed, roots, at
        self._head += len(roots)
        if len(self) > self._reach:
            self._reach = min(self._reach * 3 // 2, self._size)
            self._buckets = self._empty_buckets()
            for first in range(self._tail, self._head, _AT_ONCE):
                self._add_keys(np.arange(first, min(first + _AT_ONCE, self._head)) % self._size)
        else:
            self._add_keys(rows)

    def _add_keys(self, rows: npt.NDArray[np.int64]) -> None:
        keys, owner = keys_of(self._signed[rows])
        self._buckets.add(keys, rows[owner], self._head)

    def _forget_before(self, at: int) -> None:
        known = np.arange(self._tail, min(self._tail + _AT_ONCE, self._head))
        while known.size:
            young = np.flatnonzero(self._at[known % self._size] >= at)
            self._forget(int(known[young[0]] if young.size else known[-1] + 1))
            if young.size:
                return
            known = np.arange(self._tail, min(self._tail + _AT_ONCE, self._head))

    def _forget(self, tail: int) -> None:
        if tail <= self._tail:
            return
        rows = np.arange(self._tail, tail) % self._size
        keys, owner = keys_of(self._signed[rows])
        self._buckets.remove(keys, rows[owner])
        self._tail = tail

    def _empty_buckets(self) -> Buckets:
        return Buckets(self._reach * KEYS, self._size)


def _first_copies(signed: Signatures) -> npt.NDArray[np.int64]:
    """Return for each signature the place of the first that equals it."""
    first: dict[bytes, int] = {}
    raw, size = signed.tobytes(), signed.itemsize
    places = [first.setdefault(raw[at * size : (at + 1) * size], at) for at in range(len(signed))]
    return np.array(places, dtype=np.int64)


def _seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())


def _as_ids(ids: Sequence[str]) -> list[bytes]:
    encoded = [id_.encode("ascii") for id_ in ids]
    if any(not 0 < len(id_) <= _LONGEST_ID for id_ in encoded):
        raise ValueError(f"an id has 1 to {_LONGEST_ID} characters")
    return encoded
