"""Two people approve; the letter asks for a correction and never for a deletion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.words import Role
from services.cases.corrections.letter import list_evidence, write
from services.cases.corrections.signing import Signature, sign
from services.cases.lifecycle import Refused
from services.cases.plan.aftermath import APPROVERS, Corrections
from services.cases.plan.letters import FIELDS, TEMPLATE, asks_for_takedown, faults


def _sign(
    who: str, role: Role, earlier: list[Signature] | None = None, decision: str = "approve", comment: str = ""
) -> Signature:
    return sign(
        earlier or [],
        writers=["author"],
        approvers=APPROVERS.roles,
        weighty=APPROVERS.one_of,
        person_id=who,
        person=who,
        roles=frozenset({role}),
        decision="approve" if decision == "approve" else "reject",
        at="2026-03-02T00:00:00+00:00",
        comment=comment,
    )


def test_two_others_approve_one_of_propaganda_or_a_leader() -> None:
    first = _sign("a", Role.OFFICE)
    assert _sign("b", Role.PROPAGANDA, [first]).role is Role.PROPAGANDA
    assert _sign("b", Role.GROUP_LEADER, [first]).role is Role.GROUP_LEADER
    assert _sign("b", Role.OFFICE, [_sign("a", Role.PROPAGANDA)]).role is Role.OFFICE


@pytest.mark.parametrize(
    ("who", "role", "rule"),
    [
        ("author", Role.GROUP_LEADER, "two_people"),
        ("a", Role.PROPAGANDA, "two_people"),
        ("b", Role.OFFICE, "leader_or_propaganda"),
        ("b", Role.DEPARTMENT, "not_an_approver"),
        ("b", Role.ADMIN, "not_an_approver"),
    ],
)
def test_nobody_signs_who_may_not(who: str, role: Role, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        _sign(who, role, [_sign("a", Role.OFFICE)])
    assert refused.value.rule == rule


def test_sending_back_needs_a_reason_and_the_author_may_send_back_their_own() -> None:
    with pytest.raises(Refused) as refused:
        _sign("b", Role.OFFICE, decision="reject")
    assert refused.value.rule == "comment_missing"
    assert _sign("author", Role.OFFICE, decision="reject", comment="数字有误").decision == "reject"


@given(st.lists(st.tuples(st.sampled_from(["author", "a", "b", "c"]), st.sampled_from(list(Role))), max_size=8))
def test_whoever_comes_in_any_order_two_different_people_sign(people: list[tuple[str, Role]]) -> None:
    signed: list[Signature] = []
    for who, role in people:
        if len(signed) == 2:
            break
        try:
            signed.append(_sign(who, role, signed))
        except Refused:
            continue
    assert "author" not in {one.person_id for one in signed}
    assert len({one.person_id for one in signed}) == len(signed)
    if len(signed) == 2:
        assert any(one.role in APPROVERS.one_of for one in signed)


def test_the_letter_has_every_part_and_asks_for_no_deletion() -> None:
    evidence = [{"kind": "document", "description": "支付凭证。", "reference": "18号", "url": ""}]
    fields = {name: f"<{name}>" for name in FIELDS} | {"evidence": list_evidence(evidence), "claim": "{fact}"}
    letter = write(TEMPLATE, fields)
    assert "<outlet>：" in letter
    assert "中称：“{fact}”" in letter
    assert "1. 支付凭证（文件：18号）" in letter
    assert "更正说明" in letter
    assert asks_for_takedown([letter]) == ""
    assert faults(TEMPLATE) == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (TEMPLATE.replace("公开发布更正说明", "删除原文"), "删除"),
        (TEMPLATE.replace("{claim}", ""), "{claim}"),
        (TEMPLATE + "{author}", "{author}"),
        (TEMPLATE.replace("更正", "处理"), "更正说明"),
    ],
)
def test_a_plan_with_another_letter_is_refused(template: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        Corrections(letter=template)
    assert said in str(refused.value)
