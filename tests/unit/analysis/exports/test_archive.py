"""Archives that another process goes on with at any piece are archives that every reader reads."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.analysis.exports.archive import Archive
from services.analysis.exports.writing import PIECE, Piece

AT = datetime(2026, 3, 2, 8, 0, 2)

contents = st.lists(st.lists(st.binary(max_size=300), max_size=5), min_size=1, max_size=4)


def joined(pieces: list[Piece]) -> bytes:
    """Return the file that pieces are, whose numbers leave no gap."""
    assert sorted(number for number, _ in pieces) == list(range(len(pieces)))
    return b"".join(data for _, data in sorted(pieces))


@given(contents, st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_goes_in_comes_out_whoever_went_on_with_it(entries: list[list[bytes]], handed_on: bool) -> None:
    def next_one(archive: Archive) -> Archive:
        return Archive(AT, json.loads(json.dumps(archive.state()))) if handed_on else archive

    archive, pieces = Archive(AT), []
    for index, parts in enumerate(entries):
        archive.open(f"part{index}.xml")
        for part in parts:
            archive = next_one(archive)
            pieces += archive.write(part)
        archive = next_one(archive)
        pieces += archive.close()
    pieces += next_one(archive).finish()
    with zipfile.ZipFile(io.BytesIO(joined(pieces))) as read:
        assert read.testzip() is None
        assert read.namelist() == [f"part{index}.xml" for index in range(len(entries))]
        for index, parts in enumerate(entries):
            assert read.read(f"part{index}.xml") == b"".join(parts)
            info = read.getinfo(f"part{index}.xml")
            assert info.flag_bits == 0, "the sizes stand before the content"
            assert info.date_time == (2026, 3, 2, 8, 0, 2)


def test_pieces_are_small_and_sizes_are_told() -> None:
    import random

    noise = random.Random(1).randbytes(3 * PIECE + 17)  # does not get smaller by packing
    archive = Archive(AT)
    archive.open("a")
    pieces = archive.write(noise)
    assert archive.plain == len(noise)
    pieces += archive.close() + archive.finish()
    assert max(len(data) for _, data in pieces) <= PIECE
    assert sum(len(data) for _, data in pieces) == archive.size
    assert archive.pieces == len(pieces)
    with zipfile.ZipFile(io.BytesIO(joined(pieces))) as read:
        assert read.read("a") == noise
