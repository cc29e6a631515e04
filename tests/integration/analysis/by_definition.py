"""What follows what, worked out the plain way: every post compared with every other, nothing indexed, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from contracts.envelope import Publication
from contracts.messages import PostAnalyzed
from services.analysis.events.index import StoryIndex, Text
from services.analysis.events.linking import Link, LinkKind, better
from services.analysis.events.state import TrackedPost
from services.analysis.joining import JoiningRules
from services.analysis.tracker import tracked


def links_of(publications: Sequence[Publication], rules: JoiningRules) -> dict[str, Link | None]:
    """Return the link of every post."""
    posts = sorted(
        (
            (tracked(PostAnalyzed.model_validate(one.message.data)), one.stream)
            for one in publications
            if one.message.type == "post.analyzed"
        ),
        key=lambda one: one[0].order,
    )
    likeness = _likenesses([post for post, _ in posts], rules.alike)
    best: dict[str, Link | None] = {post.id: None for post, _ in posts}
    for (earlier, one), (later, other) in combinations(posts, 2):
        apart = later.published_at - earlier.published_at
        if apart > rules.window:
            continue
        link = None
        if _one_thread(earlier, later):
            link = Link(LinkKind.REPOST, earlier.order)
        elif one == other and earlier.story_hash == later.story_hash:
            # the same, and too short to say anything: no reason
            link = None if later.vector is None else Link(LinkKind.TEXT, earlier.order, 1.0)
        elif one == other and (alike := likeness.get((earlier.story_hash, later.story_hash))) is not None:
            link = Link(LinkKind.STORY, earlier.order, alike)
        if link is not None:
            best[later.id] = better(best[later.id], link)
    return best


def _one_thread(one: TrackedPost, other: TrackedPost) -> bool:
    """Tell whether one post repeats the other, or both repeat the same."""
    return (
        one.repeats == other.id or other.repeats == one.id or (one.repeats is not None and one.repeats == other.repeats)
    )


def _likenesses(posts: Sequence[TrackedPost], least: float) -> dict[tuple[int, int], float]:
    """Return how alike two texts are that are alike enough."""
    texts = {
        post.story_hash: Text(post.story_hash, post.vector, post.where) for post in posts if post.vector is not None
    }
    # nothing is in this index: each pair is compared
    found = StoryIndex().alike(list(texts.values()), least)
    return {
        (story, one.story): one.likeness
        for story, nearest in zip(texts, found, strict=True)
        for one in nearest.part(0, len(texts))
    }
