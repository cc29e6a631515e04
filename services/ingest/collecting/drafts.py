"""From what an adapter found to what is stored: items for intake, evidence, places on hot lists. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.words import Channel, Tier
from kit.ids import new_id
from services.ingest.adapters.protocol import Draft, Ranking, SourceSpec
from services.ingest.collecting.around import Around
from services.ingest.collecting.problems import safe, safe_url
from services.ingest.evidence import Record
from services.ingest.identity import NotAUrl, canonical_url, identity
from services.ingest.registry import Outlet
from services.ingest.schemas import MAX_TEXT
from services.ingest.service import Taken


def spec(row: Any) -> SourceSpec:
    """Return a source as its adapter sees it."""
    return SourceSpec(row.id, row.name, row.url, Channel(row.channel), Tier(row.tier))


def outlet_of(row: Any) -> Outlet:
    """Return a source as its posts need it."""
    return Outlet(row.name, Tier(row.tier), Channel(row.channel), row.id)


def item(draft: Draft, row: Any) -> dict[str, Any]:
    """Return a draft as intake reads posts."""
    return {
        "url": draft.url,
        "title": draft.title[:1000],
        "text": draft.text[:MAX_TEXT],
        "published_at": draft.published_at,
        "channel": draft.channel or row.channel,
        "source": row.id,
        "outlet": draft.outlet[:100] if draft.outlet else None,
        "author": draft.author[:200] if draft.author else None,
        "repost_of": draft.repost_of,
        "metrics": dict(draft.counters),
    }


def evidence_rows(
    taken: Taken, drafts: Sequence[Draft], records: Mapping[str, Record], around: Around
) -> list[dict[str, Any]]:
    """Return where the pages that show new posts are kept."""
    rows: list[dict[str, Any]] = []
    for index, (post_id, new) in taken.posts.items():
        digest = drafts[index].evidence
        if new and digest is not None and digest in records:
            shown, record = around.shown[digest], records[digest]
            rows.append(
                {
                    "post_id": post_id,
                    "sha256": digest,
                    "url": safe_url(shown.url),
                    "fetched_at": shown.fetched_at,
                    "file": record.file,
                    "offset": record.offset,
                    "length": record.length,
                    "written_at": record.written_at,
                    "seal": record.seal,
                }
            )
    return rows


def ranking_row(source_id: str, ranking: Ranking) -> dict[str, Any]:
    """Return an entry's place on a hot list as it is stored."""
    try:
        canonical = canonical_url(ranking.url) if ranking.url else None
    except NotAUrl:
        canonical = None
    return {
        "id": new_id(),
        "source_id": source_id,
        "post_identity": identity(canonical, ranking.title),
        "title": safe(ranking.title, 300),
        "url": safe_url(ranking.url) if ranking.url else None,
        "rank": ranking.rank,
        "heat": ranking.heat,
        "at": ranking.at,
    }
