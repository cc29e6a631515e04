"""One text has one vector, wherever and beside whatever it is computed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analysis.enrich.story import story_of
from services.analysis.events.vectors import (
    MEANING,
    READ,
    SCALE,
    SHORTEST,
    SIZE,
    WORDING,
    StoryEncoder,
    cosine,
    packed,
    pairs,
    sketch,
    story_encoder,
    unpacked,
)

TEXTS = [
    "澜沧县糯扎渡镇移民安置点的补偿款拖了半年没有发放,几十户群众到镇政府询问情况。",
    "糯扎渡镇几十户移民的补偿款半年没发,大家一起去镇政府问说法。",
    "景谷县凌晨发生5.2级地震,震源深度10公里,部分土坯房开裂。",
    "Pu'er 2026 tea market opens with 300 stalls near the old bridge",
    "𠮷野家门口排起了长队,店员说优惠只到周日晚上。",
]
STORIES = st.text(alphabet=st.sampled_from("移民补偿款发放地震停水abc127𠮷éß"), min_size=SHORTEST, max_size=60)
_PRINT = """
import hashlib, sys
from services.analysis.events.vectors import story_encoder
encoder = story_encoder()
for key in sys.stdin.read().splitlines():
    print(hashlib.sha256(encoder.encode(key).tobytes()).hexdigest())
"""


def test_another_process_gives_the_same_vectors() -> None:
    keys = [story_of("", text) for text in TEXTS]
    ours = [hashlib.sha256(_vector(key).tobytes()).hexdigest() for key in keys]
    for threads in ("1", "2"):
        environment = os.environ | {
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONHASHSEED": threads,
            "PYTHONIOENCODING": "utf-8",
        }
        told = subprocess.run(
            [sys.executable, "-c", _PRINT],
            input="\n".join(reversed(keys)).encode(),
            capture_output=True,
            check=True,
            env=environment,
        )
        assert told.stdout.decode().split()[::-1] == ours


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("移民补偿款,拖了半年没有发放!", "移民补偿款拖了半年没有发放"),
        ("移民补償款拖了半年没有发放", "移民補償款拖了半年沒有發放"),
        ("移民补偿款 12 万元没有发放", "移民补偿款１２万元没有发放"),
        ("移民补偿款拖了半年没有发放 https://t.example/x", "移民补偿款拖了半年没有发放。。。"),
    ],
)
def test_copies_have_one_vector(one: str, other: str) -> None:
    assert story_of("", one) == story_of("", other)
    assert np.array_equal(_vector(story_of("", one)), _vector(story_of("", other)))


@settings(max_examples=50, deadline=None)
@given(key=STORIES, other=STORIES)
def test_vectors_are_units_of_signed_bytes(key: str, other: str) -> None:
    one, two = _vector(key), _vector(other)
    assert one.dtype == np.int8
    assert one.shape == (SIZE,) == (MEANING + WORDING,)
    assert np.array_equal(one, _vector(key))
    # rounding to bytes, and the bound of a byte, cost little
    assert cosine(one, one) == pytest.approx(1, abs=0.15)
    assert cosine(one, two) == cosine(two, one) <= 1.15


def test_what_is_beyond_the_part_read_and_what_is_too_short_plays_no_part() -> None:
    long = TEXTS[0] * 30
    assert len(long) > READ
    assert np.array_equal(_vector(long), _vector(long[:READ]))
    encoder = story_encoder()
    assert encoder.encode("补偿款没发放呢") is None
    assert encoder.encode("补偿款没有发放呢") is not None
    assert encoder.encode("") is None


def test_close_in_meaning_is_close_in_direction() -> None:
    money, paraphrase, quake, english, _ = (_vector(story_of("", text)) for text in TEXTS)
    assert cosine(money, paraphrase) > 0.4 > cosine(money, quake)
    assert cosine(money, english) < 0.2


def test_pairs_are_of_neighbours_and_latin_words_are_whole() -> None:
    assert len(pairs("移民补偿")) == 3
    assert set(pairs("移民补偿")) & set(pairs("补偿移民")) == set(pairs("补偿")) | set(pairs("移民"))
    # 县g, 款1, the word and the number
    assert len(pairs("gdp县款1200")) == 5
    assert set(pairs("县gdp")).isdisjoint(set(pairs("gd县")) - set(pairs("县")))
    assert len(pairs("𠮷野")) == 1
    assert len(set(pairs("万abcd")) & set(pairs("万abce"))) == 1, "of the words only the first letter's pair is shared"


def test_a_sketch_adds_up() -> None:
    whole = sketch("移民补偿款", None)
    assert whole.shape == (WORDING,)
    assert np.array_equal(whole, sketch("移民补", None) + sketch("补偿款", None))


def test_the_scale_leaves_room_for_a_byte() -> None:
    assert SCALE**2 * 2 < 2**24, "products of vectors are exact in single precision"
    assert isinstance(story_encoder(), StoryEncoder)
    assert story_encoder() is story_encoder()


def test_what_a_message_carries_is_what_was_packed() -> None:
    vector = _vector(TEXTS[0])
    assert np.array_equal(unpacked(packed(vector)), vector)  # type: ignore[arg-type]
    assert packed(None) == ""
    assert unpacked("") is None


def _vector(key: str) -> np.ndarray:
    vector = story_encoder().encode(key)
    assert vector is not None
    return vector
