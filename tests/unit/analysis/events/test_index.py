"""What the index finds is what comparing every pair finds, in whatever order and parts it was filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.analysis.enrich.story import story_of
from services.analysis.events.index import CROWD, ELSEWHERE, NEAR, StoryIndex, Text
from services.analysis.events.nearest import Alike
from services.analysis.events.vectors import SCALE, SIZE, Vector, story_encoder
from services.analysis.events.whereabouts import where_of

START = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = ("", "澜沧县", "景谷县", "澜沧县和景谷县", "四川")
CELLS = 9


def unit(rows: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return rows as vectors are stored."""
    rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.clip(np.rint(rows * SCALE), -127, 127).astype(np.int8)


def middles(seed: int) -> NDArray[np.int8]:
    return unit(np.random.default_rng(seed).normal(size=(CELLS, SIZE)))


def texts_of(seed: int, number: int) -> list[Text]:
    """Return texts in a few bundles, so that some are alike and some are the same but for their number."""
    chance = np.random.default_rng(seed)
    bundles = chance.normal(size=(3, SIZE))
    spread = chance.choice([0.0, 0.3, 1.0, 3.0], size=(number, 1))
    vectors = unit(bundles[chance.integers(3, size=number)] + spread * chance.normal(size=(number, SIZE)))
    where = [where_of(PLACES[place]) for place in chance.integers(len(PLACES), size=number)]
    stories = chance.choice(2**62, size=number, replace=False) - 2**61
    return [Text(int(s), v, w) for s, v, w in zip(stories, vectors, where, strict=True)]


def cells_of(vector: Vector, cells: NDArray[np.int8]) -> set[int]:
    """Return the nearest cells, of equally near ones the lower."""
    products = [int(vector.astype(int) @ cell.astype(int)) for cell in cells]
    return set(sorted(range(len(cells)), key=lambda cell: (-products[cell], cell))[:NEAR])


def crowd_of(vector: Vector, cells: NDArray[np.int8]) -> int:
    """Return half of how alike a vector is to the cells that it is most alike to."""
    products = sorted(int(vector.astype(int) @ cell.astype(int)) for cell in cells)[-CROWD:]
    return min(127 * 127, max(0, round(sum(products) / (2 * len(products)))))


def apart(one: Text, other: Text) -> tuple[bool, bool]:
    """Tell whether two of :data:`PLACES` are said to be elsewhere: by province, and by county."""
    provinces = (1 << 34) - 1
    masks = (provinces, ~provinces)
    first, second = (
        bool(one.where & mask and other.where & mask and not one.where & other.where & mask) for mask in masks
    )
    return first, second


def likeness(one: Text, other: Text, cells: NDArray[np.int8]) -> float:
    product = int(one.vector.astype(int) @ other.vector.astype(int))
    return (product - crowd_of(one.vector, cells) - crowd_of(other.vector, cells)) / SCALE**2


