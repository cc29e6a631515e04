"""Trees of posts, and which event each keeps: properties over any trees at all."""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analysis.events.linking import Link, LinkKind, Member, Placement, better, part, place

START = datetime(2026, 3, 1, tzinfo=UTC)


def a_member(number: int, parent: int | None, event: str | None = None) -> Member:
    # some posts are of one instant: then the id decides
    at = START + timedelta(minutes=number // 3)
    return Member((at, f"p{number:03}"), None if parent is None else f"p{parent:03}", event)


@st.composite
def forests(draw: st.DrawFn, largest: int = 14) -> list[Member]:
    """Return posts of which each follows none or an earlier one."""
    size = draw(st.integers(1, largest))
    parents = [draw(st.none() | st.integers(0, number - 1)) if number else None for number in range(size)]
    return [a_member(number, parent) for number, parent in enumerate(parents)]


def tops_of(members: list[Member]) -> dict[str, str]:
    """Return the top of each post's tree, found step by step."""
    parents = {member.id: member.parent_id for member in members}
    found = {}
    for id_ in parents:
        top = id_
        while (above := parents[top]) is not None and above in parents:
            top = above
        found[id_] = top
    return found


def fresh() -> itertools.count[int]:
    return itertools.count()


def placed(members: list[Member], founders: dict[str, str], gone: dict[str, str]) -> Placement:
    return place(members, founders, gone, (f"new-{number}" for number in fresh()))


def settled(members: list[Member]) -> tuple[list[Member], dict[str, str]]:
    """Return the posts with the events that they are in, and the events' founders."""
    placement = placed(members, {}, {})
    stored = [Member(member.order, member.parent_id, placement.event_of[member.id]) for member in members]
    return stored, dict(placement.founded)


@given(forests(), st.randoms())
def test_new_posts_are_parted_by_trees(members: list[Member], chance: object) -> None:
    chance.shuffle(shuffled := list(members))  # type: ignore[attr-defined]
    placement = placed(shuffled, {}, {})
    tops = tops_of(members)
    for one, other in itertools.combinations(members, 2):
        together = placement.event_of[one.id] == placement.event_of[other.id]
        assert together == (tops[one.id] == tops[other.id])
    # the founder is the first post of its tree
    for event, founder in placement.founded.items():
        assert founder == min(member.order for member in members if placement.event_of[member.id] == event)[1]
    assert not placement.merged
    assert not placement.revived
    assert placement == placed(members, {}, {})


@given(forests(), st.data())
def test_any_change_of_parents_keeps_what_identities_it_can(members: list[Member], data: st.DataObject) -> None:
    stored, founders = settled(members)
    gone: dict[str, str] = {}
    names = (f"later-{number}" for number in fresh())
    for _ in range(3):
        parents = [
            data.draw(st.none() | st.integers(0, number - 1) | st.just(number)) if number else None
            for number in range(len(stored))
        ]
        changed = [
            # a post that draws itself keeps its parent
            member
            if drawn == number
            else Member(member.order, None if drawn is None else f"p{drawn:03}", member.event_id)
            for number, (member, drawn) in enumerate(zip(stored, parents, strict=True))
        ]
        placement = place(changed, founders, gone, names)
        tops = tops_of(changed)
        events: defaultdict[str, set[str]] = defaultdict(set)
        for id_, event in placement.event_of.items():
            events[event].add(tops[id_])
        assert all(len(found) == 1 for found in events.values())
        assert len(events) == len(set(tops.values()))
        # every event that is kept is known; every other is new
        assert events.keys() <= founders.keys() | placement.founded.keys()
        assert not placement.founded.keys() & founders.keys()
        standing = founders.keys() - gone.keys()
        for event in standing:
            if event in events:
                assert placement.event_of[founders[event]] == event
                assert event not in placement.merged
            else:
                assert placement.merged[event] == placement.event_of[founders[event]]
        assert placement.revived == events.keys() & gone.keys()
        # carried on as the store does it
        gone = {e: placement.merged.get(into, into) for e, into in gone.items() if e not in placement.revived}
        gone |= placement.merged
        founders |= placement.founded
        stored = [Member(member.order, member.parent_id, placement.event_of[member.id]) for member in changed]
        for event, into in gone.items():
            assert placement.event_of[founders[event]] == into, "what went up in another is found there"


def test_the_event_made_first_wins_and_one_that_stands_before_one_that_is_gone() -> None:
    joined = [a_member(0, None, "b"), a_member(1, 0, "a"), a_member(2, 1, "a")]
    placement = placed(joined, {"b": "p000", "a": "p001"}, {})
    assert set(placement.event_of.values()) == {"a"}
    assert placement.merged == {"b": "a"}
    placement = placed(joined, {"b": "p000", "a": "p001"}, {"a": "b"})
    assert set(placement.event_of.values()) == {"b"}
    assert not placement.merged


def test_one_that_had_gone_up_in_another_stands_again_when_its_first_post_does() -> None:
    parted = [a_member(0, None, "a"), a_member(1, None, "a"), a_member(2, 1, "a")]
    placement = placed(parted, {"a": "p000", "b": "p001"}, {"b": "a"})
    assert placement.event_of == {"p000": "a", "p001": "b", "p002": "b"}
    assert placement.revived == {"b"}


@given(forests(), st.data())
def test_parting_parts_and_leaves_each_side_whole(members: list[Member], data: st.DataObject) -> None:
    event = [members[0], *(Member(m.order, m.parent_id or members[0].id) for m in members[1:])]
    chosen = data.draw(st.sets(st.sampled_from([member.id for member in event])))
    if not chosen or len(chosen) == len(event):
        with pytest.raises(ValueError, match="some"):
            part(event, chosen)
        return
    links = part(event, chosen)
    assert links.keys() == {member.id for member in event}, "all are held where they are"
    after = [Member(m.order, links.get(m.id, m.parent_id)) for m in event]
    tops = tops_of(after)
    sides: defaultdict[str, set[str]] = defaultdict(set)
    for id_, top in tops.items():
        sides[top].add(id_)
    assert sorted(map(sorted, sides.values())) == sorted([sorted(chosen), sorted({m.id for m in event} - chosen)])
    # no parent changes without need, and none points forward
    parents = {m.id: m.parent_id for m in event}
    orders = {m.id: m.order for m in event}
    for id_, parent in links.items():
        above = parents[id_]
        assert parent == above or above is None or (above in chosen) is not (id_ in chosen)
        assert parent is None or orders[parent] < orders[id_]


def test_trees_that_a_person_joined_are_one_event() -> None:
    trees = [a_member(0, None, "a"), a_member(1, None, "b"), a_member(2, 1, "b"), a_member(3, None, "c")]
    founders = {"a": "p000", "b": "p001", "c": "p003"}
    joined = place(trees, founders, {}, iter(()), joins=[("p002", "p000"), ("p001", "elsewhere")], preferred=["b"])
    assert joined.event_of == {"p000": "b", "p001": "b", "p002": "b", "p003": "c"}
    assert joined.merged == {"a": "b"}


LINKS = st.builds(
    Link,
    st.sampled_from([LinkKind.REPOST, LinkKind.TEXT, LinkKind.STORY]),
    st.integers(0, 4).map(lambda number: (START + timedelta(minutes=number // 2), f"p{number}")),
    st.none() | st.sampled_from([0.1, 0.5, 1.0]),
)


@given(st.lists(LINKS, min_size=1, max_size=6), st.data())
def test_the_best_link_is_the_same_in_any_order(links: list[Link], data: st.DataObject) -> None:
    best: list[Link | None] = []
    for order in (links, data.draw(st.permutations(links))):
        found: Link | None = None
        for link in order:
            found = better(found, link)
        best.append(found)
    assert best[0] is not None
    assert best[1] is not None
    assert best[0].rank == best[1].rank == max(link.rank for link in links)


def test_what_a_person_decided_outranks_all() -> None:
    alone, repost = Link(LinkKind.HAND, None), Link(LinkKind.REPOST, (START, "p"))
    assert better(alone, repost) is better(repost, alone) is alone
    assert better(None, None) is None
    with pytest.raises(ValueError, match="never compared"):
        _ = alone.rank


def test_a_kind_outranks_likeness_and_likeness_the_nearer_post() -> None:
    early, late = (START, "a"), (START + timedelta(hours=1), "b")
    assert better(Link(LinkKind.TEXT, early, 1.0), Link(LinkKind.STORY, late, 1.2)).kind is LinkKind.TEXT  # type: ignore[union-attr]
    assert better(Link(LinkKind.STORY, early, 0.9), Link(LinkKind.STORY, late, 0.8)).parent == early  # type: ignore[union-attr]
    assert better(Link(LinkKind.STORY, early, 0.8), Link(LinkKind.STORY, late, 0.8)).parent == late  # type: ignore[union-attr]
