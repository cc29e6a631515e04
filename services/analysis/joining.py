"""Which event each post of a batch belongs to: load what it could continue, decide by pairs, see what moves.

The rule is that of :mod:`services.analysis.events.linking`; here it is applied to what is stored.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from kit.ids import new_id
from services.analysis.events.index import StoryIndex, Text
from services.analysis.events.linking import Link, LinkKind, Member, Order, Placement, better, place
from services.analysis.events.nearest import Nearest
from services.analysis.events.state import TrackedPost
from services.analysis.store import decisions, linking
from services.analysis.store.linking import By, Linked, Probe

#: takes a possible link of a new post, given by its number, into account, where the two are within reach
Offer = Callable[[int, Link], None]

#: how many of a text's nearest others are asked about at first, and then: the nearest one nearly always serves
_ROUNDS: Final = (4, 32, 1_000_000)


@dataclass(frozen=True, slots=True)
class JoiningRules:
    """Thresholds of joining.

    `alike` was chosen on the sets of `bench/events.py`: the lowest at which no more than a fifth of the citizens'
    messages, which share a manner and seldom a matter, are joined (some of them do complain of the same thing), and no
    cluster has a hundredth of them. An event that swallows its neighbours is worse than one in two parts, which are
    merged by hand.
    """

    #: how long after a post another may continue it
    window: timedelta = timedelta(days=14)
    #: likeness from which two texts tell one story (:mod:`services.analysis.events.index`)
    alike: float = 0.11


@dataclass(slots=True)
class Joined:
    """Where a batch's posts belong, and what that changed."""

    #: new post -> its event
    event_of: dict[str, str] = field(default_factory=dict)
    #: post (new, or stored and changed) -> its link
    links: dict[str, Link] = field(default_factory=dict)
    #: stored post -> the event that it moves to
    moved: dict[str, str] = field(default_factory=dict)
    #: new event -> the post that it begins with
    founded: dict[str, str] = field(default_factory=dict)
    #: event -> the event that it went up in
    merged: dict[str, str] = field(default_factory=dict)
    #: events that stand by themselves again
    revived: set[str] = field(default_factory=set)
    #: events whose posts changed other than by additions; their figures have to be counted anew
    rebuilt: set[str] = field(default_factory=set)


class CrossingError(Exception):
    """Posts of other partitions are concerned, or may be: whoever joins must hold those partitions too."""


