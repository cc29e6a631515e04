"""Packed bodies come out whole, or not at all, within bounds."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetching.page import FetchFailed, FetchProblem
from services.ingest.fetching.unpacking import Body

MIB = 1024 * 1024


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", _raw_deflate),
    "br": ("br", lambda data: bytes(brotli.compress(data, quality=5))),
    "zstd": ("zstd", zstandard.compress),
}
each = pytest.mark.parametrize("kind", PACKERS)


def unpack(coding: str, data: bytes, max_bytes: int = MIB, piece: int = 1000, *, cut: bool = False) -> bytes:
    body = Body(coding, max_bytes, cut=cut)
    for place in range(0, len(data), piece):
        body.add(data[place : place + piece])
        if body.full:
            break
    return body.whole()


@given(st.binary(max_size=5000), st.sampled_from(list(PACKERS)), st.integers(1, 5000))
def test_what_was_packed_comes_out(data: bytes, kind: str, piece: int) -> None:
    coding, pack = PACKERS[kind]
    assert unpack(coding, pack(data), piece=piece) == data


@given(st.binary(max_size=3000), st.lists(st.sampled_from(list(PACKERS)), min_size=1, max_size=3))
def test_codings_over_one_another(data: bytes, kinds: list[str]) -> None:
    packed = data
    for kind in kinds:
        packed = PACKERS[kind][1](packed)
    assert unpack(" , ".join(PACKERS[kind][0] for kind in kinds).upper(), packed) == data


@each
def test_large_bodies_come_out_whole(kind: str) -> None:
    coding, pack = PACKERS[kind]
    data = b"".join(b"%d:" % number for number in range(100_000)) + bytes(300_000)
    assert unpack(coding, pack(data), piece=len(data)) == data
    assert unpack(coding, pack(data), piece=7919) == data


def test_parts_packed_one_by_one() -> None:
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    assert unpack("zstd", zstandard.compress(b"one ") + zstandard.compress(b"two")) == b"one two"
    assert unpack("gzip", gzip.compress(b"one ") + gzip.compress(b"two"), piece=3) == b"one two"


def test_padding_after_the_end_is_not_the_pages() -> None:
    assert unpack("gzip", gzip.compress(b"one") + bytes(20)) == b"one"
    assert unpack("br", brotli.compress(b"one") + b"??", piece=1) == b"one"


@each
def test_a_bomb_is_put_out_within_bounds(kind: str) -> None:
    coding, pack = PACKERS[kind]
    bomb = pack(bytes(300 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(FetchFailed) as caught:
            unpack(coding, bomb, 10 * MIB, piece=64 * 1024)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.problem is FetchProblem.TOO_LARGE
    assert peak < 16 * MIB


@each
def test_a_bomb_in_a_bomb_is_put_out_within_bounds(kind: str) -> None:
    coding, pack = PACKERS[kind]
    bomb = gzip.compress(pack(bytes(200 * MIB)))
    tracemalloc.start()
    try:
        with pytest.raises(FetchFailed) as caught:
            unpack(f"{coding}, gzip", bomb, 10 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.problem is FetchProblem.TOO_LARGE
    assert peak < 16 * MIB


def test_what_swells_only_in_between_is_bounded_too() -> None:
    # four hundred thousand empty members: a megabyte packed, eight between, nothing in the end
    nothing = gzip.compress(gzip.compress(b"") * 400_000)
    with pytest.raises(FetchFailed, match="too_large"):
        unpack("gzip, gzip", nothing, 4 * MIB)


@each
def test_a_packed_body_that_ends_early(kind: str) -> None:
    coding, pack = PACKERS[kind]
    packed = pack(b"".join(b"%d:" % number for number in range(1000)))
    for length in (1, 10, len(packed) // 2, len(packed) - 1):
        with pytest.raises(FetchFailed) as caught:
            unpack(coding, packed[:length])
        assert caught.value.problem is FetchProblem.CONTENT


@each
def test_a_broken_body(kind: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        unpack(PACKERS[kind][0], b"\x07<html>this was never packed</html>" * 3)
    assert caught.value.problem is FetchProblem.CONTENT


@given(st.binary(min_size=1), st.sampled_from(["gzip", "deflate", "br", "zstd", "br, gzip"]))
def test_any_bytes_end_in_a_body_or_a_refusal(data: bytes, coding: str) -> None:
    with suppress(FetchFailed):
        unpack(coding, data)


@pytest.mark.parametrize("coding", ["compress", "aes128gcm", "gzip, sdch", "gzip, gzip, gzip, gzip"])
def test_codings_that_nobody_asked_for(coding: str) -> None:
    with pytest.raises(FetchFailed, match="content"):
        Body(coding, MIB)


@pytest.mark.parametrize("coding", ["", "identity", " Identity , "])
def test_no_coding(coding: str) -> None:
    assert unpack(coding, b"as it is") == b"as it is"


def test_no_body_is_no_broken_one() -> None:
    assert Body("gzip", MIB).whole() == b""


@each
def test_the_start_is_enough_where_it_may_be_cut(kind: str) -> None:
    coding, pack = PACKERS[kind]
    data = b"".join(b"%d:" % number for number in range(1000))
    assert unpack(coding, pack(data), 2500, cut=True) == data[:2500]
    assert unpack("", data, 1000, cut=True) == data[:1000]


@pytest.mark.parametrize("length", [999, 1000])
def test_a_body_of_just_the_size(length: int) -> None:
    assert len(unpack("gzip", gzip.compress(bytes(length)), 1000)) == length
