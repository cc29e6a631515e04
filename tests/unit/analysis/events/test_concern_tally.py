"""An event's concerns are counted by posts, whatever order they come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contracts.findings import ConcernKind
from services.analysis.events.concern_tally import keys_of, themes_of

_ONE = st.tuples(
    st.sampled_from(["compensation", "housing", "other"]),
    st.sampled_from([kind.value for kind in ConcernKind]),
    st.sampled_from(["", "unpaid", "late"]),
)


def _tally(posts: list[list[tuple[str, str, str]]]) -> dict[str, int]:
    tally: dict[str, int] = {}
    for concerns in posts:
        for key in keys_of(concerns):
            tally[key] = tally.get(key, 0) + 1
    return tally


def test_a_post_counts_once_in_a_theme_and_the_kind_of_most_is_told() -> None:
    posts = [
        [("compensation", "complaint", "unpaid"), ("compensation", "request", "unpaid")],
        [("compensation", "complaint", "")],
        [("other", "question", "")],
        [],
    ]
    first, last = themes_of(_tally(posts))
    assert (first.theme, first.posts, first.kind) == ("compensation", 2, ConcernKind.COMPLAINT)
    assert first.by_kind == {ConcernKind.COMPLAINT: 2, ConcernKind.REQUEST: 1}
    assert [(ask.ask, ask.posts) for ask in first.asks] == [("unpaid", 1)]
    assert first.name
    assert (last.theme, last.name, last.posts) == ("other", "其他", 1)
    assert themes_of({}) == []


@given(st.lists(st.lists(_ONE, max_size=4), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_posts_changes_nothing(posts: list[list[tuple[str, str, str]]], random: object) -> None:
    shuffled = list(posts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    told = themes_of(_tally(posts))
    assert themes_of(_tally(shuffled)) == told
    for one in told:
        assert one.posts == sum(1 for post in posts if any(theme == one.theme for theme, _, _ in post))
        assert max(one.by_kind.values()) <= one.posts <= sum(one.by_kind.values())
