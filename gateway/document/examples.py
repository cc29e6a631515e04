"""Examples of bodies and answers, built from the schemas with one vocabulary of fictional values.

What a schema gives as its own example wins. The same schema always gets the same example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schemas = Mapping[str, Any]

_ID: Final = "01970000-0000-7000-8000-000000000001"
_AT: Final = "2026-03-02T08:00:00+08:00"
#: Text of fields by name; the longest name that ends the field's is taken.
_WORDS: Final[dict[str, str]] = {
    "id": _ID,
    "url": "https://news.example/2026/03/02/1.html",
    "link": "https://news.example/2026/03/02/1.html",
    "title": "搬迁补偿款发放问答",
    "name": "值班室",
    "display_name": "李明",
    "username": "office",
    "login": "office",
    "text": "某安置点群众反映补偿款迟迟没有到账。",
    "body": "某安置点群众反映补偿款迟迟没有到账，我局正在核实。",
    "summary": "群众反映补偿款到账慢，正在核实。",
    "reason": "已核实，情况属实",
    "note": "已电话告知",
    "comment": "同意",
    "detail": "已核实",
    "description": "补偿款发放情况",
    "question": "补偿款何时到账？",
    "answer": "将于三月十日前全部到账。",
    "claim": "网传补偿款已被取消",
    "place": "思茅区",
    "unit": "宣传部",
    "by": "office",
    "author": "office",
    "actor": "office",
    "owner": "office",
    "email": "duty@bureau.example",
    "address": "duty@bureau.example",
    "phone": "+8613800000000",
    "password": "a long sentence nobody guesses",
    "secret": "whsec_ZXhhbXBsZS1rZXktZXhhbXBsZS1rZXktMDE=",
    "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
    "key": "compensation",
    "query": "补偿款 AND (未到账 OR 拖欠)",
    "version": "2026.1",
    "plan_version": "2026.1",
    "code": "123456",
    "start": "08:00",
    "end": "18:00",
    "at": "08:00",
    "timezone": "Asia/Shanghai",
    "template": "first_release",
    "subject": "资金发放",
    "signature_header": "X-Signature",
    "timestamp_header": "X-Timestamp",
    "etag": '"3"',
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "next_cursor": "WyIwMTk3MDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiXQ",
    "filename": "posts.csv",
    "language": "zh",
    "number": "普移舆〔2026〕1号",
    "outlet": "某网",
    "holder": "office",
    "to": "office",
}
_FORMATS: Final[dict[str, Any]] = {
    "date-time": _AT,
    "date": "2026-03-02",
    "time": "08:00:00",
    "duration": "PT1H",
    "uuid": _ID,
    "uri": "https://news.example/2026/03/02/1.html",
    "email": "duty@bureau.example",
    "binary": "…",
    "json": "{}",
}
_DEEPEST: Final = 8
#: What is written as text, by media type.
_TEXTS: Final[dict[str, str]] = {
    "text/plain": "关于更正有关内容的函\n某网：……\n",
    "text/csv": "url,title,text,published_at\nhttps://news.example/1.html,标题,正文,2026-03-02T08:00:00+08:00\n",
    "text/html": '<!doctype html><html lang="zh-CN"><title>回应</title><p>已签收。</p></html>',
    "text/javascript": "class HuiyingStatements extends HTMLElement {}\n",
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
    "text/event-stream": 'id: 1772409600000-0\nevent: alert.raised\ndata: {"level": "II"}\n\n',
    "application/yaml": "meta:\n  id: bureau\n  version: 2026.1\n",
    "application/jsonl": '{"sequence": 1, "kind": "case.opened"}\n',
    "application/x-ndjson": '{"text": "某安置点群众反映补偿款迟迟没有到账。", "channel": "weibo"}\n',
    "application/rss+xml": '<?xml version="1.0"?><rss version="2.0"><channel><title>回应</title></channel></rss>',
    "application/atom+xml": '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>回应</title></feed>',
    "message/rfc822": "From: digest@vendor.example\r\nSubject: 日报\r\n\r\n……\r\n",
}
_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


def bare_schema(media_type: str) -> dict[str, Any]:
    """Return the schema of a body of which a route says the media type only."""
    if media_type.partition(";")[0] in _TEXTS:
        return {"type": "string"}
    return {"type": "object"} if "json" in media_type else {"type": "string", "format": "binary"}


def of_media(media_type: str, schema: Mapping[str, Any], schemas: Schemas, *, sent: bool) -> Any:
    """Return an example of a body in a media type; None for what is no text."""
    kind = media_type.partition(";")[0]
    if kind in _TEXTS:
        return _TEXTS[kind]
    return example(schema, schemas, sent=sent) if "json" in kind or kind in _FORMS else None


def example(schema: Mapping[str, Any], schemas: Schemas, *, sent: bool) -> Any:
    """Return an example of `schema`; with `sent` of what callers send, which has only what one must give."""
    return _Maker(schemas, sent).of(schema, "", ())


class _Maker:
    def __init__(self, schemas: Schemas, sent: bool) -> None:
        self._schemas, self._sent = schemas, sent

    def of(self, schema: Mapping[str, Any], name: str, above: tuple[str, ...]) -> Any:
        given = schema.get("examples")
        # a schema inherits the examples of what it extends, without the fields that it adds
        if given and not (isinstance(given[0], dict) and set(schema.get("required", ())) - set(given[0])):
            return given[0]
        for key in ("example", "const"):
            if key in schema:
                return schema[key]
        if "$ref" in schema:
            target = schema["$ref"].rsplit("/", 1)[1]
            return self.of(self._schemas[target], name, (*above, target))
        if schema.get("enum"):
            return schema["enum"][0]
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                return self._one_of(schema[key], name, above)
        if schema.get("allOf"):
            return self.of(schema["allOf"][0], name, above)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        match kind:
            case "object":
                return self._object(schema, above)
            case "array":
                return self._array(schema, name, above)
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return _number(schema, name, kind == "integer")
            case "boolean":
                return schema.get("default", True)
            case "null":
                return None
        return {} if kind is None else None

    def _one_of(self, choices: list[Any], name: str, above: tuple[str, ...]) -> Any:
        for choice in choices:
            if choice.get("type") != "null" and not self._again(choice, above):
                return self.of(choice, name, above)
        return None

    def _again(self, schema: Mapping[str, Any], above: tuple[str, ...]) -> bool:
        return schema.get("$ref", "").rsplit("/", 1)[-1] in above or len(above) > _DEEPEST

    def _array(self, schema: Mapping[str, Any], name: str, above: tuple[str, ...]) -> list[Any]:
        items = schema.get("prefixItems") or [schema.get("items", {})] * max(1, schema.get("minItems", 1))
        if schema.get("maxItems") == 0 or any(self._again(item, above) for item in items):
            return []
        made = [self.of(item, _singular(name), above) for item in items]
        return made[:1] if schema.get("uniqueItems") else made

    def _object(self, schema: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
        own = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        names = [name for name in own if not self._sent or name in needed]
        if self._sent and not needed:
            names = list(own)[: max(1, schema.get("minProperties", 1))]
        made = {}
        for name in names:
            if name not in needed and self._again(own[name], above):
                continue
            made[name] = self.of(own[name], name, above)
        further = schema.get("additionalProperties")
        if not own and isinstance(further, Mapping):
            key = (
                self.of({"type": "string", **schema["propertyNames"]}, "", above) if "propertyNames" in schema else "a"
            )
            made[str(key)] = self.of(further, "", above)
        return made


def _singular(name: str) -> str:
    return name.removesuffix("s")


def _text(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") in _FORMATS:
        return str(_FORMATS[schema["format"]])
    if isinstance(schema.get("default"), str) and schema["default"]:
        return str(schema["default"])
    ends = [word for word in _WORDS if name == word or name.endswith("_" + word)]
    text = _WORDS[max(ends, key=len)] if ends else (name or "文本")
    least, most = schema.get("minLength", 0), schema.get("maxLength", len(text))
    whole: str = text * (least // max(1, len(text)) + 1)
    return whole[: max(least, min(most, len(text)))]


def _number(schema: Mapping[str, Any], name: str, whole: bool) -> float:
    if name == "expires_in":
        return 900
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most = schema.get("maximum", schema.get("exclusiveMaximum", 100))
    value = min(max(3, least), most) if whole else min(max(0.5, least), most)
    if value == schema.get("exclusiveMinimum"):
        value += 1
    return int(value) if whole else float(value)