class Joining:
    """Joins one batch. `posts` are new: none of them is stored.

    `alone`: no other partition's posts can be joined meanwhile. Otherwise :class:`CrossingError` is raised where a
    post of another partition is met, or a repeated post is not known, since another partition may just be storing it.
    """

    def __init__(
        self,
        session: AsyncSession,
        index: StoryIndex,
        partition: int,
        rules: JoiningRules,
        posts: Sequence[TrackedPost],
        *,
        alone: bool,
    ) -> None:
        self._alone = alone
        self._session, self._index, self._partition, self._rules = session, index, partition, rules
        self._posts = sorted(posts, key=lambda post: post.order)
        self._by_id = {post.id: post for post in self._posts}
        self._orders: defaultdict[int, list[Order]] = defaultdict(list)
        self._threads: defaultdict[str, list[Order]] = defaultdict(list)
        for post in self._posts:
            self._orders[post.story_hash].append(post.order)
            if post.repeats:
                self._threads[post.repeats].append(post.order)
        self._found: dict[str, Linked] = {}
        self._alike: dict[int, Nearest] = {}
        self._changed: dict[str, Link] = {}
        #: whether posts of other partitions were concerned, or might have been
        self.crossed = False

    async def run(self) -> Joined:
        """Return where the posts belong."""
        await self._load_repeated()
        self._alike = await asyncio.to_thread(self._likenesses)
        links = {post.id: link for post, link in zip(self._posts, await self._links(), strict=True)}
        await self._relink()
        joined = Joined(links={id_: link for id_, link in links.items() if link is not None})
        fresh: dict[str, str] = {}
        for post in self._posts:
            link = links[post.id]
            if link is None or link.parent is None:
                joined.event_of[post.id] = fresh[post.id] = new_id()
            else:
                parent = link.parent[1]
                joined.event_of[post.id] = joined.event_of.get(parent) or self._found[parent].event_id
        joined.links |= self._changed
        crossing = {
            id_
            for id_, link in self._changed.items()
            if link.parent is not None and joined.event_of[link.parent[1]] != self._found[id_].event_id
        }
        if crossing:
            await self._restructure(joined, links, crossing)
        else:
            joined.founded = {event: id_ for id_, event in fresh.items()}
        return joined

    def _likenesses(self) -> dict[int, Nearest]:
        """Return for each text of the batch the other texts that are like it."""
        texts = {
            post.story_hash: Text(post.story_hash, post.vector, post.where)
            for post in self._posts
            if post.vector is not None
        }
        found = self._index.alike(list(texts.values()), self._rules.alike)
        return {story: others for story, others in zip(texts, found, strict=True) if len(others)}

    async def _links(self) -> list[Link | None]:
        """Return the best link of every new post, in order."""
        window = self._rules.window
        best: list[Link | None] = [None] * len(self._posts)

        def offer(number: int, link: Link) -> None:
            order, parent = self._posts[number].order, link.parent
            if parent is not None and parent < order and parent[0] >= order[0] - window:
                best[number] = better(best[number], link)

        def offer_thread(number: int, parent: Order | None) -> None:
            offer(number, Link(LinkKind.REPOST, parent))

        threads: list[Probe] = []
        texts: list[Probe] = []
        for number, post in enumerate(self._posts):
            since = post.published_at - window
            for key in filter(None, (post.repeats, post.id)):
                threads.append(Probe(number, key, post.order, since))
                offer_thread(number, _before(self._threads.get(key, ()), post.order))
            if post.repeats in self._by_id:
                offer_thread(number, self._by_id[post.repeats].order)
            elif post.repeats in self._found:
                offer_thread(number, self._found[post.repeats].order)
            if post.vector is not None:  # too short a text says nothing: 转发微博, 顶
                texts.append(Probe(number, post.story_hash, post.order, since))
                offer(number, Link(LinkKind.TEXT, _before(self._orders[post.story_hash], post.order), 1.0))
        for number, one in await self._nearest("repeats", threads):
            offer_thread(number, one.order)
        for number, one in await self._nearest("story_hash", texts):
            offer(number, Link(LinkKind.TEXT, one.order, 1.0))
        await self._offer_stories(best, offer)
        return best

    async def _offer_stories(self, best: list[Link | None], offer: Offer) -> None:
        """Offer each post that follows none yet its predecessor with the most alike text."""
        asked = [0] * len(self._posts)
        for size in _ROUNDS:
            probes: list[Probe] = []
            for number, post in enumerate(self._posts):
                near = self._alike.get(post.story_hash)
                if near is None or best[number] is not None or asked[number] >= len(near):
                    continue
                # equally alike ones come together: they are compared by time
                part = near.part(asked[number], size)
                asked[number] += len(part)
                for alike in part:
                    before = _before(self._orders.get(alike.story, ()), post.order)
                    offer(number, Link(LinkKind.STORY, before, alike.likeness))
                    since = post.published_at - self._rules.window
                    if alike.last >= since.timestamp():
                        probes.append(Probe(number, alike.story, post.order, since, alike.likeness))
            for probe, one in await self._nearest_each(probes):
                offer(probe.number, Link(LinkKind.STORY, one.order, probe.likeness))

    async def _relink(self) -> None:
        """Find the stored posts that follow one of the new ones more nearly than what they follow now."""
        window = self._rules.window
        threads: list[Probe] = []
        texts: list[Probe] = []
        others: list[Probe] = []
        for number, post in enumerate(self._posts):
            until, at = post.published_at + window, post.published_at.timestamp()
            threads += [Probe(number, key, post.order, until) for key in filter(None, (post.repeats, post.id))]
            if post.vector is not None and self._index.last(post.story_hash) >= at:
                texts.append(Probe(number, post.story_hash, post.order, until))
            near = self._alike.get(post.story_hash)
            others += [
                Probe(number, alike.story, post.order, until, alike.likeness)
                for alike in (near.since(at) if near is not None else ())
            ]
            if post.repeats in self._found:
                target = self._found[post.repeats]
                if post.order < target.order <= (until, target.id):
                    self._offer_stored(target, Link(LinkKind.REPOST, post.order))
        for probe, one in await self._nearest_each(threads, by="repeats", later=True):
            self._offer_stored(one, Link(LinkKind.REPOST, self._posts[probe.number].order))
        for probe, one in await self._nearest_each(texts, later=True):
            self._offer_stored(one, Link(LinkKind.TEXT, self._posts[probe.number].order, 1.0))
        for position, one in await linking.unlike(self._session, self._partition, others):
            probe = others[position]
            self._offer_stored(one, Link(LinkKind.STORY, self._posts[probe.number].order, probe.likeness))

    def _offer_stored(self, one: Linked, link: Link) -> None:
        self._found.setdefault(one.id, one)
        now = self._changed.get(one.id, one.link)
        if now is not None and now.kind is LinkKind.HAND:
            return
        if (chosen := better(link, now)) is not now and chosen is not None:
            self._changed[one.id] = chosen

    async def _nearest(self, by: By, probes: Sequence[Probe]) -> list[tuple[int, Linked]]:
        return [(probe.number, one) for probe, one in await self._nearest_each(probes, by=by)]

    async def _nearest_each(
        self, probes: Sequence[Probe], *, by: By = "story_hash", later: bool = False
    ) -> list[tuple[Probe, Linked]]:
        found = await linking.nearest(self._session, self._partition, by, probes, later=later)
        self._meet(found.values())
        return [(probes[position], one) for position, one in found.items()]

    async def _load_repeated(self) -> None:
        """Load the posts that the new ones repeat; first of all, since it tells whether other partitions matter."""
        targets = {post.repeats for post in self._posts if post.repeats} - self._by_id.keys()
        known = await linking.linked(self._session, targets)
        self._meet(known.values())
        if targets - known.keys():
            self._cross()

    def _meet(self, found: Iterable[Linked]) -> None:
        for one in found:
            if one.partition != self._partition:
                self._cross()
            self._found.setdefault(one.id, one)

    def _cross(self) -> None:
        """Note that other partitions are concerned."""
        self.crossed = True
        if not self._alone:
            raise CrossingError

    async def _restructure(self, joined: Joined, links: Mapping[str, Link | None], crossing: set[str]) -> None:
        """Work out the events anew where stored posts now follow a post of another event."""
        concerned = {self._found[id_].event_id for id_ in crossing}
        for id_ in crossing:
            parent = self._changed[id_].parent
            assert parent is not None, "only a link to a new post can cross events"
            concerned.add(joined.event_of[parent[1]])
        fresh = {event for post, event in joined.event_of.items() if links[post] is None}
        stored = concerned - fresh
        if await linking.reaches_beyond(self._session, stored, self._partition):
            self._cross()
        members = [
            Member(member.order, _parent_of(self._changed.get(member.id)) or member.parent_id, member.event_id)
            for member in await linking.members(self._session, stored)
        ]
        new = [post for post in self._posts if joined.event_of[post.id] in concerned]
        members += [Member(post.order, _parent_of(links[post.id])) for post in new]
        founders, gone = await linking.founders(self._session, stored)
        joins = await decisions.joins(self._session, [member.id for member in members])
        placement = place(members, founders, gone, iter(new_id, None), joins=joins)
        self._apply(joined, placement, members)
        joined.founded |= {
            joined.event_of[post.id]: post.id
            for post in self._posts
            if links[post.id] is None and joined.event_of[post.id] in fresh - concerned
        }
        joined.rebuilt |= stored | set(placement.event_of.values())

    def _apply(self, joined: Joined, placement: Placement, members: Sequence[Member]) -> None:
        for member in members:
            event = placement.event_of[member.id]
            if member.event_id is None:
                joined.event_of[member.id] = event
            elif member.event_id != event:
                joined.moved[member.id] = event
        joined.founded |= placement.founded
        joined.merged |= placement.merged
        joined.revived |= placement.revived


def _before(orders: Sequence[Order], order: Order) -> Order | None:
    """Return the last of `orders`, which ascend, before `order`."""
    at = bisect_left(orders, order)
    return orders[at - 1] if at else None


def _parent_of(link: Link | None) -> str | None:
    return link.parent_id if link is not None else None
