"""Which event a post belongs to.

A post joins, within the event window, the first of these that it finds: the event of the post it repeats (or of one
that repeats it, or repeats the same), an event with exactly its text, the event with the most similar text
(estimated Jaccard similarity of 3-character shingles). Otherwise it begins an event of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from services.analysis.enrich.signature import Signature, as_array, bands, similarity
from services.analysis.events.state import EventState, TrackedPost


@dataclass(frozen=True, slots=True)
class Prototype:
    """A text that new posts of an event are compared with. `id` is the post that it came from."""

    id: str
    event_id: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class GroupingRules:
    """Thresholds of grouping."""

    #: how far outside an event's first and last post a post may lie
    window: timedelta = timedelta(days=14)
    #: estimated Jaccard similarity from which two texts tell one story
    similar: float = 0.55
    #: a text less similar than this to its event's prototypes becomes one more
    distinct: float = 0.8
    #: prototypes of an event; bounds both work and how far a story may drift
    prototypes: int = 16


@dataclass(slots=True)
class Candidates:
    """What is known of earlier posts and events, as far as a batch of posts could meet it."""

    events: dict[str, EventState] = field(default_factory=dict)
    #: post id -> its event
    posts: dict[str, str] = field(default_factory=dict)
    #: id of a repeated post -> events of the posts that repeat it
    repeats: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: hash of a story key -> events with that text
    texts: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    prototypes: defaultdict[int, list[Prototype]] = field(default_factory=lambda: defaultdict(list))

    def add_prototype(self, prototype: Prototype, keys: Iterable[int]) -> None:
        """Make `prototype` findable under its band keys."""
        for key in keys:
            self.prototypes[key].append(prototype)


class Grouping:
    """Assigns the posts of a batch one after another; what one post founds, the next can join."""

    def __init__(self, known: Candidates, rules: GroupingRules, new_id: Callable[[], str]) -> None:
        self._known, self._rules, self._new_id = known, rules, new_id
        #: prototypes that came to be, with their band keys
        self.new_prototypes: list[tuple[Prototype, list[int]]] = []
        #: ids of the prototypes that some post resembled
        self.resembled: set[str] = set()

    def assign(self, post: TrackedPost) -> EventState:
        """Return the event that `post` belongs to, a new one where there is none. Counts nothing."""
        signature = as_array(post.signature) if post.signature else None
        keys = bands(signature) if signature is not None else []
        near = self._similar(post, signature, keys) if signature is not None else {}
        event = self._linked(post) or self._same_text(post) or self._nearest(near)
        if event is None:
            event = EventState(id=self._new_id())
            self._known.events[event.id] = event
        self._known.posts[post.id] = event.id
        if post.repost_of:
            self._known.repeats[post.repost_of].add(event.id)
        self._known.texts[post.story_hash].add(event.id)
        if signature is not None and near.get(event.id, 0.0) < self._rules.distinct:
            self._add_prototype(event, Prototype(post.id, event.id, signature), keys)
        return event

    def _add_prototype(self, event: EventState, prototype: Prototype, keys: list[int]) -> None:
        if event.prototypes < self._rules.prototypes:
            self._known.add_prototype(prototype, keys)
            self.new_prototypes.append((prototype, keys))
            event.prototypes += 1

    def _linked(self, post: TrackedPost) -> EventState | None:
        known = self._known
        for target in (post.repost_of, post.same_text_as, post.near_duplicate_of):
            if target and target in known.posts and (event := self._open(post, [known.posts[target]])):
                return event
        if post.repost_of and (event := self._open(post, known.repeats.get(post.repost_of, ()))):
            return event
        return self._open(post, known.repeats.get(post.id, ()))

    def _same_text(self, post: TrackedPost) -> EventState | None:
        return self._open(post, self._known.texts.get(post.story_hash, ()))

    def _nearest(self, near: dict[str, float]) -> EventState | None:
        fitting = [(-likeness, id_) for id_, likeness in near.items() if likeness >= self._rules.similar]
        return self._known.events[min(fitting)[1]] if fitting else None

    def _similar(self, post: TrackedPost, signature: Signature, keys: list[int]) -> dict[str, float]:
        """Return the open events with a similar prototype, and how similar the most similar one is."""
        found: dict[str, Prototype] = {}
        for key in keys:
            for prototype in self._known.prototypes.get(key, ()):
                found[prototype.id] = prototype
        likeness: dict[str, float] = {}
        for prototype in found.values():
            event = self._known.events.get(prototype.event_id)
            if event is not None and event.takes(post.published_at, self._rules.window):
                value = similarity(signature, prototype.signature)
                if value >= self._rules.similar:
                    self.resembled.add(prototype.id)
                likeness[event.id] = max(likeness.get(event.id, 0.0), value)
        return likeness

    def _open(self, post: TrackedPost, ids: Iterable[str]) -> EventState | None:
        """Return the earliest-made of the events that still take a post of this time."""
        for id_ in sorted(ids):
            event = self._known.events.get(id_)
            if event is not None and event.takes(post.published_at, self._rules.window):
                return event
        return None
