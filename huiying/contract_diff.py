"""``huiying contract-diff``: what in an API document breaks the callers of an earlier one.

No library that is kept and can be installed from PyPI does this for OpenAPI 3.1 (oasdiff is a Go program), so the rules
stand here; they follow oasdiff's own list of breaking changes. What callers send may only be taken more widely, what
they get may only be said more narrowly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
#: bounds of what callers send: (keyword, whether a greater value is narrower)
_BOUNDS: Final = (
    ("minLength", True),
    ("maxLength", False),
    ("minimum", True),
    ("maximum", False),
    ("exclusiveMinimum", True),
    ("exclusiveMaximum", False),
    ("minItems", True),
    ("maxItems", False),
    ("minProperties", True),
    ("maxProperties", False),
)
Direction = Literal["request", "response"]


@dataclass(frozen=True, slots=True)
class Change:
    """One breaking change: the operation's id in the earlier document, the rule's name, where it is, and what it is."""

    operation: str
    rule: str
    where: str
    said: str

    def __str__(self) -> str:
        """Return the change in one line."""
        return f"{self.operation}: {self.rule}: {self.where}: {self.said}"


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return every change from `old` to `new` (OpenAPI 3.1 documents) that breaks a caller, in the order of paths."""
    found: list[Change] = []
    for path, method, operation in _operations(old):
        name = str(operation["operationId"])
        place = f"{method.upper()} {path}"
        now = new["paths"].get(path, {}).get(method)
        if now is None:
            rule = "path-removed" if path not in new["paths"] else "operation-removed"
            found.append(Change(name, rule, place, "is no more"))
            continue
        if now["operationId"] != name:
            found.append(Change(name, "operation-id-changed", place, f"is now {now['operationId']}"))
        for rule, where, said in _Comparison(old, new).operation(operation, now):
            change = Change(name, rule, f"{place} {where}", said)
            if change not in found:
                found.append(change)
    return found


def unlisted(changes: list[Change], changelog: str) -> list[Change]:
    """Return the changes whose operation the changelog's newest section does not name under ``### Breaking``."""
    newest = changelog.partition("\n## ")[2].partition("\n## ")[0]
    listed = newest.partition("### Breaking")[2].partition("\n### ")[0]
    return [change for change in changes if f"`{change.operation}`" not in listed]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def contract(document: Mapping[str, Any]) -> Any:
    """Return `document` without what breaks nobody: texts and examples. This is what the baseline keeps."""

    def bare(node: Any, names: bool) -> Any:
        if isinstance(node, list):
            return [bare(one, False) for one in node]
        if not isinstance(node, dict):
            return node
        # below `properties` and the like, keys are names of the API's own
        return {
            key: bare(value, key in _NAMED and not names) for key, value in node.items() if names or key not in _WORDS
        }

    return bare(document, False)


#: What holds names of the API's own as keys.
_NAMED: Final = frozenset({"properties", "schemas", "paths", "responses", "parameters", "headers", "x-huiying-roles"})
_WORDS: Final = frozenset({"title", "description", "summary", "example", "examples", "tags", "license"})
Found = Iterator[tuple[str, str, str]]


