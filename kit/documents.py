"""Reads YAML that people write into models; whatever is wrong is told with its line, one line each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

#: A larger document is refused unread (bytes). The plan of 2019 has about 40,000.
MAX_BYTES: Final = 512_000
_MAX_DEPTH: Final = 20
_MAX_NODES: Final = 50_000

#: libyaml's reader, where PyYAML was built with it (as its wheels are), is 8 to 15 times as fast
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong (`error`) or doubtful (`warning`) in a document, and where it stands."""

    file: str
    line: int
    path: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        kind = "" if self.severity == "error" else "warning: "
        return f"{where}{kind}{self.path}: {self.message}" if self.path else f"{where}{kind}{self.message}"


class DocumentError(ValueError):
    """A document that cannot be used; `findings` says why, with lines."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class Document:
    """A text as data, with the line (1-based) on which each part begins."""

    name: str
    data: Any
    lines: Mapping[Location, int]

    def line_of(self, location: Location) -> int:
        """Return the line of a part, or of the nearest part around it that is written down."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def finding(self, location: Location, message: str, severity: Literal["error", "warning"] = "error") -> Finding:
        """Return a finding on a part of this document."""
        return Finding(self.name, self.line_of(location), show_path(location), message, severity)


def read_text(path: Path | str) -> str:
    """Return the text of a document's file; raises :class:`DocumentError`, OSError where it cannot be read."""
    path = Path(path)
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DocumentError([Finding(str(path), line, "", "文件不是 UTF-8 编码 / the file is not UTF-8")]) from None


def parse_document(text: str, name: str, model: type[Model]) -> tuple[Model, Document]:
    """Read a model from text; returns it with the document it came from. Raises :class:`DocumentError`."""
    document = read_document(text, name)
    try:
        read = model.model_validate_json(json.dumps(document.data, default=str))
    except ValidationError as error:
        errors = error.errors()
        inner = [item["loc"] for item in errors]
        # a list whose every item is wrong is also told to be too short; the items say more
        told = [
            item
            for item in errors
            if item["type"] != "too_short"
            or not any(len(loc) > len(item["loc"]) and loc[: len(item["loc"])] == item["loc"] for loc in inner)
        ]
        findings = [_describe(document, dict(item)) for item in told]
        raise DocumentError(sorted(findings, key=lambda finding: finding.line)) from None
    return read, document


def read_document(text: str, name: str) -> Document:
    """Read YAML as plain data with lines; no anchors or aliases, no repeated keys, bounded size and depth."""
    if len(text.encode()) > MAX_BYTES:
        raise DocumentError([Finding(name, 1, "", f"文件超过 {MAX_BYTES} 字节 / the file exceeds {MAX_BYTES} bytes")])
    reader = _Reader(name)
    loader: Any = None
    try:
        loader = _LOADER(text)
        reader.refuse_aliases(text)
        node = loader.get_single_node()
        if not isinstance(node, MappingNode):
            raise DocumentError([Finding(name, 1, "", "文件为空或不是映射 / the file is not a YAML mapping")])
        data = reader.build(loader, node, (), 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # an end that comes too early is told of at the last line there is
        line = min(mark.line + 1, text.count("\n") + 1) if mark else 1
        message = f"YAML 语法错误 / YAML syntax: {error.problem or error.context or 'unreadable'}"
        raise DocumentError([Finding(name, line, "", message.replace("\n", " "))]) from None
    except yaml.YAMLError as error:
        first = str(error).split("\n")[0]
        raise DocumentError([Finding(name, 1, "", f"YAML 语法错误 / YAML syntax: {first}")]) from None
    finally:
        if loader is not None:
            loader.dispose()
    if reader.findings:
        raise DocumentError(reader.findings)
    return Document(name, data, reader.lines)


def show_path(location: Location) -> str:
    """Return a location as `levels.II.approval.steps[0].roles`."""
    shown = ""
    for part in location:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else str(part)
    return shown


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0
        self.lines: dict[Location, int] = {}
        self.findings: list[Finding] = []

    def refuse_aliases(self, text: str) -> None:
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            self._nodes += 1
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            problem = None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                problem = "不允许使用锚点和别名 / anchors and aliases are not allowed"
            elif depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
                problem = "结构过深或过大 / nested too deep, or too many parts"
            if problem:
                raise DocumentError([Finding(self._name, _line(event), "", problem)])

    def build(self, loader: Any, node: Node, location: Location, depth: int) -> Any:
        self.lines.setdefault(location, node.start_mark.line + 1)
        if node.tag not in _TAGS:
            self._add(node, location, f"不允许使用标签 {node.tag} / the tag is not allowed")
            return None
        if isinstance(node, MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                if not isinstance(key_node, ScalarNode):
                    self._add(key_node, location, "键须为文字 / a key must be plain text")
                    continue
                key = str(key_node.value)
                if key in found:
                    self._add(key_node, (*location, key), "键重复 / the key is repeated")
                self.lines[(*location, key)] = key_node.start_mark.line + 1
                found[key] = self.build(loader, value_node, (*location, key), depth + 1)
            return found
        if isinstance(node, SequenceNode):
            return [self.build(loader, item, (*location, i), depth + 1) for i, item in enumerate(node.value)]
        try:
            return loader.construct_object(node, deep=True)
        except (ValueError, TypeError) as error:
            self._add(node, location, f"值无法读取 / unreadable value: {error}")
            return None

    def _add(self, node: Node, location: Location, message: str) -> None:
        self.findings.append(Finding(self._name, node.start_mark.line + 1, show_path(location), message))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


_MESSAGES: Final = {
    "missing": "缺少此项 / this part is missing",
    "extra_forbidden": "没有这个键 / there is no such key",
    "string_type": "应为文字（数字请加引号） / must be text (quote numbers)",
    "bool_type": "应为 true 或 false / must be true or false",
    "int_type": "应为整数 / must be a whole number",
    "float_type": "应为数字 / must be a number",
    "tuple_type": "应为列表 / must be a list",
    "dict_type": "应为映射 / must be a mapping",
    "model_type": "应为映射 / must be a mapping",
    "date_from_datetime_parsing": "应为日期，如 2019-01-18 / must be a date such as 2019-01-18",
    "too_short": "不能为空 / must not be empty",
    "string_too_short": "不能为空 / must not be empty",
}


def _describe(document: Document, error: dict[str, Any]) -> Finding:
    location: Location = tuple(part for part in error["loc"] if part != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("enum", "literal_error"):
        message = f"{error['input']!r} 不在允许的取值内 / must be one of {context.get('expected')}"
    elif kind == "value_error":
        message = str(context.get("error"))
    else:
        message = _MESSAGES.get(kind, f"不符合要求 / {error['msg']}")
    return document.finding(location, message)
