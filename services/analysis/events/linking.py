"""Which earlier post a post continues, and which posts are one event. The answer depends on the posts alone.

Every post has at most one parent: of the posts published before it (by :data:`Order`) within the window, the one that
it repeats by address, else the one whose text is most like its own. The trees that come of it are the events. This is
first-story detection by the nearest neighbour (Allan, Lavrenko and Jin, "First story detection in TDT is hard", CIKM
2000) with two properties that an online clustering by centroids lacks: a parent is chosen by comparing two posts, never
by what an event has become, so any order of arrival gives the same trees; and every membership has one reason that can
be shown. A late post changes the parents of the few posts that continue it better, nothing else.

A person's decision is a link of kind `hand` and outranks all others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

#: posts in the order of publication; the id decides between posts of one instant
Order = tuple[datetime, str]


class LinkKind(StrEnum):
    """Why a post follows its parent."""

    #: it says that it repeats the post, or both repeat the same
    REPOST = "repost"
    #: its text is the same but for signs and spaces
    TEXT = "text"
    #: its text is alike in meaning
    STORY = "story"
    #: a person decided so; without a parent: that it begins an event
    HAND = "hand"


_WEIGHT: Final = {LinkKind.STORY: 0, LinkKind.TEXT: 1, LinkKind.REPOST: 2, LinkKind.HAND: 3}


@dataclass(frozen=True, slots=True)
class Link:
    """A post's parent, why, and how alike the two are (cosine, 1 for the same text; None where a person decided)."""

    kind: LinkKind
    parent: Order | None
    likeness: float | None = None

    @property
    def parent_id(self) -> str | None:
        """Return the id of the parent."""
        return self.parent[1] if self.parent is not None else None

    @property
    def rank(self) -> tuple[int, float, Order]:
        """Return the order of preference: the kind, the likeness, the nearer predecessor."""
        if self.parent is None:
            raise ValueError("only a person's decision has no parent, and it is never compared")
        return (_WEIGHT[self.kind], self.likeness or 0.0, self.parent)


def better(one: Link | None, other: Link | None) -> Link | None:
    """Return the link to be preferred of two; equal ones are the same link."""
    if one is None or other is None:
        return one or other
    if LinkKind.HAND in (one.kind, other.kind):
        return one if one.kind is LinkKind.HAND else other
    return one if one.rank >= other.rank else other


@dataclass(frozen=True, slots=True)
class Member:
    """A post as far as its place is concerned."""

    order: Order
    parent_id: str | None
    #: the event it is in now; None for a new post
    event_id: str | None = None

    @property
    def id(self) -> str:
        """Return the post's id."""
        return self.order[1]


@dataclass(slots=True)
class Placement:
    """Which event each post belongs to, and what became of the events."""

    #: post id -> event id
    event_of: dict[str, str] = field(default_factory=dict)
    #: new event -> the post that it begins with
    founded: dict[str, str] = field(default_factory=dict)
    #: event that has gone up in another -> that other
    merged: dict[str, str] = field(default_factory=dict)
    #: events that had gone up in another and stand by themselves again
    revived: set[str] = field(default_factory=set)


def place(
    members: Sequence[Member],
    founders: Mapping[str, str],
    gone: Mapping[str, str],
    new_ids: Iterable[str],
    preferred: Collection[str] = (),
    joins: Iterable[tuple[str, str]] = (),
) -> Placement:
    """Put every tree of `members` into one event.

    `members` are all posts of the events concerned and the new ones; parents outside them are ignored. `founders`: the
    post that each of those events began with, those that have gone up in another (`gone`: into which) among them. Of
    the standing events whose founder is in it a tree keeps one of `preferred`, else the one made first (ids are UUIDv7,
    in the order of making); where there is none, the first of the gone ones, which is revived; a tree without a founder
    gets a new id of `new_ids`. `joins`: pairs of posts whose trees a person made one.
    """
    fresh = iter(new_ids)
    by_id = {member.id: member for member in members}
    root = _united(_roots(by_id), joins)
    trees: defaultdict[str, list[Member]] = defaultdict(list)
    for member in members:
        trees[root[member.id]].append(member)
    claims: defaultdict[str, list[str]] = defaultdict(list)
    for event, founder in founders.items():
        if founder in root:
            claims[root[founder]].append(event)
    placement = Placement()
    for top, tree in sorted(trees.items(), key=lambda item: by_id[item[0]].order):
        claimed = sorted(claims.get(top, ()), key=lambda event: (event in gone, event not in preferred, event))
        if claimed:
            kept = claimed[0]
            if kept in gone:
                placement.revived.add(kept)
            for event in claimed[1:]:
                if gone.get(event) != kept:
                    placement.merged[event] = kept
        else:
            kept = next(fresh)
            placement.founded[kept] = min(member.order for member in tree)[1]
        for member in tree:
            placement.event_of[member.id] = kept
    return placement


def _roots(by_id: Mapping[str, Member]) -> dict[str, str]:
    """Return the top of each post's tree."""
    root: dict[str, str] = {}
    for id_ in by_id:
        path: list[str] = []
        at = id_
        while at not in root:
            path.append(at)
            parent = by_id[at].parent_id
            if parent is None or parent not in by_id:
                root[at] = at
                break
            at = parent
        for one in path:
            root[one] = root[at]
    return root


def _united(root: Mapping[str, str], joins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the tops, those of joined trees as one: that with the lesser id."""
    top = {id_: id_ for id_ in root.values()}

    def found(id_: str) -> str:
        while top[id_] != id_:
            id_ = top[id_]
        return id_

    for one, other in joins:
        if one in root and other in root:
            lesser, greater = sorted((found(root[one]), found(root[other])))
            top[greater] = lesser
    return {id_: found(at) for id_, at in root.items()}


def part(members: Sequence[Member], chosen: set[str]) -> dict[str, str | None]:
    """Return for every post of an event the parent by which `chosen` ones become one event and the others remain one.

    A chosen post that followed an unchosen one, and the reverse, follows its nearest ancestor of its own kind; where
    there is none it follows the earliest such post of its kind, which begins anew (None). Every post has an entry, so
    that all can be held where they are. Raises ValueError unless some but not all posts are chosen.
    """
    by_id = {member.id: member for member in members}
    picked = chosen & by_id.keys()
    if not picked or len(picked) == len(by_id):
        raise ValueError("some of the event's posts must be chosen, and some left")
    links: dict[str, str | None] = {}
    heads: dict[bool, str] = {}
    for member in sorted(members, key=lambda one: one.order):
        mine = member.id in picked
        at = member.parent_id if member.parent_id in by_id else None
        while at is not None and (at in picked) is not mine:
            above = by_id[at].parent_id
            at = above if above in by_id else None
        if at is None:
            at = heads.get(mine)
            heads.setdefault(mine, member.id)
        links[member.id] = at
    return links
