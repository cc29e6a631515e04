"""Kinds of incident."""

from __future__ import annotations

import pytest

from contracts.words import IncidentType
from services.analysis.enrich.incident import classify


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


def test_confidence_grows_with_evidence_and_falls_with_doubt() -> None:
    thin = classify("发生地震")
    ample = classify("发生地震,震源深度10公里,余震不断,震感强烈")
    mixed = classify("地震时发生车祸")
    assert 0 < mixed.confidence < thin.confidence < ample.confidence < 1
    assert classify("无事").confidence == 0


def test_the_title_weighs_more() -> None:
    assert classify("现场有中毒者", "某地发生地震").kind is IncidentType.NATURAL_DISASTER


def test_evidence_is_named() -> None:
    assert "地震" in classify("某地发生地震").evidence
