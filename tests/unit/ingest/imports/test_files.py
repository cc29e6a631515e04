"""Files as they come: encodings, delimiters, quotes, archives, and what is no such file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.tables import text_lines
from kit.tables.unreadable import Unreadable
from services.ingest.imports import delimited
from services.ingest.imports.progress import shown, shown_row
from services.ingest.imports.reading import Found, NoText, Options, PostFile, Record
from services.ingest.imports.reasons import reason_of
from services.ingest.imports.rows import post_of


def written(folder: Path, content: bytes | str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: bytes | str, name: str = "a.csv", **mapping: str) -> tuple[Found, list[Record]]:
    file = PostFile(written(folder, content, name), Options(mapping))
    return file.look(), list(file.records())


def texts(records: list[Record]) -> list[Any]:
    return [record.post["text"] if record.post else None for record in records]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_encodings_and_delimiters(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = delimiter.join(["标题", "正文"]) + "\n" + "".join(f"题{i}{delimiter}库区移民{i}\n" for i in range(5))
    found, records = read(tmp_path, text.encode(encoding))
    assert found.delimiter == delimiter
    assert found.encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)
    assert texts(records) == [f"库区移民{i}" for i in range(5)]


def test_chinese_that_comes_late_still_tells_the_encoding(tmp_path: Path) -> None:
    content = b"text,n\n" + b"plain ascii,1\n" * 200_000 + "库区移民,2\n".encode("gb18030")
    assert text_lines.encoding_of(written(tmp_path, content)) == "gb18030"


def test_a_few_broken_bytes_do_not_make_utf_8_gb18030(tmp_path: Path) -> None:
    content = b"text\n" + "搬迁安置补偿款何时发放\n".encode() * 100 + b"\xff\xfe\n"
    found, records = read(tmp_path, content)
    assert found.encoding == "utf-8-sig"
    assert texts(records)[:100] == ["搬迁安置补偿款何时发放"] * 100


def test_a_quote_that_is_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    content = '正文,备注\n一,1\n"二,2\n三,3\n"四\n四",4\n五,"他说""好"""\n"六,6\n'
    _, records = read(tmp_path, content)
    assert [(record.line, record.post and record.post["text"]) for record in records] == [
        (2, "一"),
        (3, None),
        (4, "三"),
        (6, "四\n四"),
        (7, "五"),
        (8, None),
    ]
    assert [record.number for record in records] == [1, 2, 3, 4, 5, 6]
    assert records[1].problem
    assert records[1].problem.zh == "引号没有配对"


def test_a_text_with_a_delimiter_and_no_quotes_is_told_and_extra_columns_are_not(tmp_path: Path) -> None:
    _, records = read(tmp_path, "正文,链接\n一,\n二,三,https://a.example.com\n四,\n")
    assert texts(records) == ["一", None, "四"]
    assert records[1].problem
    assert "3 columns" in records[1].problem.en
    _, records = read(tmp_path, "正文,链接\n一,,x\n二,,y\n三,,z\n")
    assert texts(records) == ["一", "二", "三"]


def test_very_long_lines_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "MAX_LINE", 1000)
    rows = [{"text": "一"}, {"text": "长" * 5000}, {"text": "二"}]
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    _, records = read(tmp_path, content, "a.jsonl")
    assert [(record.line, record.post and record.post["text"]) for record in records] == [
        (1, "一"),
        (2, None),
        (3, "二"),
    ]
    _, records = read(tmp_path, "正文\n一\n" + "长" * 5000 + "\n二\n")
    assert texts(records) == ["一", None, "二"]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1), st.text('甲乙,"\n ;')),
        min_size=1,
        max_size=20,
    ),
    skip=st.integers(0, 20),
)
def test_whatever_was_written_as_csv_is_read_and_can_be_gone_on_with(rows: list[tuple[str, str]], skip: int) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["正文", "备注"])
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), text.getvalue())
        lines = text_lines.Lines(io.BufferedReader(io.FileIO(path)), "utf-8-sig")
        found = [cells for _, cells in delimited.rows(lines, ",", 2)]
        wanted = [["正文", "备注"], *(list(row) for row in rows if any(cell.strip() for cell in row))]
        assert found == wanted
        lines._text.close()
        file = PostFile(path)
        assert list(file.records())[skip:] == list(PostFile(path).records(skip))


