"""Drafts from templates: confirmed facts filled in, and a mark where one is missing. No text is generated otherwise.

Templates are Jinja in a sandbox. A fact is named by its subject ({{ 死亡人数 }}); one that is not confirmed shows as
〔待核实：死亡人数〕, which the consistency check holds up. `{% if 死亡人数 %}` asks whether it is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError, Undefined, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: A draft may be as long as a statement.
MAX_LENGTH: Final = 50_000


class _Missing(Undefined):
    """Shows what is not confirmed; anything asked of it is as missing as itself."""

    def __str__(self) -> str:
        return placeholder(str(self._undefined_name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def placeholder(subject: str) -> str:
    """Return the mark of a fact that is yet to be confirmed."""
    return f"〔待核实：{subject}〕"


class DraftError(ValueError):
    """A template that cannot be read or filled in; the message names the line where there is one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A filled-in template, and the facts that it has not got.

    `missing` are those whose mark stands in it; `optional` those that it would say too, and reads well without.
    """

    title: str
    text: str
    missing: tuple[str, ...]
    optional: tuple[str, ...] = ()


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=_Missing, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    # nothing that loops without end or reaches outside
    made.globals.clear()
    return made


_ENVIRONMENT: Final = _environment()


def subjects_of(source: str) -> frozenset[str]:
    """Return the names that a template asks for. Raises :class:`DraftError` where it cannot be read."""
    try:
        return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)))
    except TemplateError as error:
        raise DraftError(f"模板第 {getattr(error, 'lineno', 1)} 行有误：{error.message}") from None


def draft(title: str, text: str, values: Mapping[str, str]) -> Draft:
    """Fill a template's title and text with `values`. Raises :class:`DraftError` where that fails."""
    unknown = sorted((subjects_of(title) | subjects_of(text)) - set(values))
    try:
        filled = [_ENVIRONMENT.from_string(one).render(values).strip() for one in (title, text)]
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise DraftError(f"模板无法填写：{error}") from None
    if len(filled[1]) > MAX_LENGTH:
        raise DraftError("模板填写后过长")
    marked = [one for one in unknown if any(placeholder(one) in text for text in filled)]
    return Draft(filled[0], filled[1], tuple(marked), tuple(one for one in unknown if one not in marked))
