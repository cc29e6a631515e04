"""Reading posts out of CSV and JSON Lines files, a record at a time, with the place to go on from."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from huiying.errors import CommandError

#: Column names that are understood, by the field of a post that they fill.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "text": ("text", "content", "body", "正文", "内容", "微博正文", "文本"),
    "title": ("title", "标题", "题目"),
    "url": ("url", "link", "链接", "网址", "原文链接"),
    "published_at": ("published_at", "time", "date", "时间", "发布时间", "日期"),
    "channel": ("channel", "渠道", "平台类型"),
    "source": ("source", "来源", "媒体", "站点"),
    "author": ("author", "作者", "用户", "昵称"),
    "repost_of": ("repost_of", "转发自", "原帖链接"),
    "reads": ("reads", "views", "阅读", "阅读数", "阅读量"),
    "likes": ("likes", "点赞", "点赞数", "赞"),
    "comments": ("comments", "评论", "评论数", "回复数"),
    "reposts": ("reposts", "shares", "转发", "转发数"),
}
#: What Chinese exports call the channels, by the API's word; any other word is sent as it stands.
CHANNELS: Final[dict[str, str]] = {
    "新闻": "news",
    "论坛": "forum",
    "贴吧": "forum",
    "微博": "weibo",
    "微信": "wechat",
    "公众号": "wechat",
    "视频": "video",
    "短视频": "video",
    "博客": "blog",
    "其他": "other",
    "其它": "other",
}
#: Times as spreadsheets and Chinese pages write them: 2026/1/2 3:04, 2026年1月2日 3时04分05秒, without a zone.
_TIME: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?[分秒]?)?"
)
_COUNTERS: Final = ("reads", "likes", "comments", "reposts")
_ENCODINGS: Final = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its number and last line in the file (from 1), the post, or why it is none, the bytes read so far."""

    number: int
    line: int
    post: dict[str, Any] | None
    problem: str
    position: int


class PostFile:
    """A CSV or JSON Lines file of posts, plain or gzipped, in UTF-8 or GB18030. Nothing is read whole."""

    def __init__(self, path: Path, mapping: Mapping[str, str] | None = None) -> None:
        if not path.is_file():
            raise CommandError(f"找不到文件 / no such file: {path}")
        self.path = path
        self.size = path.stat().st_size
        name = path.name.removesuffix(".gz").lower()
        self._gzipped = path.name.endswith(".gz")
        if name.endswith(".csv"):
            self._csv = True
        elif name.endswith((".jsonl", ".ndjson", ".json")):
            self._csv = False
        else:
            raise CommandError(f"只支持 .csv 与 .jsonl（可加 .gz）/ only .csv and .jsonl (optionally .gz): {path.name}")
        self._mapping = dict(mapping or {})
        #: columns of the file that no field takes, known after the first record
        self.ignored: list[str] = []

    def records(self, skip: int = 0) -> Iterator[Record]:
        """Yield the records after the first `skip`, in order."""
        with self.path.open("rb") as raw:
            plain: IO[bytes] = gzip.GzipFile(fileobj=raw) if self._gzipped else raw  # type: ignore[assignment]
            text = io.TextIOWrapper(plain, encoding=self._encoding(), errors="replace", newline="")
            rows = self._csv_rows(text) if self._csv else self._json_rows(text)
            for number, (line, post, problem) in enumerate(rows, start=1):
                if number > skip:
                    yield Record(number, line, post, problem, raw.tell())

    def _encoding(self) -> str:
        with self.path.open("rb") as raw:
            plain: IO[bytes] = gzip.GzipFile(fileobj=raw) if self._gzipped else raw  # type: ignore[assignment]
            head = plain.read(65536)
        for encoding in _ENCODINGS:
            try:
                # the last bytes may be half a character
                head[: max(1, len(head) - 4)].decode(encoding) if len(head) == 65536 else head.decode(encoding)
                return encoding
            except UnicodeDecodeError as error:
                if len(head) == 65536 and error.start >= len(head) - 8:
                    return encoding
        return "utf-8-sig"

    def _csv_rows(self, text: IO[str]) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        csv.field_size_limit(2**24)
        reader = csv.DictReader(text)
        fields = self._fields(reader.fieldnames or [])
        if "text" not in fields.values():
            names = ", ".join(reader.fieldnames or [])
            raise CommandError(
                f"没有正文列 / no column holds the text; the file has: {names}. Use --map text=COLUMN", 2
            )
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield reader.line_num, None, str(error)
                continue
            yield reader.line_num, *_post({field: row.get(column) for column, field in fields.items()})

    def _json_rows(self, text: IO[str]) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        for line, words in enumerate(text, start=1):
            if not words.strip():
                continue
            try:
                row = json.loads(words)
            except ValueError as error:
                yield line, None, f"not JSON: {error}"
                continue
            if not isinstance(row, dict):
                yield line, None, "not a JSON object"
                continue
            metrics = row.pop("metrics", None)
            fields = self._fields(list(row))
            post = {field: row[key] for key, field in fields.items() if key in row}
            yield line, *_post({**post, **(metrics if isinstance(metrics, dict) else {})})

    def _fields(self, columns: list[str] | Any) -> dict[str, str]:
        """Return which field each column fills; columns that fill none are noted in :attr:`ignored`."""
        chosen = {column: field for field, column in self._mapping.items()}
        taken = set(chosen.values())
        known = {name: field for field, names in COLUMNS.items() for name in names}
        for column in columns:
            field = known.get(str(column).strip().lower())
            if column not in chosen and field is not None and field not in taken:
                chosen[column] = field
                taken.add(field)
        self.ignored = [column for column in columns if column not in chosen]
        return chosen


def _post(values: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    post: dict[str, Any] = {}
    counters: dict[str, int] = {}
    for field, value in values.items():
        if value is None or value == "":
            continue
        if field in _COUNTERS:
            try:
                counters[field] = max(0, int(float(str(value).replace(",", ""))))
            except (ValueError, OverflowError):
                return None, f"{field} is no number: {str(value)[:40]}"
        else:
            post[field] = _value(field, value)
    if counters:
        post["metrics"] = counters
    if not str(post.get("text", "")).strip():
        return None, "the text is empty"
    return post, ""


def _value(field: str, value: Any) -> Any:
    """Return a field's value in the API's words; what is not understood goes as it stands and is judged there."""
    if field == "text":
        return str(value)
    if field == "channel":
        return CHANNELS.get(str(value).strip(), value)
    if field == "published_at" and (found := _TIME.fullmatch(str(value).strip())):
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    return value