def alike(one: Text, other: Text, cells: NDArray[np.int8], least: float) -> Alike | None:
    """Return what the definition says of two texts that have met."""
    found = likeness(one, other, cells)
    provinces, counties = apart(one, other)
    if one.story == other.story or counties or found < least + (ELSEWHERE if provinces else 0):
        return None
    near = bool(cells_of(one.vector, cells) & cells_of(other.vector, cells))
    return Alike(other.story, found, near, float("-inf"))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    number=st.integers(2, 40),
    least=st.sampled_from([-0.2, 0.04, 0.3, 0.8]),
    data=st.data(),
)
def test_what_is_found_is_what_the_definition_says(seed: int, number: int, least: float, data: st.DataObject) -> None:
    cells = middles(seed)
    texts = texts_of(seed, number)
    chance = np.random.default_rng(seed + 1)
    hours = [[float(hour) for hour in chance.integers(0, 24 * 6, size=chance.integers(1, 3))] for _ in texts]
    times = [[START + timedelta(hours=hour) for hour in one] for one in hours]
    # some are asked about that are stored as well
    known = data.draw(st.lists(st.integers(0, number - 1), unique=True))
    asked = data.draw(st.lists(st.integers(0, number - 1), min_size=1, unique=True))
    index = StoryIndex(cells)
    posts = [(texts[n], at.timestamp()) for n in data.draw(st.permutations(known)) for at in times[n]]
    for start in range(0, len(posts), 5):
        index.add(posts[start : start + 5])
    assert len(index) == len(known)
    found = index.alike([texts[n] for n in asked], [times[n] for n in asked], least)
    for n, nearest in zip(asked, found, strict=True):
        days = {int(at.timestamp() // 86_400) for at in times[n]}
        expected: dict[int, Alike] = {}
        for m in {*known, *asked}:
            one = alike(texts[n], texts[m], cells, least)
            stored = {int(at.timestamp() // 86_400) for at in times[m]} if m in known else set()
            by_day = any(abs(day - other) <= 1 for day in days for other in stored)
            if one is not None and (one.near or by_day or m in asked):
                last = max(at.timestamp() for at in times[m]) if m in known else float("-inf")
                expected[m] = Alike(one.story, one.likeness, one.near, last)
        rows = nearest.part(0, number)
        assert rows == sorted(expected.values(), key=lambda one: (-one.likeness, one.story))
        # texts whose posts are within a day of each other have always met
        for m in known:
            close = any(abs(a - b) <= timedelta(days=1) for a in times[n] for b in times[m])
            assert not close or (alike(texts[n], texts[m], cells, least) is None) == (m not in expected)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), number=st.integers(2, 30))
def test_it_is_mutual_and_does_not_depend_on_what_is_stored(seed: int, number: int) -> None:
    cells, texts = middles(seed), texts_of(seed, number)
    at = [START] * number
    beside = StoryIndex(cells).alike(texts, [()] * number, 0.04)
    stored = StoryIndex(cells)
    stored.add((text, START.timestamp()) for text in texts)
    filled = stored.alike(texts, [[one] for one in at], 0.04)
    pairs = {
        (text.story, one.story, one.likeness, one.near)
        for text, near in zip(texts, beside, strict=True)
        for one in near.part(0, number)
    }
    again = {
        (text.story, one.story, one.likeness, one.near)
        for text, near in zip(texts, filled, strict=True)
        for one in near.part(0, number)
    }
    assert pairs == again
    assert pairs == {(other, one, like, near) for one, other, like, near in pairs}
    for text in texts:
        alone = stored.alike([text], [[START]], 0.04)[0].part(0, number)
        assert {(text.story, one.story, one.likeness, one.near) for one in alone} == {
            p for p in pairs if p[0] == text.story
        }


def test_a_text_is_known_by_its_latest_post() -> None:
    (text,) = texts_of(1, 1)
    index = StoryIndex(middles(1))
    assert text.story not in index
    assert index.last(text.story) == float("-inf")
    index.add([(text, 50.0), (text, 90.0)])
    index.add([(text, 70.0)])
    assert text.story in index
    assert (len(index), index.last(text.story)) == (1, 90.0)
    index.add([])
    assert index.alike([], [], 0.1) == []


def test_more_texts_than_a_column_begins_with_room_for() -> None:
    cells, texts = middles(5), texts_of(5, 500)
    index = StoryIndex(cells)
    for start in range(0, 500, 90):
        index.add((text, START.timestamp()) for text in texts[start : start + 90])
    found = index.alike(texts[:3], [[START]] * 3, 0.3)
    for text, nearest in zip(texts[:3], found, strict=True):
        expected = {other.story for other in texts if alike(text, other, cells, 0.3)}
        assert {one.story for one in nearest.part(0, 500)} == expected
        assert nearest.since(START.timestamp()) == nearest.part(0, 500)
        assert nearest.since(START.timestamp() + 1) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("移民安置点的补偿款拖了半年没有发放,群众到镇政府询问。", "补偿款半年没发,移民安置点的群众去镇政府问说法。"),
        ("凌晨发生5.2级地震,震源深度10公里,部分土坯房开裂。", "今天凌晨地震了,5.2级,老家的土坯房裂了。"),
    ],
)
def test_with_the_built_in_model_paraphrases_are_alike_and_other_stories_are_not(one: str, other: str) -> None:
    third = "县城公交线路调整,下周一起三路车延长运营到晚上十点。"
    vectors = [story_encoder().encode(story_of("", text)) for text in (one, other, third)]
    texts = [Text(number, vector) for number, vector in enumerate(vectors) if vector is not None]
    first, second, last = StoryIndex().alike(texts, [()] * 3, 0.04)
    assert [found.story for found in first.part(0, 3)] == [1]
    assert [found.story for found in second.part(0, 3)] == [0]
    assert len(last) == 0