class _Comparison:
    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, str]] = set()

    def operation(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Found:
        """Yield (rule, where, what) of one operation."""
        yield from self._security(old, new)
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])

    def _security(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Found:
        before, after = (
            {name for way in one.get("security", whole.get("security", [])) for name in way}
            for one, whole in ((old, self._old), (new, self._new))
        )
        if not before and after:
            yield "security-added", "security", "needs a login now"
        elif after and before - after:
            yield "security-removed", "security", f"{_names(before - after)} no longer taken"
        lost = set(old.get("x-huiying-roles", ())) - set(new.get("x-huiying-roles", old.get("x-huiying-roles", ())))
        if lost:
            yield "role-removed", "x-huiying-roles", f"{_names(lost)} may no longer"

    def _parameters(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Found:
        before, after = (
            {(p["in"], p["name"].lower() if p["in"] == "header" else p["name"]): p for p in self._all(one, whole)}
            for one, whole in ((old, self._old), (new, self._new))
        )
        for key, parameter in after.items():
            was = before.get(key)
            if parameter.get("required") and key[0] != "path" and not (was and was.get("required")):
                yield "parameter-required", f"{key[0]} {key[1]}", "must be given now"
            if was is not None:
                yield from self.schema(was["schema"], parameter["schema"], f"{key[0]} {key[1]}", "request")
        for kind, name in before.keys() - after.keys():
            yield "parameter-removed", f"{kind} {name}", "is no more"

    def _all(self, operation: Mapping[str, Any], document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return [_resolved(parameter, document) for parameter in operation.get("parameters", ())]

    def _body(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Found:
        if new is None:
            if old is not None:
                yield "body-removed", "body", "is no longer taken"
            return
        if new.get("required") and not (old and old.get("required")):
            yield "body-required", "body", "must be given now"
        for kind, media in (old or {}).get("content", {}).items():
            if kind not in new["content"]:
                yield "media-type-removed", f"body {kind}", "is no longer taken"
            else:
                yield from self.schema(
                    media.get("schema", {}), new["content"][kind].get("schema", {}), "body", "request"
                )

    def _answers(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Found:
        for status, answer in old.items():
            if not status.startswith("2"):
                continue
            if status not in new:
                yield "success-status-removed", status, "is no longer answered"
                continue
            before, after = _resolved(answer, self._old), _resolved(new[status], self._new)
            for header in before.get("headers", {}).keys() - after.get("headers", {}).keys():
                yield "header-removed", f"{status} {header}", "is no longer sent"
            for kind, media in before.get("content", {}).items():
                now = after.get("content", {}).get(kind)
                if now is None:
                    yield "media-type-removed", f"{status} {kind}", "is no longer answered"
                else:
                    yield from self.schema(media.get("schema", {}), now.get("schema", {}), status, "response")

    def schema(self, old: Any, new: Any, where: str, way: Direction) -> Found:
        """Yield what narrows a schema that callers send, or widens one that they get."""
        key = (str(old.get("$ref", id(old))), str(new.get("$ref", id(new))), way)
        if key in self._seen:
            return
        self._seen.add(key)
        before, after = _resolved(old, self._old), _resolved(new, self._new)
        first, then = self._choices(before, self._old), self._choices(after, self._new)
        yield from self._types(first, then, where, way)
        yield from self._enums(before, after, where, way)
        if way == "request":
            yield from self._limits(first, then, where)
        for kind in ("object", "array"):
            one, other = _of(first, kind), _of(then, kind)
            # of several objects to choose from, each is held against the one of its name
            for name, was in one.items():
                now = other.get(name) or (next(iter(other.values())) if len(other) == len(one) == 1 else None)
                if now is None:
                    continue
                if kind == "object":
                    yield from self._fields(was, now, where, way)
                else:
                    yield from self.schema(was.get("items", {}), now.get("items", {}), f"{where}[]", way)

    def _choices(self, schema: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """Return what a value may be, by name (a component's, else its type)."""
        made: dict[str, Mapping[str, Any]] = {}
        for choice in schema.get("anyOf") or schema.get("oneOf") or [schema]:
            resolved = _resolved(choice, whole)
            name = str(choice.get("$ref", resolved.get("type", ""))).rsplit("/", 1)[-1]
            made[name] = resolved
        return made

    def _types(
        self, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], where: str, way: Direction
    ) -> Found:
        before, after = _kinds(old), _kinds(new)
        if not before and not after:
            return
        narrow, wide = (before, after) if way == "request" else (after, before)
        if wide and ((narrow - wide) or not narrow):
            lost = f"{_names(before) or 'anything'} became {_names(after) or 'anything'}"
            yield ("type-narrowed" if way == "request" else "type-widened"), where, lost

    def _enums(self, before: Mapping[str, Any], after: Mapping[str, Any], where: str, way: Direction) -> Found:
        was, now = before.get("enum"), after.get("enum")
        if way == "request" and now is not None:
            if was is None and "const" not in before:
                yield "enum-added", where, f"only {_names(set(map(str, now)))} now"
            elif was is not None and (lost := set(map(str, was)) - set(map(str, now))):
                yield "enum-value-removed", where, f"{_names(lost)} no longer taken"
        if way == "response" and was is not None and now is None:
            yield "enum-opened", where, "any value now"

    def _limits(self, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], where: str) -> Found:
        for name, now in new.items():
            was = old.get(name)
            if was is None:
                continue
            for keyword, greater in _BOUNDS:
                if keyword not in now:
                    continue
                value, past = now[keyword], was.get(keyword)
                if past is None or (value > past if greater else value < past):
                    yield "limit-narrowed", where, f"{keyword} {past} became {value}"
            if now.get("pattern") and now.get("pattern") != was.get("pattern"):
                yield "pattern-changed", where, f"must match {now['pattern']} now"

    def _fields(self, old: Mapping[str, Any], new: Mapping[str, Any], where: str, way: Direction) -> Found:
        before, after = old.get("properties", {}), new.get("properties", {})
        if way == "request":
            for name in set(new.get("required", ())) - set(old.get("required", ())):
                yield "field-required", f"{where}.{name}", "must be given now"
            if new.get("additionalProperties") is False:
                for name in before.keys() - after.keys():
                    yield "request-field-removed", f"{where}.{name}", "is no longer taken"
        else:
            for name in before.keys() - after.keys():
                yield "response-field-removed", f"{where}.{name}", "is no longer answered"
            for name in (set(old.get("required", ())) & after.keys()) - set(new.get("required", ())):
                yield "response-field-optional", f"{where}.{name}", "may be missing now"
        for name in before.keys() & after.keys():
            yield from self.schema(before[name], after[name], f"{where}.{name}", way)
        was, now = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            yield from self.schema(was, now, f"{where}.*", way)


def _resolved(node: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        *_, kind, name = node["$ref"].split("/")
        node = document["components"][kind][name]
    return node


def _of(choices: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    return {name: one for name, one in choices.items() if one.get("type") == kind}


def _kinds(choices: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the JSON types of choices; none: anything."""
    kinds: set[str] = set()
    for one in choices.values():
        own = one.get("type") or (type_of(one["enum"]) if one.get("enum") else None)
        if own is None:
            return set()
        kinds |= set(own) if isinstance(own, list) else {own}
    if "number" in kinds:
        kinds.add("integer")
    return kinds


def type_of(values: list[Any]) -> str:
    """Return the JSON type of an enumeration's values."""
    return "string" if all(isinstance(value, str) for value in values) else "integer"


def _names(names: Set[str]) -> str:
    return ", ".join(sorted(names))
