"""The table of keys."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.dedup.buckets import ROWS_OF_A_KEY, Buckets


def rows_of(table: Buckets, key: int) -> list[int]:
    return sorted(table.find(np.array([key], dtype=np.uint32))[1].tolist())


def add(table: Buckets, entries: list[tuple[int, int]], head: int) -> None:
    keys, rows = np.array(entries, dtype=np.int64).reshape(-1, 2).T
    table.add(keys.astype(np.uint32), rows, head)


def test_a_key_keeps_its_newest_rows() -> None:
    table = Buckets(entries=100, rows=100)
    add(table, [(7, row) for row in range(10)], head=10)
    assert rows_of(table, 7) == [6, 7, 8, 9]
    add(table, [(7, 10), (8, 10)], head=11)
    assert rows_of(table, 7) == [7, 8, 9, 10]
    assert rows_of(table, 8) == [10]


def test_a_removed_row_is_gone_from_that_key_alone() -> None:
    table = Buckets(entries=100, rows=100)
    add(table, [(7, 1), (7, 2), (9, 1)], head=3)
    table.remove(np.array([7], dtype=np.uint32), np.array([1]))
    assert rows_of(table, 7) == [2]
    assert rows_of(table, 9) == [1]


def test_where_a_bucket_is_full_the_oldest_gives_way_also_across_the_end_of_the_ring() -> None:
    table = Buckets(entries=1, rows=12)
    add(table, [(100 + row, row) for row in range(4, 12)], head=0)
    add(table, [(200, 0)], head=1)
    assert rows_of(table, 200) == [0]
    assert rows_of(table, 104) == []
    assert rows_of(table, 105) == [5]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 99)), max_size=60, unique_by=lambda e: e[0]))
def test_with_room_enough_nothing_is_lost(entries: list[tuple[int, int]]) -> None:
    table = Buckets(entries=4000, rows=100)
    entries = sorted(entries, key=lambda entry: entry[1])
    if entries:
        add(table, entries, head=0)
    for key, row in entries:
        assert row in rows_of(table, key)
        assert len(rows_of(table, key)) <= ROWS_OF_A_KEY
