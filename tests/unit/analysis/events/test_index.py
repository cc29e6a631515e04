"""What the index finds is what comparing every pair finds, in whatever order and parts it was filled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analysis.enrich.story import story_of
from services.analysis.events.index import ELSEWHERE, SHARED, StoryIndex, Text
from services.analysis.events.nearest import Alike
from services.analysis.events.vectors import SCALE, Vector, keys_of, product, story_encoder, terms_of
from services.analysis.events.whereabouts import where_of
from services.analysis.joining import JoiningRules

NEVER = float("-inf")
PLACES = ("", "澜沧县", "景谷县", "澜沧县和景谷县", "四川")


def a_vector(chance: np.random.Generator, bundle: int) -> Vector:
    """Return a vector some of whose terms are of a bundle of twelve."""
    own = chance.choice(12, size=chance.integers(1, 12), replace=False) + 100 * bundle
    terms = np.unique(np.concatenate((own, chance.integers(1_000, 1_050, size=chance.integers(0, 6)))))
    weights = chance.integers(10, 90, size=len(terms))
    keys = chance.random(len(terms)) < 0.6
    return (terms << 12 | keys << 8 | weights).astype(np.uint32)


def texts_of(seed: int, number: int) -> list[Text]:
    """Return texts of three bundles, some of them the same but for their number."""
    chance = np.random.default_rng(seed)
    vectors = [a_vector(chance, int(bundle)) for bundle in chance.integers(3, size=number)]
    vectors = [vectors[0] if chance.random() < 0.1 else vector for vector in vectors]
    where = [where_of(PLACES[place]) for place in chance.integers(len(PLACES), size=number)]
    stories = chance.choice(2**62, size=number, replace=False) - 2**61
    return [Text(int(s), v, w) for s, v, w in zip(stories, vectors, where, strict=True)]


def apart(one: Text, other: Text) -> tuple[bool, bool]:
    """Tell whether two of :data:`PLACES` are said to be elsewhere: by province, and by county."""
    provinces = (1 << 34) - 1
    masks = (provinces, ~provinces)
    first, second = (
        bool(one.where & mask and other.where & mask and not one.where & other.where & mask) for mask in masks
    )
    return first, second


def alike(one: Text, other: Text, least: float, last: float = NEVER) -> Alike | None:
    """Return what the definition says of two texts."""
    shared = set(keys_of(one.vector).tolist()) & set(keys_of(other.vector).tolist())
    found = product(one.vector, other.vector) / SCALE**2
    provinces, counties = apart(one, other)
    if one.story == other.story or counties or len(shared) < SHARED:
        return None
    return Alike(other.story, found, last) if found >= least + (ELSEWHERE if provinces else 0) else None


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    number=st.integers(2, 40),
    least=st.sampled_from([0.01, 0.11, 0.3, 0.8]),
    data=st.data(),
)
def test_what_is_found_is_what_the_definition_says(seed: int, number: int, least: float, data: st.DataObject) -> None:
    texts = texts_of(seed, number)
    times = np.random.default_rng(seed + 1).integers(0, 10**6, size=(number, 2)).astype(float).tolist()
    # some are asked about that are stored as well
    known = data.draw(st.lists(st.integers(0, number - 1), unique=True))
    asked = data.draw(st.lists(st.integers(0, number - 1), min_size=1, unique=True))
    index = StoryIndex()
    posts = data.draw(st.permutations([(texts[n], at) for n in known for at in times[n]]))
    for start in range(0, len(posts), 5):
        index.add(posts[start : start + 5])
    assert len(index) == len(known)
    for n, nearest in zip(asked, index.alike([texts[n] for n in asked], least), strict=True):
        last = {m: max(times[m]) if m in known else NEVER for m in {*known, *asked}}
        expected = filter(None, (alike(texts[n], texts[m], least, at) for m, at in last.items()))
        assert nearest.part(0, number) == sorted(expected, key=lambda one: (-one.likeness, one.story))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), number=st.integers(2, 30))
def test_it_is_mutual_and_does_not_depend_on_what_is_stored(seed: int, number: int) -> None:
    texts = texts_of(seed, number)

    def found(index: StoryIndex, asked: list[Text]) -> set[tuple[int, int, float]]:
        answers = zip(asked, index.alike(asked, 0.11), strict=True)
        return {(text.story, one.story, one.likeness) for text, near in answers for one in near.part(0, number)}

    pairs = found(StoryIndex(), texts)
    stored = StoryIndex()
    stored.add((text, 1.0) for text in texts)
    assert pairs == found(stored, texts) == {(other, one, likeness) for one, other, likeness in pairs}
    for text in texts:
        assert found(stored, [text]) == {pair for pair in pairs if pair[0] == text.story}


def test_a_text_is_known_by_its_latest_post() -> None:
    (text,) = texts_of(1, 1)
    index = StoryIndex()
    assert text.story not in index
    assert index.last(text.story) == NEVER
    index.add([(text, 50.0), (text, 90.0)])
    index.add([(text, 70.0)])
    assert text.story in index
    assert (len(index), index.last(text.story)) == (1, 90.0)
    index.add([])
    assert index.alike([], 0.1) == []


def test_more_texts_than_a_column_begins_with_room_for() -> None:
    texts = texts_of(5, 500)
    index = StoryIndex()
    for start in range(0, 500, 90):
        index.add((text, 7.0) for text in texts[start : start + 90])
    for text, nearest in zip(texts[:3], index.alike(texts[:3], 0.3), strict=True):
        assert {one.story for one in nearest.part(0, 500)} == {o.story for o in texts if alike(text, o, 0.3)}
        assert nearest.since(7.0) == nearest.part(0, 500)
        assert nearest.since(8.0) == []


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
    first, second, last = StoryIndex().alike(texts, JoiningRules().alike)
    assert [found.story for found in first.part(0, 3)] == [1]
    assert [found.story for found in second.part(0, 3)] == [0]
    assert len(last) == 0
    assert terms_of(texts[0].vector).tolist() == sorted(set(terms_of(texts[0].vector).tolist()))
