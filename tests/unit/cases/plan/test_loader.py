"""Plans are read strictly, and every error names its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.words import ClockKind, Level
from services.cases.plan import PlanError, check_plan, load_plan, parse_plan
from services.cases.plan.figures import parse_duration, show_duration
from services.cases.plan.loader import MAX_BYTES

SEED = Path(__file__).parents[4] / "plans" / "puer-resettlement-2019.yaml"
TEXT = SEED.read_text(encoding="utf-8")


def line_of(text: str, start: str) -> int:
    """Return the number of the first line that starts with `start`, spaces aside."""
    return next(i for i, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def errors(text: str) -> list[str]:
    """Return the findings on a text as lines."""
    return [str(finding) for finding in check_plan(text, "p.yaml")]


def test_the_seed_plan_has_no_gaps() -> None:
    assert check_plan(TEXT, "p.yaml") == []
    plan = load_plan(SEED)
    assert plan.meta.index_number == "1042-/2019-0118001"
    assert len(plan.scope.places) == 10
    limit = plan.limit(Level.I, ClockKind.FIRST_RELEASE)
    assert limit is not None
    assert limit.within == timedelta(hours=5)
    assert plan.limit(Level.III, ClockKind.PRESS_CONFERENCE) is None
    assert plan.level_name(Level.II) == "Ⅱ级（重大或较大）"


def test_every_clause_of_the_seed_is_in_the_plan() -> None:
    for words in (
        "积极发展，加强管理，趋利避害，为我所用",
        "第一时间原则",
        "全局利益原则",
        "口径一致原则",
        "疏堵结合原则",
        "协作协调原则",
        "经应急领导小组组长向市委、市政府主要领导请示",
        "由市委宣传部会同相关部门开展应急处置工作",
        "经应急领导小组办公室请示，由小组办公室会同相关部门开展应急工作",
        "由舆情内容涉及的相关部门在应急领导小组办公室的指导下开展应急处置工作",
        "24小时不间断监控",
        "制定比较详尽的判断标准和预警方案",
        "由市委、市政府指定的专人对外发布权威消息",
        "持续关注网络上相关事件的舆情趋势",
        "全面总结和评估",
        "各县（区）移民系统均有专人负责",
        "不间断对重点网站、重点论坛、微博进行监控",
        "定期组织全市移民系统网络舆情队伍开展培训",
    ):
        assert words in TEXT.replace("\n", "").replace("    ", "").replace("  ", ""), words


@pytest.mark.parametrize(
    ("old", "new", "start", "path", "words"),
    [
        ("colour: red", "color: red", "color: red", "levels.I.color", "there is no such key"),
        ('version: "2019.1"', "version: 2019.1", "version: 2019.1", "meta.version", "quote numbers"),
        (
            "acknowledge: {within: 10 min",
            "acknowledge: {within: 10",
            "acknowledge: {within: 10,",
            "within",
            "needs its unit",
        ),
        (
            "acknowledge: {within: 10 min, default: project}",
            "acknowledge: {within: 10 min}",
            "acknowledge: {within: 10 min}",
            "",
            "default: project",
        ),
        (
            "acknowledge: {within: 10 min",
            "acknowledge: {within: 0 s",
            "acknowledge: {within: 0 s",
            "",
            "longer than nothing",
        ),
        ("at_least: 0.2,", "at_least: .nan,", "- {key: negative_story", "at_least", "不符合要求"),
        ("at_least: 0.2,", "is_true: true,", "- {key: negative_story", "triggers[0]", "takes exactly one of"),
        ("lead: [city_leader]", "lead: [mayor]", "lead: [mayor]", "levels.I.chain.lead[0]", "must be one of"),
        (
            "  catalogue: 应急管理\n  subject_words: 网",
            "  subject_words: 网",
            "disclosure:",
            "disclosure.catalogue",
            "missing",
        ),
    ],
)
def test_an_error_names_its_line_and_path(old: str, new: str, start: str, path: str, words: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    found = [finding for finding in check_plan(text, "p.yaml") if words in finding.message]
    assert found, errors(text)
    assert found[0].line == line_of(text, start)
    assert path in found[0].path
    assert "\n" not in str(found[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "p.yaml:1: 文件为空或不是映射"),
        ("- a\n- b", "p.yaml:1: 文件为空或不是映射"),
        ("a: &x [1]\nb: *x", "p.yaml:1: 不允许使用锚点和别名"),
        ("a: 1\nb: [1\nc: 2", "p.yaml:3: YAML 语法错误"),
        ("meta: {}\nmeta: {}", "p.yaml:2: meta: 键重复"),
        ("a: 2019-13-40", "p.yaml:1: a: 值无法读取"),
        ("? [a]\n: 1", "p.yaml:1: 键须为文字"),
        ("a: " + "[" * 50 + "]" * 50, "p.yaml:1: 结构过深或过大"),
        ("a: !!python/object/apply:os.system [ls]", "p.yaml:1: a: 不允许使用标签"),
        ("a: \x01", "p.yaml:1: YAML 语法错误"),
        ("#" * (MAX_BYTES + 1), "p.yaml:1: 文件超过"),
    ],
)
def test_hostile_and_broken_yaml_is_refused_in_one_line(text: str, told: str) -> None:
    found = errors(text)
    assert found[0].startswith(told), found
    assert all("\n" not in line for line in found)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(b"meta:\n  name: " + "预案".encode("gbk"))
    with pytest.raises(PlanError) as refused:
        load_plan(file)
    assert refused.value.findings[0].line == 2


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load_plan(file) == parse_plan(TEXT)[0]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30 min", 1800), ("5 h", 18000), ("15 d", 1296000), ("1.5h", 5400), ("0 s", 0)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "-5 h", "5 weeks", "1e3 h", "99999999 d", "٣ h"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="时长"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=30), "30 秒"),
        (timedelta(minutes=90), "1 小时 30 分钟"),
        (timedelta(hours=48), "48 小时"),
        (timedelta(days=15), "15 天"),
    ],
)
def test_durations_are_shown_as_officers_say_them(length: timedelta, shown: str) -> None:
    assert show_duration(length) == shown
