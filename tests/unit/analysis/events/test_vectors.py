"""One text has one vector, wherever and beside whatever it is computed."""

from __future__ import annotations

import base64
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
    KEPT,
    KEYS,
    MODEL,
    READ,
    SCALE,
    SHORTEST,
    StoryEncoder,
    Vector,
    centrality,
    keys_of,
    packed,
    product,
    read_stored,
    stored,
    story_encoder,
    terms_in,
    terms_of,
    unpacked,
    weights_of,
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
def test_vectors_are_terms_in_order_with_weights_of_a_byte(key: str, other: str) -> None:
    one, two = _vector(key), _vector(other)
    assert one.dtype == np.uint32
    assert np.array_equal(one, _vector(key))
    terms = terms_of(one)
    assert 0 < len(terms) <= KEPT
    assert (np.diff(terms) > 0).all()
    assert set(terms.tolist()) <= set(terms_in(key).tolist())
    assert len(keys_of(one)) <= KEYS
    assert set(keys_of(one).tolist()) <= set(terms.tolist())
    # shorter than a unit, however they are rounded
    assert product(one, one) <= SCALE**2 + SCALE * 8
    weights = dict(zip(terms.tolist(), weights_of(one).tolist(), strict=True))
    plain = sum(weights.get(t, 0) * w for t, w in zip(terms_of(two).tolist(), weights_of(two).tolist(), strict=True))
    assert product(one, two) == product(two, one) == plain
    assert centrality([one, two]) == [plain + product(one, one), plain + product(two, two)]


def test_of_a_long_text_the_terms_are_kept_that_it_says_again_and_again() -> None:
    matter = "糯扎渡补偿款拖欠"
    others = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 900))
    spread = "".join(others[at : at + 100] + matter for at in range(0, 900, 100))
    vector = _vector(spread)
    assert len(vector) == KEPT < len(set(terms_in(spread).tolist()))
    assert set(terms_in(matter).tolist()) <= set(terms_of(vector).tolist())
    assert product(vector, _vector(matter)) > product(_vector(others), _vector(matter))


def test_short_texts_are_less_alike_than_long_ones_that_share_as_much() -> None:
    short, long = TEXTS[0][:12], TEXTS[0]
    assert product(_vector(short), _vector(short)) < product(_vector(long), _vector(long)) < SCALE**2 + 8 * SCALE


def test_what_is_beyond_the_part_read_and_what_is_too_short_plays_no_part() -> None:
    long = TEXTS[0] * 60
    assert len(long) > READ
    assert np.array_equal(_vector(long), _vector(long[:READ]))
    encoder = story_encoder()
    assert encoder.encode("补偿款没发放呢") is None
    assert encoder.encode("补偿款没有发放呢") is not None
    assert encoder.encode("") is None


def test_close_in_wording_is_close_in_direction() -> None:
    money, paraphrase, quake, english, _ = (_vector(story_of("", text)) for text in TEXTS)
    assert product(money, paraphrase) > SCALE**2 * 0.2 > 10 * product(money, quake)
    assert product(money, english) == 0


def test_terms_are_of_neighbours_and_latin_words_are_whole() -> None:
    def terms(text: str) -> set[int]:
        return set(terms_in(text).tolist())

    assert len(terms_in("移民补偿")) == 3
    assert terms("移民补偿") & terms("补偿移民") == terms("补偿") | terms("移民")
    # 县g, 款1, the word and the number
    assert len(terms_in("gdp县款1200")) == 5
    assert len(terms_in("𠮷野")) == 1
    assert len(terms("万abcd") & terms("万abce")) == 1, "of the words only the first letter's pair is shared"


def test_the_built_in_encoder_is_loaded_once() -> None:
    assert isinstance(story_encoder(), StoryEncoder)
    assert story_encoder() is story_encoder()


def test_what_a_message_carries_is_what_was_packed() -> None:
    vector = _vector(TEXTS[0])
    assert np.array_equal(unpacked(packed(vector)), vector)  # type: ignore[arg-type]
    assert np.array_equal(read_stored(stored(vector)), vector)
    assert len(packed(_vector(TEXTS[0] + "".join(map(chr, range(0x4E00, 0x5200)))))) < 700
    assert packed(None) == ""
    for other in (b"", bytes((MODEL,)), bytes((MODEL - 1,)) + stored(vector), bytes((MODEL,)) + bytes(4 * KEPT + 4)):
        assert unpacked(base64.b64encode(other).decode()) is None


def _vector(key: str) -> Vector:
    vector = story_encoder().encode(key)
    assert vector is not None
    return vector
