"""What a correction request must have, and what it may never be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from services.cases.corrections import claims
from services.cases.plan.letters import asks_for_takedown


class EvidenceKind(StrEnum):
    """What shows that a claim is false."""

    DOCUMENT = "document"
    LINK = "link"
    RECORD = "record"


#: Kinds as a letter names them.
EVIDENCE_NAMES: Final = {
    EvidenceKind.DOCUMENT: "文件",
    EvidenceKind.LINK: "网址",
    EvidenceKind.RECORD: "记录",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: what it is and where it is found (`url`, or `reference`: a number, a file)."""

    kind: EvidenceKind
    description: str
    url: str = ""
    reference: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "kind": str(self.kind),
            "description": self.description,
            "url": self.url,
            "reference": self.reference,
        }


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as it is written: what is asked to be corrected, why, and what is right."""

    outlet: str
    url: str
    claim: str
    evidence: Sequence[Evidence]
    fact: str
    fact_source: str
    title: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is refused: `rule` names it, `field` is where, `forbidden` whether it may never be asked at all."""

    rule: str
    field: str
    zh: str
    en: str
    forbidden: bool = False


def faults(asked: Asking) -> list[Fault]:
    """Return every reason why a request is refused, what may never be asked first; none where it may stand."""
    found = [*_takedown(asked), *_claim(asked.claim), *_parts(asked)]
    return sorted(found, key=lambda fault: not fault.forbidden)


def _takedown(asked: Asking) -> list[Fault]:
    texts = {
        "claim": (asked.claim,),
        "evidence": tuple(text for one in asked.evidence for text in (one.description, one.reference)),
        "fact": (asked.fact, asked.fact_source),
        "note": (asked.note,),
    }
    said = {field: word for field, each in texts.items() if (word := asks_for_takedown(each))}
    return [
        Fault(
            "takedown",
            field,
            f"更正请求只请媒体发布更正说明，不得含“{word}”：本系统不要求删帖、下架或限制传播",
            f"A correction request asks for a correction only; “{word}” asks for a takedown, which is never asked for",
            forbidden=True,
        )
        for field, word in said.items()
    ]


def _claim(claim: str) -> list[Fault]:
    if not claim.strip():
        return [
            Fault(
                "claim_missing",
                "claim",
                "须引述所指的具体说法（原文照录）",
                "Quote the claim that is meant, as it stands in the text",
            )
        ]
    reading = claims.read(claim)
    if reading.kind is claims.Kind.OPINION:
        said = reading.opinions[0]
        return [
            Fault(
                "opinion",
                "claim",
                f"“{said}”是意见、批评、投诉、提问或诉求，不能要求更正，应作为诉求予以答复；"
                "可以请求更正的只有可核查的事实说法（须写明数字、日期或具体行为）",
                f"“{said}” is opinion, criticism, a complaint, a question or a demand: it cannot be the object of a "
                "correction request, and is answered as a concern; only a claim that can be checked can (name its "
                "figure, date or act)",
                forbidden=True,
            )
        ]
    if reading.kind is claims.Kind.MIXED:
        part = reading.factual
        zh = f"请只引述其中可核查的部分：“{part}”" if part else "请只引述其中可核查的数字、日期或行为"
        en = f"quote only the part that can be checked: “{part}”" if part else "quote only what can be checked in it"
        return [
            Fault(
                "claim_mixed",
                "claim",
                f"“{reading.opinions[0]}”是意见或诉求，不能要求更正；{zh}",
                f"“{reading.opinions[0]}” is opinion or a demand, which cannot be corrected; {en}",
                forbidden=True,
            )
        ]
    if reading.kind is claims.Kind.VAGUE:
        return [
            Fault(
                "claim_not_checkable",
                "claim",
                "所引说法无法核查：须含数字、日期、地点或人名单位，并说明发生了什么、谁做了什么；请引述这样的原句",
                "The claim cannot be checked: it must name a figure, a date, a place or a body, and say what happened "
                "or who did what; quote the sentence that does",
            )
        ]
    return []


def _parts(asked: Asking) -> list[Fault]:
    found: list[Fault] = []
    if not asked.outlet.strip():
        found.append(Fault("outlet_missing", "outlet", "须写明媒体或平台名称", "Name the outlet"))
    address = urlsplit(asked.url) if _is_address(asked.url) else None
    if address is None:
        zh, en = "须写明所指文章的网址（http 或 https）", "Give the address of the text (http or https)"
        found.append(Fault("url_missing", "url", zh, en))
    if not asked.evidence:
        zh = "至少须附一项证明该说法不实的证据（文件、网址或记录）"
        en = "Give at least one piece of evidence that the claim is false: a document, a link or a record"
        found.append(Fault("evidence_missing", "evidence", zh, en))
    for i, one in enumerate(asked.evidence):
        if not one.description.strip():
            zh, en = "须说明该证据证明了什么", "Say what the evidence shows"
            found.append(Fault("evidence_missing", f"evidence/{i}", zh, en))
        elif one.kind is EvidenceKind.LINK and not _is_address(one.url):
            zh, en = "网址类证据须附有效网址", "Evidence that is a link needs its address"
            found.append(Fault("evidence_missing", f"evidence/{i}", zh, en))
        elif one.kind is not EvidenceKind.LINK and not (one.reference.strip() or _is_address(one.url)):
            zh, en = (
                "须写明文号、档案号或存放处",
                "Say where the document or record is found: its number, file or address",
            )
            found.append(Fault("evidence_missing", f"evidence/{i}", zh, en))
    if not asked.fact.strip():
        found.append(Fault("fact_missing", "fact", "须写明官方认定的事实", "State the official fact"))
    if not asked.fact_source.strip():
        found.append(
            Fault("source_missing", "fact_source", "须写明官方事实的出处", "Name the source of the official fact")
        )
    return found


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
