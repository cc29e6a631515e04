"""An event's figures: whatever order its posts come in, they come to the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Counters
from contracts.words import IncidentType, Sentiment, Stage, Tier
from services.analysis.events.heat import HeatWeights, StageRules
from services.analysis.events.state import EventState, TrackedPost, Window, newer, summary_of, title_of

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def a_post(number: int, **changes: object) -> TrackedPost:
    values: dict[str, object] = {
        "id": f"p{number:03}",
        "title": "",
        "text": f"第{number}条。内容。",
        "published_at": NOON + timedelta(minutes=number),
        "counters": Counters(),
        "counted_at": NOON,
        "sentiment": Sentiment.NEUTRAL,
        "incident_type": IncidentType.OTHER,
        "incident_confidence": 0.0,
        "topics": (),
        "places": (),
        "keywords": (),
        "story_hash": number,
    }
    return TrackedPost(**(values | changes))  # type: ignore[arg-type]


POSTS = st.builds(
    a_post,
    number=st.integers(0, 999),
    counters=st.builds(Counters, reads=st.integers(0, 9), likes=st.integers(0, 9)),
    sentiment=st.sampled_from(Sentiment),
    incident_type=st.sampled_from(IncidentType),
    incident_confidence=st.floats(0, 1),
    topics=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
    places=st.lists(st.sampled_from(["思茅区", "澜沧县"]), unique=True).map(tuple),
    keywords=st.lists(st.sampled_from(["移民", "补偿", "上访"]), unique=True).map(tuple),
    source_tier=st.sampled_from([None, *Tier]),
    repost_of=st.sampled_from([None, "p000"]),
)


@given(posts=st.lists(POSTS, min_size=1, max_size=12, unique_by=lambda p: p.id), data=st.data())
def test_order_of_arrival_does_not_matter(posts: list[TrackedPost], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(posts))
    told = []
    for order in (posts, shuffled):
        event = EventState(id="e")
        for post in order:
            event.count(post, confident=0.5)
        metrics = event.metrics(Window(1, 2), NOON + timedelta(days=1), HeatWeights())
        told.append(event.update(metrics, StageRules(), []))
    assert told[0] == told[1]
    assert told[0].metrics.posts_total == len(posts)
    assert told[0].first_seen == min(p.published_at for p in posts)


@given(
    st.lists(
        st.tuples(st.builds(Counters, reads=st.integers(0, 9)), st.integers(0, 3).map(lambda n: NOON + timedelta(n))),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_recounts_settle_on_the_newest_in_any_order(seen: list[tuple[Counters, datetime]], data: st.DataObject) -> None:
    results = []
    for order in (seen, data.draw(st.permutations(seen)), seen + seen):
        standing, at = order[0]
        for counters, observed in order[1:]:
            standing, at = newer(standing, at, counters, observed), max(at, observed)
        results.append((standing, at))
    assert results[0] == results[1] == results[2]


def test_the_earliest_original_speaks_for_the_event() -> None:
    event = EventState(id="e")
    event.count(a_post(1, repost_of="x", title="转发"), confident=0.5)
    event.count(a_post(5, title="原帖"), confident=0.5)
    event.count(a_post(7, title="后来"), confident=0.5)
    assert event.title == "原帖"


def test_majority_of_confident_posts_decides_the_kind() -> None:
    event = EventState(id="e")
    for number, (kind, sure) in enumerate(
        [(IncidentType.ACCIDENT, 0.9), (IncidentType.SOCIAL_SECURITY, 0.2), (IncidentType.SOCIAL_SECURITY, 0.3)]
    ):
        event.count(a_post(number, incident_type=kind, incident_confidence=sure), confident=0.5)
    assert event.incident_type() is IncidentType.ACCIDENT
    assert EventState(id="e").incident_type() is IncidentType.OTHER


def test_figures() -> None:
    event = EventState(id="e")
    event.count(a_post(0, sentiment=Sentiment.NEGATIVE, counters=Counters(reads=5, likes=1, reposts=2)), confident=0.5)
    event.count(a_post(90, source_tier=Tier.PROVINCIAL), confident=0.5)
    event.count(a_post(30, source_tier=Tier.COUNTY), confident=0.5)
    event.recount(Counters(reads=5, likes=1, reposts=2), Counters(reads=50, likes=10, reposts=2))
    metrics = event.metrics(Window(2, 3), NOON + timedelta(hours=2), HeatWeights())
    assert (metrics.posts_total, metrics.reads, metrics.interactions) == (3, 50, 12)
    assert metrics.negative_share == 0.3333
    assert metrics.top_tier is Tier.PROVINCIAL
    assert metrics.duration_hours == 1.5
    assert metrics.growth == 46.0
    told = event.update(metrics, StageRules(), ["p000"])
    assert (told.version, told.stage) == (1, Stage.GROWING)


def test_window_is_on_both_sides() -> None:
    event = EventState(id="e")
    event.count(a_post(0), confident=0.5)
    day = timedelta(days=1)
    assert event.takes(NOON + day, day)
    assert event.takes(NOON - day, day)
    assert not event.takes(NOON + day + timedelta(seconds=1), day)


def test_titles_and_summaries_are_taken_from_the_text() -> None:
    assert title_of("标题", "正文") == "标题"
    assert title_of("", "#糯扎渡移民# 正文。") == "糯扎渡移民"
    assert title_of("", "第一句。第二句。") == "第一句。"
    assert len(title_of("", "长" * 100)) == 60
    text = "".join(f"这是第{n}句话,内容不算太短。" for n in range(40))
    summary = summary_of(text)
    assert len(summary) <= 200
    assert text.startswith(summary)
    assert summary.endswith("。")
    assert summary_of("长" * 500) == "长" * 200
