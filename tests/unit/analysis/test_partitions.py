"""Which part of the tracker's work a post is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.streams import ANALYZED_PARTITIONS, GROUPS, POSTS_ANALYZED, TYPES, analyzed
from services.analysis.enrich.topics import PLAN_FAMILY
from services.analysis.partitions import partition_of, partition_of_post

FAMILIES = {"resettlement": PLAN_FAMILY, "quake": PLAN_FAMILY, "supply": "water", "leak": "water", "road": "office-b"}


def test_all_of_one_family_go_one_way_and_the_plans_to_the_first() -> None:
    assert partition_of_post(["resettlement", "quake"], FAMILIES) == 0
    assert partition_of_post(["supply"], FAMILIES) == partition_of_post(["leak", "supply"], FAMILIES) == 2
    assert partition_of_post(["road"], FAMILIES) == 3


def test_what_is_of_no_family_or_of_several_goes_to_the_first() -> None:
    assert partition_of_post([], FAMILIES) == 0
    assert partition_of_post(["unknown"], FAMILIES) == 0
    assert partition_of_post(["supply", "road"], FAMILIES) == 0
    assert partition_of_post(["supply", "quake"], FAMILIES) == 0


@given(st.lists(st.sampled_from([*FAMILIES, "unknown"])), st.data())
def test_neither_order_nor_repetition_of_topics_matters(topics: list[str], data: st.DataObject) -> None:
    found = partition_of_post(topics, FAMILIES)
    assert 0 <= found < ANALYZED_PARTITIONS
    assert partition_of_post(data.draw(st.permutations(topics + topics)), FAMILIES) == found


@given(st.text(max_size=30))
def test_every_family_has_a_partition(family: str) -> None:
    assert 0 <= partition_of(family) < ANALYZED_PARTITIONS
    assert partition_of(PLAN_FAMILY) == 0


def test_each_partition_has_a_stream_that_is_listened_to() -> None:
    streams = [analyzed(partition) for partition in range(ANALYZED_PARTITIONS)]
    assert streams[0] == POSTS_ANALYZED
    assert len(set(streams)) == ANALYZED_PARTITIONS
    assert all(GROUPS[stream] == ("analysis-tracker",) for stream in streams)
    assert all(TYPES[stream] == TYPES[POSTS_ANALYZED] for stream in streams)
