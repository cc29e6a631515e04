"""Kinds of incident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import IncidentType
from services.analysis.enrich import incident
from services.analysis.enrich.folding import fold
from services.analysis.enrich.incident import Guess, classify
from tests.unit.analysis.enrich.incident_sentences import SENTENCES


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("景谷县发生5.8级地震,部分房屋倒塌,震源深度10公里", IncidentType.NATURAL_DISASTER),
        ("连日暴雨引发山体滑坡,泥石流冲进安置点", IncidentType.NATURAL_DISASTER),
        ("一辆大巴与货车相撞后侧翻,司机涉嫌超载", IncidentType.ACCIDENT),
        ("安置房起火,消防赶到扑救,明火被扑灭", IncidentType.ACCIDENT),
        ("学校食堂疑似食物中毒,多名学生呕吐腹泻送医", IncidentType.PUBLIC_HEALTH),
        ("上百名移民到县政府集体上访,围堵大门讨薪", IncidentType.SOCIAL_SECURITY),
        ("今天天气真好,去公园散步", IncidentType.OTHER),
        ("全市举行消防演练和防震减灾宣传", IncidentType.OTHER),
        ("", IncidentType.OTHER),
    ],
)
def test_kinds(text: str, kind: IncidentType) -> None:
    assert classify(text).kind is kind


def test_macro_f1_on_hand_written_sentences() -> None:
    pairs = [(kind, classify(fold(text)).kind) for kind, texts in SENTENCES.items() for text in texts]
    scores = []
    for kind in IncidentType:
        right = sum(truth is said is kind for truth, said in pairs)
        scores.append(2 * right / (sum(truth is kind for truth, _ in pairs) + sum(said is kind for _, said in pairs)))
    assert sum(scores) / len(scores) >= 0.92, dict(zip(IncidentType, scores, strict=True))


def test_a_complaint_alone_is_no_incident_and_a_crowd_is() -> None:
    assert classify("举报多次没人管,补偿款被克扣,请上级严查").kind is IncidentType.OTHER
    assert classify("补偿款被克扣,数百人围堵镇政府").kind is IncidentType.SOCIAL_SECURITY


def test_confidence_grows_with_evidence() -> None:
    thin = classify("家里好像有点晃")
    ample = classify("发生地震,震源深度10公里,余震不断,震感强烈")
    assert thin.confidence < ample.confidence <= 1
    assert ample.kind is IncidentType.NATURAL_DISASTER
    assert classify("") == Guess(IncidentType.OTHER, 0.0)


def test_the_title_weighs_more() -> None:
    alone = classify("现场有人受伤", "某地发生地震")
    below = classify("现场有人受伤 某地发生地震")
    assert alone.kind is IncidentType.NATURAL_DISASTER
    assert alone.confidence > below.confidence


def test_evidence_is_of_the_text_and_names_no_part_twice() -> None:
    text = "山体滑坡,泥石流冲毁公路,群众紧急转移"
    evidence = classify(text).evidence
    assert "泥石流" in evidence
    assert all(word in text for word in evidence)
    assert not any(one != other and one in other for one in evidence for other in evidence)


def test_other_needs_no_evidence() -> None:
    assert classify("今天天气真好,去公园散步").evidence == ()


def test_weights_are_small_and_of_short_ngrams() -> None:
    path = Path(incident.__file__).with_name("weights.json")
    grams = json.loads(path.read_text(encoding="utf-8"))["grams"].split()
    assert path.stat().st_size <= 300 * 1024
    assert all(2 <= len(gram) <= 4 for gram in grams)
    assert not {"新华", "记者", "本报", "北京", "普洱"} & set(grams)


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_has_a_guess(text: str, title: str) -> None:
    guess = classify(fold(text), fold(title))
    assert 0 <= guess.confidence <= 1
    assert classify(fold(text), fold(title)) == guess
