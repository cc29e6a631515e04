"""Evidence: the page as it was fetched, kept so that a case can prove what stood where and when."""

from __future__ import annotations

from services.ingest.evidence.archive import Archive
from services.ingest.evidence.record import EvidenceAltered, EvidenceMissing, EvidenceProblem, Kept, Record
from services.ingest.evidence.retention import Purged

__all__ = ["Archive", "EvidenceAltered", "EvidenceMissing", "EvidenceProblem", "Kept", "Purged", "Record"]
