"""Reading posts out of files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from huiying.errors import CommandError
from huiying.reading import PostFile


def posts(path: Path, **mapping: str) -> list[dict[str, object]]:
    return [record.post for record in PostFile(path, mapping).records() if record.post]


def test_chinese_columns_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('标题,正文,来源,阅读数,评论,备注\n题,"库区,移民",普洱日报,"1,200",3,x\n', encoding="utf-8-sig")
    file = PostFile(path)
    [record] = file.records()
    assert record.post == {
        "title": "题",
        "text": "库区,移民",
        "source": "普洱日报",
        "metrics": {"reads": 1200, "comments": 3},
    }
    assert file.ignored == ["备注"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("text\n" + "搬迁安置补偿款何时发放\n" * 9000).encode(encoding))
    found = posts(path)
    assert len(found) == 9000
    assert {post["text"] for post in found} == {"搬迁安置补偿款何时发放"}


def test_json_lines_go_on_after_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"text": "一", "metrics": {"likes": 2}}), "{broken", "[]", "", json.dumps({"内容": "二"}), "{}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    records = list(PostFile(path).records())
    assert [record.post for record in records] == [
        {"text": "一", "metrics": {"likes": 2}},
        None,
        None,
        {"text": "二"},
        None,
    ]
    assert [record.number for record in records] == [1, 2, 3, 4, 5]
    assert records[1].problem
    assert "not JSON" in records[1].problem.en


def test_records_can_be_skipped_and_gzip_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("text\n" + "".join(f"第{i}条\n" for i in range(100)))
    records = list(PostFile(path).records(skip=97))
    assert [record.post for record in records] == [{"text": "第97条"}, {"text": "第98条"}, {"text": "第99条"}]
    assert records[-1].position <= path.stat().st_size


def test_a_column_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("comment_text,label\n好,1\n", encoding="utf-8")
    with pytest.raises(CommandError, match="--map text=COLUMN"):
        posts(path)
    assert posts(path, text="comment_text") == [{"text": "好"}]


def test_a_counter_that_is_no_number_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,likes\n好,many\n坏,\n", encoding="utf-8")
    records = list(PostFile(path).records())
    assert [record.post for record in records] == [{"text": "好"}, {"text": "坏"}]


def test_what_is_no_such_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file"):
        PostFile(tmp_path / "none.csv")
    other = tmp_path / "a.docx"
    other.write_bytes(b"x")
    with pytest.raises(CommandError, match=r"only \.csv"):
        PostFile(other)


def test_spreadsheet_times_and_chinese_channels_are_put_in_the_api_s_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "内容,发布时间,渠道\n一,2026/1/2 3:04,微博\n二,2026年11月20日 08时05分,论坛\n"
        "三,2026-01-02T03:04:05+08:00,news\n四,昨天,x\n",
        encoding="utf-8",
    )
    assert [(post.get("published_at"), post.get("channel")) for post in posts(path)] == [
        ("2026-01-02T03:04:00", "weibo"),
        ("2026-11-20T08:05:00", "forum"),
        ("2026-01-02T03:04:05+08:00", "news"),
        ("昨天", "x"),
    ]


def test_a_record_over_several_lines_is_told_by_its_last(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text\n"一\n二"\n三\n', encoding="utf-8")
    assert [(record.number, record.line) for record in PostFile(path).records()] == [(1, 3), (2, 4)]
