"""Near repeats in a stream: which first post each is linked to."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.dedup.index import NearIndex, Stored
from services.ingest.dedup.signature import SIGNATURE, as_bytes, from_bytes, signatures
from tests.unit.ingest.dedup.texts import COMPLAINT, OTHER_REPORT, OUTAGE, OUTAGE_NEXT_DAY, REPORT, unrelated

NOW = datetime(2026, 3, 14, 8, tzinfo=UTC)


def links(*texts: str) -> list[str | None]:
    """Return what an empty index answers to posts "0", "1" …, given in one call."""
    return NearIndex(most_posts=1000).match_and_add([str(at) for at in range(len(texts))], texts, NOW)


CHANGES = {
    "cut to 140": REPORT[:140] + "...全文",
    "an excerpt": REPORT[150:330],
    "marked": "【转】" + REPORT,
    "marked and cut": "转发微博//" + REPORT[:140],
    "a chain": "太危险了//@晨跑的人：关注//@老街坊-小周:" + REPORT,
    "a chain of a cut text": "怎么又是护栏？！//@晨跑的人：希望严查//@云溪身边事:" + REPORT[:140],
    "emoji": "😡" + REPORT.replace("。", "。[怒]💔", 3) + "🙏🙏",
    "punctuation": REPORT.replace("，", " ").replace("。", "！！\n"),
    "traditional": opencc.OpenCC("s2t").convert(REPORT),
    "full width": REPORT.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
    "links and hashtags": "#柳湾小学护栏倒塌# " + REPORT + " http://t.cn/A6xYz12 网页链接",
    "all at once": "转：" + opencc.OpenCC("s2t").convert("😱气人！//@老街坊:" + REPORT[:140].replace("，", ",")) + "🙏",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_repost_is_linked_whichever_comes_first(change: str) -> None:
    assert links(REPORT, COMPLAINT, CHANGES[change]) == [None, None, "0"]
    assert links(CHANGES[change], COMPLAINT, REPORT) == [None, None, "0"]


def test_other_news_of_the_same_event_is_another_post() -> None:
    assert links(REPORT, OTHER_REPORT, OTHER_REPORT[:140]) == [None, None, "1"]


def test_notices_of_one_template_with_other_figures_are_different_posts() -> None:
    assert links(OUTAGE, OUTAGE_NEXT_DAY, OUTAGE + "😂", "转发微博//" + OUTAGE_NEXT_DAY) == [None, None, "0", "1"]
    written_out = OUTAGE.replace("9时至17时", "九时至十七时")
    assert links(written_out, written_out.replace("九时", "八时")) == [None, None]


def test_what_is_said_under_one_hashtag_is_not_the_same() -> None:
    tag = "#云溪区柳湾小学护栏倒塌三名学生受伤#"
    assert links(tag + "希望孩子们都没事，严查施工单位到底是谁", tag + "每天接送孩子都要路过这里，想想就后怕") == [
        None,
        None,
    ]


def test_short_posts_are_equal_or_not() -> None:
    assert links("今天又停水了！", "今天又停水了", "今天又停电了", "今天又停水了啊", "#云溪#今天又停水了") == [
        None,
        "0",
        None,
        None,
        None,
    ]


def test_reposting_without_a_word_repeats_nothing() -> None:
    assert links("转发微博", "转发微博", "[怒][怒]", "[怒][怒]", "", "http://t.cn/A6xYz12") == [None] * 6


def test_a_chain_is_linked_to_its_root() -> None:
    second = "气人//@云溪身边事:" + REPORT
    third = "转发微博//@老街坊:" + second
    assert links(REPORT, second, third, REPORT[:140]) == [None, "0", "0", "0"]


def test_a_full_text_joins_its_parts_under_the_first() -> None:
    assert links(REPORT[:200], COMPLAINT, REPORT, REPORT[200:400]) == [None, None, "0", "0"]


def test_the_same_post_again_is_not_a_repeat_of_itself() -> None:
    index = NearIndex(most_posts=10)
    assert index.match_and_add(["a"], [REPORT], NOW) == [None]
    assert index.match_and_add(["a", "b"], [REPORT, REPORT], NOW) == [None, "a"]
    assert len(index) == 1


def test_ids_that_do_not_fit_are_refused() -> None:
    index = NearIndex(most_posts=10)
    with pytest.raises(ValueError, match="36"):
        index.match_and_add(["x" * 37], [REPORT], NOW)
    with pytest.raises(ValueError, match="as many"):
        index.match_and_add(["x"], [], NOW)


def test_the_window_forgets_the_oldest() -> None:
    index = NearIndex(most_posts=3)
    texts = [unrelated(seed) for seed in range(4)]
    index.match_and_add(list("abcd"), texts, NOW)
    assert len(index) == 3
    assert index.match_and_add(["e", "f"], [texts[3], texts[0]], NOW) == ["d", None]


def test_the_window_forgets_what_is_too_old() -> None:
    index = NearIndex(most_posts=100, days=2)
    index.match_and_add(["a"], [REPORT], NOW)
    assert index.match_and_add(["b"], [REPORT[:140]], NOW + timedelta(days=2)) == ["a"]
    later = NearIndex(most_posts=100, days=2)
    later.match_and_add(["a"], [REPORT], NOW)
    assert later.match_and_add(["b"], [REPORT[:140]], NOW + timedelta(days=2, seconds=1)) == [None]


def test_what_is_still_reposted_stays_known_under_its_root() -> None:
    index = NearIndex(most_posts=100, days=2)
    answers = [
        index.match_and_add([str(hours)], [REPORT], NOW + timedelta(hours=hours))[0] for hours in range(0, 240, 12)
    ]
    assert answers == [None] + ["0"] * 19
    assert len(index) <= 3


def stored(ids: list[str], texts: list[str], roots: list[str | None], at: datetime) -> list[Stored]:
    return [
        (id_, as_bytes(signature), root, at) for id_, signature, root in zip(ids, signatures(texts), roots, strict=True)
    ]


#: A stream: texts by number, each whole, cut, or in a chain.
STREAMS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["whole", "cut", "chain"])), max_size=40)


def posts(stream: list[tuple[int, str]]) -> list[str]:
    whole = [unrelated(number, 90) for number, _ in stream]
    forms = {"whole": "{}", "cut": "{:.60}", "chain": "快看//@某某:{}"}
    return [forms[form].format(text) for text, (_, form) in zip(whole, stream, strict=True)]


@settings(max_examples=40, deadline=None)
@given(stream=STREAMS)
def test_the_first_of_each_text_is_the_root(stream: list[tuple[int, str]]) -> None:
    first: dict[int, str] = {}
    wanted: list[str | None] = []
    for place, (number, _) in enumerate(stream):
        wanted.append(first.get(number))
        first.setdefault(number, str(place))
    assert links(*posts(stream)) == wanted


@settings(max_examples=40, deadline=None)
@given(stream=STREAMS, size=st.integers(1, 12), window=st.integers(1, 50))
def test_batches_of_any_size_give_the_same(stream: list[tuple[int, str]], size: int, window: int) -> None:
    texts, ids = posts(stream), [str(place) for place in range(len(stream))]
    at_once, in_parts = NearIndex(most_posts=window), NearIndex(most_posts=window)
    wanted = at_once.match_and_add(ids, texts, NOW)
    found: list[str | None] = []
    for begin in range(0, len(ids), size):
        found += in_parts.match_and_add(ids[begin : begin + size], texts[begin : begin + size], NOW)
    assert found == wanted


@settings(max_examples=40, deadline=None)
@given(stream=STREAMS, size=st.integers(1, 12), lost=st.sets(st.integers(0, 10)))
def test_what_is_matched_is_known_once_it_is_loaded_and_never_before(
    stream: list[tuple[int, str]], size: int, lost: set[int]
) -> None:
    running, careful = NearIndex(most_posts=1000), NearIndex(most_posts=1000)
    texts, ids = posts(stream), [str(place) for place in range(len(stream))]
    for turn, begin in enumerate(range(0, len(ids), size)):
        some, signed = ids[begin : begin + size], signatures(texts[begin : begin + size])
        before = len(careful)
        roots = careful.match_signed(some, signed, NOW)
        assert len(careful) == before
        if turn in lost:
            continue
        assert roots == running.match_and_add_signed(some, signed, NOW)
        careful.load(zip(some, map(as_bytes, signed), roots, [NOW] * len(some), strict=True))
        assert len(careful) == len(running)


@settings(max_examples=40, deadline=None)
@given(before=STREAMS, after=STREAMS, window=st.integers(1, 50), hours=st.integers(0, 60))
def test_an_index_loaded_after_a_restart_answers_like_the_one_that_ran_on(
    before: list[tuple[int, str]], after: list[tuple[int, str]], window: int, hours: int
) -> None:
    running, restarted = NearIndex(most_posts=window, days=2), NearIndex(most_posts=window, days=2)
    texts, later_texts = posts(before), posts(after)
    rows: list[Stored] = []
    for begin in range(0, len(texts), 7):
        at = NOW + timedelta(hours=begin)
        ids = [f"b{begin + place}" for place in range(len(texts[begin : begin + 7]))]
        roots = running.match_and_add(ids, texts[begin : begin + 7], at)
        rows += stored(ids, texts[begin : begin + 7], roots, at)
    assert restarted.load(rows) == len(rows)
    assert len(restarted) == len(running)
    later = NOW + timedelta(hours=len(texts) + hours)
    ids = [f"a{place}" for place in range(len(after))]
    assert restarted.match_and_add(ids, later_texts, later) == running.match_and_add(ids, later_texts, later)


def test_what_other_replicas_stored_is_known_with_their_roots() -> None:
    index = NearIndex(most_posts=100)
    rows = stored(["a", "b"], [REPORT, REPORT[:140]], [None, "a"], NOW)
    index.load(rows)
    index.load(rows)
    assert len(index) == 1
    assert index.match_and_add(["c"], [REPORT], NOW) == ["a"]
    elsewhere = stored(["d"], [COMPLAINT], ["long-gone"], NOW)
    index.load(elsewhere)
    assert index.match_and_add(["e"], [COMPLAINT + "😡"], NOW) == ["long-gone"]


def test_signatures_are_the_same_in_every_process() -> None:
    texts = [REPORT, "气人//@某某:" + REPORT, OUTAGE, COMPLAINT, "今天又停水了", "转发微博"]
    program = (
        "import sys, json; from services.ingest.dedup.signature import signatures;"
        "print(signatures(json.loads(sys.argv[1])).tobytes().hex())"
    )
    root = Path(__file__).resolve().parents[4]
    for seed in ("0", "1"):
        out = subprocess.run(
            [sys.executable, "-c", program, json.dumps(texts)],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
        )
        assert bytes.fromhex(out.stdout.strip()) == signatures(texts).tobytes()


@given(texts=st.lists(st.text(max_size=80), max_size=5))
def test_a_signature_does_not_depend_on_its_neighbours_and_is_stored_in_128_bytes(texts: list[str]) -> None:
    together = signatures(texts)
    assert together.tobytes() == b"".join(signatures([text]).tobytes() for text in texts)
    kept = [as_bytes(one) for one in together]
    assert all(len(one) <= 128 for one in kept)
    assert from_bytes(kept).tobytes() == together.tobytes()


def test_stored_bytes_that_are_no_signature_are_refused() -> None:
    with pytest.raises(ValueError, match="128"):
        from_bytes([b"x" * 129])
    with pytest.raises(ValueError, match="no signature"):
        from_bytes([b"\x02\xff"])


def test_stored_signatures_of_a_later_version_compare_to_nothing() -> None:
    later = b"\x63" + as_bytes(signatures([REPORT])[0])[1:]
    index = NearIndex(most_posts=10)
    index.load([("a", later, None, NOW), ("b", later, None, NOW)])
    assert index.match_and_add(["c"], [REPORT], NOW) == [None]


def test_a_large_window_finds_what_came_first_in_about_250_bytes_a_post() -> None:
    count = 60_000
    chance = np.random.default_rng(20260301)
    signed = np.zeros(count, dtype=SIGNATURE)
    signed["kind"], signed["whole"], signed["units"] = 2, 24, 60
    signed["hashes"] = np.sort(chance.integers(0, 2**32, (count, 24), dtype=np.uint32), axis=1)
    index = NearIndex(most_posts=50_000)
    ids = [str(place) for place in range(count)]
    assert set(index.match_and_add_signed(ids, signed, NOW)) == {None}
    assert len(index) == 50_000
    assert index.nbytes <= 250 * len(index)
    again = index.match_and_add_signed([f"x{id_}" for id_ in ids[10_000:]], signed[10_000:], NOW)
    assert again == ids[10_000:]
