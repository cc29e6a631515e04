"""Plans are compared by meaning: said in words, with the lines of both, and moving a row is no change."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.plan import parse_plan
from services.cases.plan.diff import by_part, compare
from services.cases.plan.wording import Change, stretch
from tests.unit.cases.plans import PUER, SHIPPED, Shipped


def edited(shipped: Shipped, *pairs: tuple[str, str]) -> list[Change]:
    """Return the changes after the text was edited."""
    text = shipped.text
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return compare(shipped.read, parse_plan(text, "new.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "zh", "en"),
    [
        (
            "report_up: {within: 30 min",
            "report_up: {within: 20 min",
            "各级时限 · Ⅰ级 · 上报：时限由 30 分钟 改为 20 分钟",
            "limits · level I · report_up: within changed from 30 min to 20 min",
        ),
        (
            "level: III, fact: sources, at_least: 2",
            "level: III, fact: sources, above: 3",
            "硬性触发条件 · “两个以上独立信源”（two_sources）：门槛由 ≥ 2 改为 > 3",
            "triggers · two_sources: threshold changed from ≥ 2 to > 3",
        ),
        (
            "level: III, fact: top_tier, tier_at_least: municipal",
            "level: III, fact: top_tier, tier_at_least: county",
            "硬性触发条件 · “市级媒体报道”（municipal_media）：门槛由 ≥ 市级媒体 改为 ≥ 县级媒体",
            "triggers · municipal_media: threshold changed from ≥ municipal to ≥ county",
        ),
        (
            "III: {at_least: 1000, default: project}",
            "III: {at_least: 800, default: project}",
            "数量指标 · “互动量（点赞、评论、转发合计）”（interactions） · 级别 · Ⅲ级：门槛由 ≥ 1000 改为 ≥ 800",
            "counts · interactions · levels · level III: threshold changed from ≥ 1000 to ≥ 800",
        ),
        (
            "{kind: decide, roles: [group_member, group_leader]}",
            "{kind: decide, roles: [group_leader]}",
            "Ⅲ级 · 审批程序 · 步骤 · 第 2 项：角色删去 领导小组成员",
            "level III · approval · steps · item 2: roles loses group_member",
        ),
        (
            "two_people: false",
            "two_people: true",
            "Ⅳ级 · 审批程序：须两人由 否 改为 是",
            "level IV · approval: two_people changed from false to true",
        ),
        (
            "准确发布",
            "准确、全面发布",
            "方针有改动：“…第一时间准确发布权威信息…”→“…第一时间准确、全面发布权威信息…”",
            "policy edited: “…第一时间准确发布权威信息…” → “…第一时间准确、全面发布权威信息…”",
        ),
        (
            "shares: [0.5, 0.8]",
            "shares: [0.5, 0.9]",
            "提醒：提醒比例由 0.5、0.8 改为 0.5、0.9",
            "warn_at: shares changed from 0.5, 0.8 to 0.5, 0.9",
        ),
        (
            "keywords: [移民, 搬迁",
            "keywords: [搬迁, 移民, 供水",
            "关键词新增 供水",
            "keywords gains 供水",
        ),
        (
            "      next_update: {within: 4 h, default: project}\n",
            "",
            "各级时限 · Ⅰ级：删去 后续发布（本项目默认值，时限 4 小时）",
            "limits · level I: removed next_update (project default, within 4 h)",
        ),
        (
            "      处置结果：{{ 处置结果 }}。\n",
            "      结果：{{ 处置结果 }}。\n",
            "“终报”（final）：正文有改动：“…已经结束。↵处置结果：{{ …”→“…已经结束。↵结果：{{ …”",
            "final: text edited: “…已经结束。↵处置结果：{{ …” → “…已经结束。↵结果：{{ …”",
        ),
        (
            "kinds: [statement_submitted], levels: [IV], roles: [office]",
            "kinds: [statement_submitted], levels: [IV], roles: [office, group_member]",
            "Ⅳ级“口径送审”：新增告知领导小组成员（各人自定渠道，不须签收，依据 二(三)）",
            "statement_submitted at level IV: now told to group_member (own channels, no receipt, 二(三))",
        ),
    ],
)
def test_a_change_is_said_in_words(old: str, new: str, zh: str, en: str) -> None:
    (change,) = edited(PUER, (old, new))
    assert (change.zh, change.en) == (zh, en)
    lines = PUER.text[: PUER.text.index(old)].count("\n") + 1
    # a folded text stands below its key
    assert (change.old_line or change.new_line) in range(lines - 2, lines + 3)


def test_lines_are_those_of_either_file() -> None:
    (change,) = edited(
        PUER, ("\nmeta:\n", "\n# one\n# two\nmeta:\n"), ("report_up: {within: 4 h", "report_up: {within: 3 h")
    )
    assert change.old_line is not None
    assert change.new_line == change.old_line + 2
    assert (change.part, change.path, change.kind) == ("clocks", "clocks.limits.III.report_up.within", "changed")
    assert (change.old, change.new) == ("PT4H", "PT3H")


def test_a_figure_and_its_origin_are_two_changes() -> None:
    found = edited(
        PUER, ("report_up: {within: 30 min, default: project}", "report_up: {within: 20 min, source: 某办法}")
    )
    assert [change.zh for change in found] == [
        "各级时限 · Ⅰ级 · 上报：时限由 30 分钟 改为 20 分钟",
        "各级时限 · Ⅰ级 · 上报：出处由 本项目默认值 改为 某办法",
    ]


def test_a_row_that_only_one_plan_has_says_what_it_holds() -> None:
    row = "    - {key: simao, name: 思茅区移民系统, role: county, concerns: {places: [思茅区]}}\n"
    found = edited(PUER, (row, "    - {key: new_unit, name: 新设科, role: department}\n"))
    assert [(change.kind, change.old_line is None, change.new_line is None) for change in found] == [
        ("removed", False, True),
        ("added", True, False),
    ]
    assert [change.zh.split("（")[0] for change in found] == ["单位：删去“思茅区移民系统”", "单位：新增“新设科”"]


def test_the_matrix_is_compared_however_its_rows_are_cut() -> None:
    split = edited(
        PUER,
        (
            "  - {kinds: [clock_breached], levels: [III, IV], roles: [office], clause: 二(一)}\n",
            "  - {kinds: [clock_breached], levels: [IV], roles: [office], clause: 二(一)}\n"
            "  - {kinds: [clock_breached], levels: [III], roles: [office], clause: 二(一)}\n",
        ),
    )
    assert split == []
    (change,) = edited(
        PUER,
        (
            "  - {kinds: [clock_breached], levels: [III, IV], roles: [office], clause: 二(一)}\n",
            "  - {kinds: [clock_breached], levels: [III, IV], roles: [office], clause: 二(一), channels: [email],\n"
            "     requires_acknowledgement: true}\n",
        ),
    )
    assert change.zh == (
        "Ⅲ级、Ⅳ级“超时”：告知领导小组办公室的方式由（各人自定渠道，不须签收，依据 二(一)）"
        "改为（email，须签收，依据 二(一)）"
    )


#: Lists whose rows are known by a key.
KEYED = [
    ("scope", "topics"),
    ("scope", "places"),
    ("principles",),
    ("organisation", "roles"),
    ("organisation", "units"),
    ("grading", "triggers"),
    ("grading", "counts"),
    ("notices",),
    ("playbook",),
    ("mechanisms",),
    ("guarantees",),
    ("statement_templates",),
]


@given(st.sampled_from(range(len(SHIPPED))), st.sampled_from(KEYED), st.integers(0, 2**32))
def test_moving_rows_is_no_change(which: int, where: tuple[str, ...], seed: int) -> None:
    plan, document = SHIPPED[which].read
    assert compare((plan, document), (_shuffled(plan, where, random.Random(seed)), document)) == []


def _shuffled(part: Any, where: tuple[str, ...], chance: random.Random) -> Any:
    first, *rest = where
    inner = getattr(part, first)
    moved = _shuffled(inner, tuple(rest), chance) if rest else tuple(chance.sample(inner, len(inner)))
    return part.model_copy(update={first: moved})


def test_two_bodies_differ_in_every_part_and_backwards_too() -> None:
    one, other = SHIPPED
    forth, back = compare(one.read, other.read), compare(other.read, one.read)
    assert {"meta", "scope", "organisation", "levels", "grading", "clocks", "notices", "playbook"} <= by_part(
        forth
    ).keys()
    assert len(forth) == len(back)
    assert {(change.old_line, change.new_line) for change in forth} == {
        (change.new_line, change.old_line) for change in back
    }
    assert all(change.zh and change.en and "\n" not in change.zh + change.en for change in forth)


@given(st.text("甲乙丙丁", max_size=30), st.text("甲乙丙丁", max_size=30))
def test_the_stretch_that_differs_is_of_both_texts(one: str, other: str) -> None:
    was, now = stretch(one, other)
    assert was.strip("…") in one
    assert now.strip("…") in other
    assert (was == now) == (one == other)


def test_a_row_that_is_for_those_on_duty_from_now_on_is_told() -> None:
    row = "  - {kinds: [clock_warning], levels: [I, II, III, IV], roles: [office], clause: 二(一)}\n"
    (change,) = edited(PUER, (row, row.replace("clause", "on_duty: true, clause")))
    assert change.zh.endswith(
        "告知领导小组办公室的方式由（各人自定渠道，不须签收，依据 二(一)）"
        "改为（各人自定渠道，不须签收，只通知值班人员，依据 二(一)）"
    )
    assert "on duty only" in change.en
