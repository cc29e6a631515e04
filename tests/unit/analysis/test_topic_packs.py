"""Topic packs: what a file must be like, and that the shipped one does what its examples say."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.words import Channel
from language.places import find
from services.analysis.enrich.folding import fold
from services.analysis.enrich.topics import TopicMatcher
from services.analysis.topic_packs import Example, check_pack, packs_in

SHIPPED = Path(__file__).parents[3] / "plans" / "topics"

PACK = """\
pack: water
title: 水库
version: "1"
places: [普洱市]
exclude: [钓鱼]
topics:
  - key: dams
    name: 大坝
    query: 大坝 OR 水库 near/5 渗漏
    matches: [墨江县大坝加固]
    misses: [墨江县大坝钓鱼比赛]
  - key: news
    name: 报道
    query: title:水库
    places: []
    matches:
      - {title: 水库, text: 蓄水, channel: news}
    misses: [水库]
"""


def written(folder: Path, text: str, name: str = "water.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pack_is_read_with_its_rules(tmp_path: Path) -> None:
    pack, findings = check_pack(written(tmp_path, PACK))
    assert findings == []
    assert pack is not None
    dams, news = pack.rules()
    assert (dams.key, dams.places, dams.exclude, dams.family) == ("water.dams", ("普洱市",), ("钓鱼",), "water")
    assert (news.key, news.places, news.exclude) == ("water.news", (), ("钓鱼",))
    assert pack.topics[1].matches == (Example(text="蓄水", title="水库", channel=Channel.NEWS),)
    assert pack.topics[1].misses == (Example(text="水库"),)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("query: 大坝 OR", "query: 大坝 OR OR", 9, "查询式有误：这里缺少一个词(第 7 个字符)"),
        ("query: title:水库", "query: channel:微博", 14, "查询会选中一切文本"),
        ("key: news", "key: dams", 12, "重复"),
        ("key: news", "key: News", 12, "不符合要求"),
        ("墨江县大坝加固", "景谷县修路", 10, "应命中而未命中：以下条件无一成立：大坝；水库 near/5 渗漏"),
        ("墨江县大坝加固", "北京大坝加固", 10, "应命中而未命中：专题限定了地点：没有提到“普洱市”"),
        ("墨江县大坝钓鱼比赛", "墨江县大坝开放", 11, "不应命中而命中：墨江县、大坝"),
        ("pack: water", "pack: dams", 1, "须与文件名 water 相同"),
        ('version: "1"', "version: 1", 3, "应为文字"),
        ("    name: 报道\n", "", 12, "缺少此项"),
        ("name: 报道", "label: 报道", 13, "没有这个键"),
        ("channel: news", "channel: tv", 17, "不在允许的取值内"),
        ("    misses: [水库]\n", "", 12, "缺少此项"),
        ("places: []", "places: [", 17, "YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in PACK
    _, findings = check_pack(written(tmp_path, PACK.replace(old, new)))
    assert [finding.line for finding in findings if message in finding.message] == [line]


@pytest.mark.parametrize("page", ["topics.md", "topics.zh-CN.md"])
def test_the_example_of_the_documents_is_a_pack(tmp_path: Path, page: str) -> None:
    text = (SHIPPED.parents[1] / "docs" / page).read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert check_pack(written(tmp_path, example))[1] == []


def test_an_unknown_place_is_a_warning(tmp_path: Path) -> None:
    pack, findings = check_pack(written(tmp_path, PACK.replace("places: []", "places: [某某库区]")))
    assert pack is not None
    assert findings[0].severity == "warning"
    assert findings[0].line == 15


def test_a_folder_tells_of_files_that_cannot_be_used(tmp_path: Path) -> None:
    written(tmp_path, PACK)
    written(tmp_path, "pack: [", "broken.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    files = {file.name: file for file in packs_in(tmp_path)}
    assert [name for name, file in files.items() if file.pack is not None] == ["water"]
    assert files["broken"].findings
    assert "UTF-8" in files["bytes"].findings[0].message
    assert packs_in(tmp_path / "none") == []


def test_the_shipped_packs_hold_what_their_examples_say() -> None:
    files = packs_in(SHIPPED)
    assert [file.name for file in files] == ["puer-resettlement"]
    for file in files:
        assert file.pack is not None, "\n".join(map(str, file.findings))
        assert file.findings == ()
        # all at once, as a worker matches them
        matcher = TopicMatcher(file.pack.rules())
        for topic in file.pack.topics:
            key = f"{file.pack.pack}.{topic.key}"
            for wanted, examples in ((True, topic.matches), (False, topic.misses)):
                for example in examples:
                    title, text = example.title, example.text
                    found = matcher.match(fold(title), fold(text), find(f"{title}\n{text}"), example.channel)
                    assert (key in found) is wanted, (key, example)


@pytest.mark.parametrize(
    "text",
    [
        "云南白药新品上市，普洱专柜有售",
        "办加拿大移民，普洱咨询点地址变更",
        "普洱出入境边防检查站提醒旅客错峰通关",
        "国家移民管理局公布新规，普洱多地办证更快",
        "普洱茶今年的价格又涨了，补偿一下自己",
        "思茅松长势喜人",
    ],
)
def test_false_friends_are_left_alone(text: str) -> None:
    (file,) = packs_in(SHIPPED)
    assert file.pack is not None
    assert TopicMatcher(file.pack.rules()).match("", fold(text), find(text)) == []
