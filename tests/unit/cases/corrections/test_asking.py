"""Each line of DOMAIN's binding of correction requests, guarded one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.cases.corrections.asking import Asking, Evidence, EvidenceKind, faults

GOOD = Asking(
    outlet="某网",
    url="https://news.example.com/a/1.html",
    claim="县移民局把2000万元补偿款挪作他用",
    evidence=[Evidence(EvidenceKind.DOCUMENT, "国库支付凭证显示补偿款已拨付到户", reference="景财支〔2026〕18号")],
    fact="2000万元补偿款已于2月20日全部发放到213户移民的账户",
    fact_source="县财政局、县移民局联合核查",
)


def _rules(asked: Asking) -> list[str]:
    return [fault.rule for fault in faults(asked)]


def test_a_whole_request_stands() -> None:
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"claim": ""}, "claim_missing"),
        ({"claim": "  "}, "claim_missing"),
        ({"evidence": []}, "evidence_missing"),
        ({"evidence": [Evidence(EvidenceKind.RECORD, "", reference="1")]}, "evidence_missing"),
        ({"evidence": [Evidence(EvidenceKind.LINK, "官网公告")]}, "evidence_missing"),
        ({"evidence": [Evidence(EvidenceKind.RECORD, "电话记录")]}, "evidence_missing"),
        ({"fact": ""}, "fact_missing"),
        ({"fact_source": ""}, "source_missing"),
        ({"outlet": ""}, "outlet_missing"),
        ({"url": ""}, "url_missing"),
        ({"url": "javascript:alert(1)"}, "url_missing"),
        ({"url": "http://["}, "url_missing"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, Any], rule: str) -> None:
    found = faults(replace(GOOD, **change))
    assert [fault.rule for fault in found] == [rule]
    assert not found[0].forbidden
    assert found[0].zh
    assert found[0].en


@pytest.mark.parametrize(
    "claim",
    [
        "办事太慢了",
        "太不像话",
        "为什么还不发钱",
        "我觉得补偿标准很不公平",
        "希望领导重视",
        "呵呵，又是临时工",
        "强烈要求彻查",
    ],
)
def test_opinion_can_never_be_the_object(claim: str) -> None:
    found = faults(replace(GOOD, claim=claim))
    assert found[0].rule == "opinion"
    assert found[0].forbidden
    assert "数字、日期或具体行为" in found[0].zh


def test_of_a_mixed_sentence_the_refusal_names_the_part_that_may_be_quoted() -> None:
    found = faults(replace(GOOD, claim="移民局太黑了，把2000万元补偿款挪去盖楼"))
    assert [fault.rule for fault in found] == ["claim_mixed"]
    assert "“把2000万元补偿款挪去盖楼”" in found[0].zh


def test_what_cannot_be_checked_is_refused_with_what_would_make_it_checkable() -> None:
    found = faults(replace(GOOD, claim="情况很复杂"))
    assert [fault.rule for fault in found] == ["claim_not_checkable"]
    assert "数字、日期、地点" in found[0].zh


@pytest.mark.parametrize(
    "change",
    [
        {"note": "请对方删除该帖"},
        {"note": "请删帖"},
        {"note": "要求下架该视频"},
        {"fact": "该报道不实，应予撤稿"},
        {"fact_source": "网信办要求屏蔽"},
        {"claim": "县移民局要求网民删 帖3条"},
        {"evidence": [Evidence(EvidenceKind.RECORD, "该号已被封号", reference="1")]},
        {"note": "please take down the post"},
    ],
)
def test_a_takedown_is_never_asked_for(change: dict[str, Any]) -> None:
    found = faults(replace(GOOD, **change))
    assert found[0].rule == "takedown"
    assert found[0].forbidden


def test_every_reason_is_told_and_what_may_never_be_asked_comes_first() -> None:
    asked = replace(GOOD, claim="太不像话", evidence=[], fact="", fact_source="", note="删帖")
    assert _rules(asked)[:2] == ["takedown", "opinion"]
    assert set(_rules(asked)) == {"takedown", "opinion", "evidence_missing", "fact_missing", "source_missing"}
