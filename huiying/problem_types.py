"""``huiying problems``: every `type` of problem document that the code can answer with, read out of the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

Language = Literal["zh", "en"]

BEGIN: Final = "<!-- begin: huiying problems -->"
END: Final = "<!-- end: huiying problems -->"

_ROOTS: Final = ("gateway", "kit", "services")
#: calls that make a problem document, with what stands before the type that they name
_MAKERS: Final = {"Problem": "", "problem": "", "respond": "", "Refused": "case.", "Lack": "case.", "Duty": "case."}
_GATEWAY: Final = {502: "bad-gateway", 503: "service-away", 504: "gateway-timeout"}


@dataclass(slots=True)
class Type:
    """A problem type: the last part of `type`, its statuses, and what it says in both languages the first time."""

    slug: str
    statuses: set[int] = field(default_factory=set)
    zh: str = ""
    en: str = ""


def problem_types() -> list[Type]:
    """Return every type that is written in the code, in alphabetical order."""
    found: dict[str, Type] = {}
    for path in _sources():
        for name, call in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            words = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            slug = next((word for word in words if isinstance(word, str)), None)
            if slug is None or not slug or " " in slug or not slug.isascii():
                continue
            if "hooks" in path.parts and name == "Refused":
                slug = f"hook.{slug}"
            elif not slug.startswith(_MAKERS[name]):
                slug = _MAKERS[name] + slug
            type_ = found.setdefault(slug, Type(slug))
            type_.statuses |= {word for word in words if isinstance(word, int) and 400 <= word < 600}
            if name in ("Refused", "Lack", "Duty") and not type_.statuses:
                type_.statuses = {401} if slug.startswith("hook.") else {409}
            after = call.args[words.index(next(word for word in words if isinstance(word, str))) + 1 :]
            zh = given.get("zh", after[0] if after else None)
            en = given.get("en", after[1] if len(after) > 1 else None)
            type_.zh = type_.zh or _text(zh)
            type_.en = type_.en or _text(en)
    for status, slug in _GATEWAY.items():
        found.setdefault(slug, Type(slug)).statuses.add(status)
    return sorted(found.values(), key=lambda one: one.slug)


def problems_table(language: Language) -> str:
    """Return the table in Markdown: type, status, and what its detail says (… stands for what differs)."""
    heading = {
        "zh": ("| `type` 末段 | 状态码 | 说明（… 处因情形而异） |"),
        "en": "| last part of `type` | status | what it says |",
    }
    lines = [heading[language], "| --- | --- | --- |"]
    for one in problem_types():
        said = (one.zh if language == "zh" else one.en).replace("|", "\\|").replace("<", "&lt;")
        lines.append(f"| `{one.slug}` | {' '.join(map(str, sorted(one.statuses)))} | {said} |")
    return "\n".join(lines)


def with_table(text: str, language: Language) -> str:
    """Return a page with the present table between its marks; ValueError where it has no such marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{problems_table(language)}\n{END}{after}"


def _sources() -> Iterator[Path]:
    top = Path(__file__).resolve().parents[1]
    for root in _ROOTS:
        yield from sorted((top / root).rglob("*.py"))


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if name in _MAKERS:
                yield name, node


def _text(node: ast.expr | None) -> str:
    """Return a literal text; what is filled in is shown as …."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)  # type: ignore[misc]
    return ""
