"""Trying a topic: what speaks for a text, and why another does not match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Channel
from language.places import find
from services.analysis.enrich import query
from services.analysis.enrich.folding import fold
from services.analysis.enrich.query import Node, Reading, selects_everything
from services.analysis.enrich.query.gazetteer import spoken_of
from services.analysis.enrich.topic_trial import TopicTrial, Trial
from services.analysis.enrich.topics import TopicRule, whole
from tests.unit.analysis.enrich.query.trees import texts, trees


def hold(rule: TopicRule | str, text: str, *, title: str = "", channel: Channel | None = None) -> Trial:
    return TopicTrial(TopicRule("", rule) if isinstance(rule, str) else rule).hold(title, text, channel)


def shown(trial: Trial) -> list[tuple[str, str, str]]:
    return [(h.field, h.text, h.kind) for h in trial.highlights]


def test_words_near_pairs_and_places_are_shown_as_written() -> None:
    trial = hold(TopicRule("", "(移民 near/3 补偿) 搬迁", ("普洱市",)), "ＡＢ，墨江县移民的補償，搬遷", title="搬迁")
    assert trial.matches
    assert trial.reasons == ()
    assert shown(trial) == [
        ("title", "搬迁", "term"),
        ("text", "墨江县", "place"),
        ("text", "移民", "near"),
        ("text", "補償", "near"),
        ("text", "搬遷", "term"),
    ]
    assert trial.places == ("墨江县",)


def test_of_overlapping_words_the_longest_is_shown() -> None:
    found = hold("移民 AND (补偿 OR 补偿款) NOT 出国 OR ai", "ＡＩ 帮　移民　算补偿款，补偿款未到").highlights
    assert [h.text for h in found] == ["ＡＩ", "移民", "补偿款", "补偿款"]


def test_title_words_are_shown_in_the_title_alone() -> None:
    assert shown(hold("title:移民", "移民", title="移民")) == [("title", "移民", "term")]


def test_the_city_is_shown_where_it_is_named_and_not_in_its_tea() -> None:
    trial = hold("移民 place:普洱市", "普洱市移民种普洱茶")
    assert shown(trial) == [("text", "普洱市", "place"), ("text", "移民", "term")]


@pytest.mark.parametrize(
    ("rule", "text", "reasons"),
    [
        ("移民 补偿", "移民", ["没有出现“补偿”"]),
        ("移民 OR 搬迁", "群众", ["以下各词一个也没有出现：移民、搬迁"]),
        ("移民 NOT (出国 OR 签证)", "移民签证", ["出现了被排除的词：签证"]),
        ("移民 near/2 补偿", "移民都等着补偿", ["“移民”与“补偿”最近处相隔 3 字，超过 2 字"]),
        ("移民 near/2 民工", "移民工", ["“移民”与“民工”不在同一处（一在标题、一在正文，或互相重叠）"]),
        ("移民 near/2 补偿", "移民", ["没有出现补偿（须与另一词相距 2 字以内）"]),
        ("移民 AND title:安置", "移民", ["没有标题，无从匹配 title: 条件"]),
        ("移民 channel:微博", "移民", ["没有给出渠道，须为“微博”"]),
        ("移民 place:墨江", "移民", ["没有提到“墨江县”"]),
        ("移民 AND (甲 乙 OR 丙 near/2 丁)", "移民甲", ["以下条件无一成立：甲 AND 乙；丙 near/2 丁"]),
        ("移民 NOT place:墨江", "墨江县移民", ["提到了被排除的地点：墨江县"]),
        ("移民 NOT (甲 乙)", "移民甲乙", ["被排除的条件成立：甲 AND 乙"]),
        (
            TopicRule("", "移民", ("墨江县", "澜沧县"), ("出国",)),
            "出国移民",
            ["专题限定了地点：没有提到以下任何一地：墨江县、澜沧县", "出现了被排除的词：出国"],
        ),
    ],
)
def test_why_not(rule: TopicRule | str, text: str, reasons: list[str]) -> None:
    trial = hold(rule, text)
    assert not trial.matches
    assert [reason.zh for reason in trial.reasons] == reasons
    assert all(reason.en for reason in trial.reasons)


def test_why_not_with_a_title_and_a_channel() -> None:
    trial = hold("title:安置 channel:微博", "安置", title="移民", channel=Channel.NEWS)
    assert [reason.zh for reason in trial.reasons] == ["标题中没有出现“安置”", "渠道是“新闻”，须为“微博”"]
    assert trial.highlights == ()


def test_what_keeps_a_text_out_is_shown() -> None:
    assert shown(hold("移民 NOT 出国", "出国移民")) == [("text", "出国", "excluded"), ("text", "移民", "term")]


def test_a_long_list_is_counted() -> None:
    (reason,) = hold(" OR ".join(f"词{number:02}" for number in range(30)), "无").reasons
    assert reason.zh.endswith("词11 等 30 项")
    assert reason.en.endswith("词11 and 18 more")


def test_a_long_text_of_one_word_is_shown_in_time() -> None:
    assert len(hold("移 near/3 民", "移民" * 10_000).highlights) == 20_000


@given(
    trees.filter(lambda node: not selects_everything(node)),
    texts,
    texts,
    st.one_of(st.none(), st.sampled_from(Channel)),
)
def test_a_reason_is_given_exactly_where_it_does_not_match(
    node: Node, title: str, text: str, channel: Channel | None
) -> None:
    rule = TopicRule("", query.write(node), exclude=("12345",))
    trial = TopicTrial(rule).hold(title, text, channel)
    spoken = spoken_of(find(f"{title}\n{text}"))
    assert trial.matches is query.holds(whole(rule), Reading(fold(title), fold(text), channel, spoken))
    assert bool(trial.reasons) is not trial.matches
    for highlight in trial.highlights:
        written = title if highlight.field == "title" else text
        assert written[highlight.start : highlight.end] == highlight.text