def test_objects_need_not_be_alike(tmp_path: Path) -> None:
    lines = [
        {"text": "一", "user": {"screen_name": "甲"}, "metrics": {"likes": 3}},
        {"内容": "二", "点赞数": "1.2万"},
        {"title": "三", "content": ""},
    ]
    found, records = read(tmp_path, "".join(json.dumps(line) + "\n" for line in lines), "a.ndjson")
    assert [record.post for record in records] == [
        {"text": "一", "author": "甲", "metrics": {"likes": 3}},
        {"text": "二", "metrics": {"likes": 12_000}},
        {"title": "三", "text": "三"},
    ]
    assert {column.name: column.field for column in found.columns}["内容"] == "text"


def test_an_array_of_one_object_a_line_is_read(tmp_path: Path) -> None:
    _, records = read(tmp_path, '[\n{"text": "一"},\n{"text": "二"}\n]\n', "a.json")
    assert texts(records) == ["一", "二"]


def test_what_was_read_before_an_archive_breaks_is_kept(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps({"text": f"{i * 7919}"}).encode() + b"\n" for i in range(40_000)))
    file = PostFile(written(tmp_path, whole[: len(whole) // 2], "a.jsonl.gz"))
    kept: list[Record] = []
    with pytest.raises(Unreadable, match="the archive is broken"):
        for record in file.records():
            kept.append(record)
    assert len(kept) > 10_000


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "a.csv", "empty"),
        (b"PK\x03\x04aaaa", "a.csv", "no text"),
        (b"%PDF-1.7", "a.csv", "no text"),
        (b"\xd0\xcf\x11\xe0aaaa", "a.xlsx", "old .xls"),
        (b"text\n1", "a.xlsx", "no .xlsx"),
        (b"<html><table>", "a.csv", "HTML"),
        (b"text\n\0\0", "a.csv", "NUL"),
        (b"text\n1", "a.csv.gz", "Not a gzipped"),
        (b"text\n1", "a.docx", "only"),
    ],
)
def test_what_is_not_what_it_says_is_told(tmp_path: Path, content: bytes, name: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(tmp_path, content, name)


def test_a_file_without_a_name_is_known_by_its_content(tmp_path: Path) -> None:
    for content, found in ((b'{"text": "1"}', "jsonl"), (b"text,a\n1,2\n", "csv")):
        file = PostFile(written(tmp_path, content, "x"), name="")
        assert file.look().format == found


def test_no_text_and_no_such_column(tmp_path: Path) -> None:
    with pytest.raises(NoText, match="there are 2 columns, none with a name that is known"):
        read(tmp_path, "a,b\n1,2\n")
    with pytest.raises(NoText, match="there are: 来源, b"):
        read(tmp_path, "来源,b\n1,2\n")
    with pytest.raises(Unreadable, match="no column '正文'"):
        read(tmp_path, "a,b\n1,2\n", text="正文")
    with pytest.raises(Unreadable, match="no field body"):
        read(tmp_path, "a,b\n1,2\n", body="a")


PHONE = "13887990001"
HANDLE = "澜沧老李在路上"


def test_what_a_refusal_quotes_is_masked(tmp_path: Path) -> None:
    with pytest.raises(NoText) as refused:
        read(tmp_path, f"{HANDLE},{PHONE}\n1,2\n")
    said = reason_of(refused.value)
    assert HANDLE not in said.zh + said.en
    assert PHONE not in said.zh + said.en
    with pytest.raises(Unreadable) as refused_too:
        read(tmp_path, "正文\n一\n", text=f"列{PHONE}")
    said = reason_of(refused_too.value)
    assert PHONE not in said.zh + said.en


def rows_of(folder: Path, content: str, name: str = "a.csv") -> list[Any]:
    return [shown_row(record) for record in read(folder, content, name)[1] if record.problem]


def test_a_row_that_is_no_post_is_shown_by_column_masked_and_without_its_author(tmp_path: Path) -> None:
    head = "正文,链接,作者,备注\n"
    assert rows_of(tmp_path, head + f",https://a.example.com/1,{HANDLE},电话{PHONE}\n") == [
        {"链接": "https://a.example.com/1", "备注": "电话〔手机号〕"}
    ]
    assert rows_of(tmp_path, head + f'"没有闭合,https://a.example.com/2,{HANDLE},x\n好,,,\n') == [
        {"正文": "没有闭合", "链接": "https://a.example.com/2", "备注": "x"}
    ]
    # a delimiter within the text moves the author: no cell is given that may be the author's
    moved = rows_of(tmp_path, head + f"一,二,https://a.example.com/3,{HANDLE},x\n好,,,\n")
    assert moved == [{"正文": "一", "链接": "二", "第5列": "x"}]
    short = rows_of(tmp_path, head + f'"一,二,https://a.example.com/4,"{HANDLE}\n好,,,\n')
    assert HANDLE not in str(short)


def test_a_line_that_is_no_object_is_shown_as_it_stands(tmp_path: Path) -> None:
    content = (
        '{"text": "好"}\n'
        f'{{"text": "电话{PHONE}", "user": {{"name": "{HANDLE}"}}, "likes": }}\n'
        f'{{"text": "", "\\u4f5c\\u8005": "{HANDLE}", "n": {PHONE}, "all": [{{"author": "{HANDLE}", "no": 1}}]}}\n'
        '["一"]\n'
    )
    broken, empty, array = rows_of(tmp_path, content, "a.jsonl")
    assert broken == '{"text": "电话〔手机号〕", "user": …, "likes": }'
    assert empty == {"n": "〔手机号〕", "all": [{"no": 1}]}
    assert array == '["一"]'


def test_long_texts_are_masked_before_they_are_cut() -> None:
    cut = shown({"text": "长" * 1993 + PHONE + "长" * 3000, "published_at": int(PHONE), "likes": 3})
    assert cut is not None
    assert "1388" not in cut["text"]
    assert len(cut["text"]) == 2000
    assert (cut["published_at"], cut["likes"]) == ("〔手机号〕", 3)


def test_figures_beyond_bounds_cost_no_file(tmp_path: Path) -> None:
    lines = [
        '{"text": "一", "published_at": 1' + "0" * 400 + "}",
        '{"text": "二", "published_at": Infinity}',
        '{"text": "三", "published_at": NaN, "likes": -Infinity}',
        '{"text": "四", "likes": 1e999}',
    ]
    _, records = read(tmp_path, "\n".join(lines), "a.jsonl")
    assert [record.post and record.post["text"] for record in records] == ["一", "二", "三", "四"]
    for record in records:
        json.dumps(shown(record.post), allow_nan=False)


def test_what_nothing_was_prepared_for_costs_its_row_alone() -> None:
    class Odd(str):
        def strip(self, *_: Any) -> str:
            raise ArithmeticError

    post, problem = post_of({"text": Odd("x")}, {})
    assert post is None
    assert problem
    assert "ArithmeticError" in problem.en


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (bytes(range(256)) * 20, "a.xlsx"),
        (bytes(range(256)) * 20, "a.csv"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "a.csv.gz"),
        (b"\n <!DOCTYPE html>", "a.jsonl"),
        (b"text\n", "a.csv.gz"),
        (b"x", "a.docx"),
    ],
)
def test_the_beginning_tells_what_is_no_such_file(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(Unreadable):
        PostFile(written(tmp_path, content, name)).check_start()
    PostFile(written(tmp_path, "正文\n一".encode("utf-16"), "a.csv")).check_start()
