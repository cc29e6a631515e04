"""The letter to an outlet (更正函): written from the plan's template, and sent by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.cases.corrections.asking import EVIDENCE_NAMES, EvidenceKind
from services.cases.plan.letters import FIELD


def write(template: str, fields: Mapping[str, str]) -> str:
    """Fill a template; every field that it names must be given. Braces inside what is filled in stay as they are."""
    return FIELD.sub(lambda match: fields[match[1]], template)


def list_evidence(evidence: Sequence[Mapping[str, Any]]) -> str:
    """Return pieces of evidence as the letter lists them."""
    lines = []
    for i, one in enumerate(evidence, 1):
        where = "，".join(text for text in (one.get("reference", ""), one.get("url", "")) if text)
        kind = EVIDENCE_NAMES[EvidenceKind(one["kind"])]
        lines.append(f"　　{i}. {one['description'].rstrip('。；')}（{kind}{'：' + where if where else ''}）")
    return "\n".join(lines)
