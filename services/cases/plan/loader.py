"""Reads a plan from YAML; whatever is wrong is told with its line, one line each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from kit.documents import MAX_BYTES, Document, DocumentError, Finding, parse_document, read_document, read_text
from services.cases.plan.schema import Plan

__all__ = ["MAX_BYTES", "Document", "Finding", "PlanError", "load_plan", "parse_plan", "read_document"]

#: A plan that cannot be used; `findings` says why, with lines.
PlanError = DocumentError


def load_plan(path: Path | str) -> Plan:
    """Read a plan from a file; raises :class:`PlanError` with every finding, OSError where it cannot be read."""
    return parse_plan(read_text(path), str(path))[0]


@lru_cache(maxsize=16)
def parse_plan(text: str, name: str = "plan.yaml") -> tuple[Plan, Document]:
    """Read a plan from text; returns it with the document it came from. Raises :class:`PlanError`.

    A plan of another schema is told to be one, and nothing else of it.
    """
    try:
        return parse_document(text, name, Plan)
    except PlanError as error:
        other = [finding for finding in error.findings if finding.path == "schema"]
        raise PlanError(other or error.findings) from None
